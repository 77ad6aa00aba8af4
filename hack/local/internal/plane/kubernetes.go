package plane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/pki"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

//go:embed manifests/crossplane.yaml
var crossplaneManifest []byte

const (
	caName        = "ca"
	serverName    = "server"
	saName        = "service-accounts"
	adminName     = "admin"
	controllerCN  = "system:kube-controller-manager"
	mastersGroup  = "system:masters"
	serviceSubnet = "10.96.0.0/16"
	firstService  = "10.96.0.1"

	// Tokens are renewed long before they expire.
	tokenAge = 90 * 24 * time.Hour
)

// preparePKI creates all certificates and kubeconfigs that don't need a running
// API server.
func (d *plan) preparePKI() error {
	dir := d.state.PKI()

	ca, err := pki.EnsureCA(dir, caName)
	if err != nil {
		return fmt.Errorf("cannot set up the certificate authority: %w", err)
	}

	server := pki.Request{CommonName: "kube-apiserver", Names: []string{
		"127.0.0.1", firstService, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
	}}
	if _, err := ca.EnsurePair(dir, serverName, server); err != nil {
		return fmt.Errorf("cannot issue the API server's certificate: %w", err)
	}

	// Service account tokens are signed with a key of their own. It's issued
	// like a certificate because the API server reads the public half from one.
	if _, err := ca.EnsurePair(dir, saName, pki.Request{CommonName: saName}); err != nil {
		return fmt.Errorf("cannot create the service account signing key: %w", err)
	}

	url := "https://" + home.Addr(d.cfg.Ports().APIServer())

	clients := []struct {
		name, path string
		req        pki.Request
	}{
		{adminName, d.state.Kubeconfig(), pki.Request{CommonName: "catalyst-admin", Organizations: []string{mastersGroup}}},
		{ControllerManager, d.state.KubeconfigFor(ControllerManager), pki.Request{CommonName: controllerCN}},
	}
	for _, c := range clients {
		p, err := ca.EnsurePair(dir, c.name, c.req)
		if err != nil {
			return fmt.Errorf("cannot issue the certificate of %q: %w", c.name, err)
		}

		k := kube.Kubeconfig{Server: url, CA: ca.CertPEM, User: c.req.CommonName, Cert: p.CertPEM, Key: p.KeyPEM, Context: "catalyst-" + d.state.Name}
		if err := k.Write(c.path); err != nil {
			return err
		}
	}

	return nil
}

func (d *plan) etcd() proc.Spec {
	p := d.cfg.Ports()
	client, peer := "https://"+home.Addr(p.Etcd()), "http://"+home.Addr(p.EtcdPeer())

	return proc.Spec{
		Name: Etcd, Path: d.cfg.Programs["etcd"], Port: p.Etcd(),
		Args: []string{
			"--name=catalyst",
			"--data-dir=" + d.state.Path("etcd"),
			"--listen-client-urls=" + client,
			"--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer,
			"--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=catalyst=" + peer,
			// Everything Crossplane stores is in etcd, Secrets included; other
			// users of this machine must not read it.
			"--cert-file=" + d.pki(serverName+".crt"),
			"--key-file=" + d.pki(serverName+".key"),
			"--trusted-ca-file=" + d.pki(caName+".crt"),
			"--client-cert-auth",
			// What a crash of this machine loses can be created again.
			"--unsafe-no-fsync",
			"--snapshot-count=5000",
			"--log-level=warn",
			"--logger=zap",
		},
		Env: []string{"GOGC=75"},
		Hooks: proc.Hooks{
			Before: func(context.Context) error {
				return os.MkdirAll(d.state.Path("etcd"), home.DirMode)
			},
			Probe: d.probeTLS(client + "/health"),
		},
	}
}

func (d *plan) pki(file string) string { return filepath.Join(d.state.PKI(), file) }

func (d *plan) apiServer() proc.Spec {
	p := d.cfg.Ports()
	url := "https://" + home.Addr(p.APIServer())

	return proc.Spec{
		Name: APIServer, Path: d.cfg.Programs["kube-apiserver"], Port: p.APIServer(),
		Needs: []string{Etcd},
		Args: []string{
			"--etcd-servers=https://" + home.Addr(p.Etcd()),
			"--etcd-cafile=" + d.pki(caName+".crt"),
			"--etcd-certfile=" + d.pki(adminName+".crt"),
			"--etcd-keyfile=" + d.pki(adminName+".key"),
			"--bind-address=127.0.0.1",
			"--advertise-address=127.0.0.1",
			fmt.Sprintf("--secure-port=%d", p.APIServer()),
			"--tls-cert-file=" + d.pki(serverName+".crt"),
			"--tls-private-key-file=" + d.pki(serverName+".key"),
			"--client-ca-file=" + d.pki(caName+".crt"),
			"--authorization-mode=RBAC",
			"--anonymous-auth=false",
			"--service-cluster-ip-range=" + serviceSubnet,
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + d.pki(saName+".crt"),
			"--service-account-signing-key-file=" + d.pki(saName+".key"),
			// The kubernetes Service has no endpoints to reconcile here.
			"--endpoint-reconciler-type=none",
			"--enable-priority-and-fairness=false",
			"--max-requests-inflight=400",
			"--max-mutating-requests-inflight=200",
			"--event-ttl=1h",
			"--profiling=false",
			"--v=1",
		},
		// A third of the garbage collector's work for a third less memory: the
		// API server is the largest process by far, and the busiest.
		Env: []string{"GOGC=75"},
		Hooks: proc.Hooks{
			Probe: d.probeTLS(url + "/readyz"),
			After: d.bootstrap,
		},
	}
}

func (d *plan) controllerManager() proc.Spec {
	p := d.cfg.Ports()

	return proc.Spec{
		Name: ControllerManager, Path: d.cfg.Programs["kube-controller-manager"], Port: p.ControllerManager(),
		Needs: []string{APIServer},
		Args: []string{
			"--kubeconfig=" + d.state.KubeconfigFor(ControllerManager),
			"--authentication-kubeconfig=" + d.state.KubeconfigFor(ControllerManager),
			"--authorization-kubeconfig=" + d.state.KubeconfigFor(ControllerManager),
			// The controllers Crossplane relies on. There are no nodes and no
			// pods here, so there's nothing to do for the others.
			"--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller," +
				"serviceaccount-token-controller,root-ca-certificate-publisher-controller,clusterrole-aggregation-controller",
			"--use-service-account-credentials",
			"--service-account-private-key-file=" + d.pki(saName+".key"),
			"--root-ca-file=" + d.pki(caName+".crt"),
			"--bind-address=127.0.0.1",
			fmt.Sprintf("--secure-port=%d", p.ControllerManager()),
			"--tls-cert-file=" + d.pki(serverName+".crt"),
			"--tls-private-key-file=" + d.pki(serverName+".key"),
			"--leader-elect=false",
			"--concurrent-gc-syncs=10",
			"--kube-api-qps=100",
			"--kube-api-burst=200",
			"--profiling=false",
			"--v=1",
		},
		Env:   []string{"GOGC=50"},
		Hooks: proc.Hooks{Probe: d.probeTLS("https://" + home.Addr(p.ControllerManager()) + "/healthz")},
	}
}

// bootstrap creates what must be in the cluster before Crossplane can start.
func (d *plan) bootstrap(ctx context.Context) error {
	k, err := kube.New(d.state.Kubeconfig())
	if err != nil {
		return err
	}

	if err := k.ApplyYAML(ctx, crossplaneManifest); err != nil {
		return fmt.Errorf("cannot create Crossplane's identities: %w", err)
	}

	for component, sa := range map[string]string{Crossplane: "crossplane", RBACManager: "rbac-manager"} {
		if err := d.kubeconfigFor(ctx, k, component, types.NamespacedName{Namespace: Namespace, Name: sa}); err != nil {
			return err
		}
	}

	d.kubeReady(k)

	return nil
}

// kubeconfigFor writes the kubeconfig of a component that runs under a
// ServiceAccount, unless there's one with a fresh token for the same account.
func (d *plan) kubeconfigFor(ctx context.Context, k *kube.Client, component string, sa types.NamespacedName) error {
	path := d.state.KubeconfigFor(component)
	user := sa.Namespace + ":" + sa.Name

	account := &corev1.ServiceAccount{}
	if err := k.Get(ctx, sa, account); err != nil {
		return fmt.Errorf("cannot get ServiceAccount %q: %w", sa, err)
	}

	// A token is that of one account. Another one may have the same name.
	stamp := fmt.Sprintf("%s %s %d\n", user, account.GetUID(), d.cfg.PortBase)

	old, _ := os.ReadFile(path + ".for") //nolint:errcheck // The path is one of ours, and may not be there.
	if fi, err := os.Stat(path); err == nil && string(old) == stamp && time.Since(fi.ModTime()) < tokenAge {
		return nil
	}

	token, err := k.Token(ctx, sa)
	if err != nil {
		return err
	}

	ca, err := os.ReadFile(d.pki(caName + ".crt"))
	if err != nil {
		return fmt.Errorf("cannot read the CA's certificate: %w", err)
	}

	kc := kube.Kubeconfig{Server: "https://" + home.Addr(d.cfg.Ports().APIServer()), CA: ca, User: user, Token: token}
	if err := kc.Write(path); err != nil {
		return err
	}

	return home.WriteFile(path+".for", []byte(stamp))
}

// probeTLS probes an HTTPS URL as the administrator.
func (d *plan) probeTLS(url string) func(context.Context) error {
	var hc *http.Client

	return func(ctx context.Context) error {
		if hc == nil {
			c, err := d.tlsClient()
			if err != nil {
				return err
			}

			hc = c
		}

		return get(ctx, hc, url)
	}
}

func (d *plan) tlsClient() (*http.Client, error) {
	cert, err := tls.LoadX509KeyPair(d.pki(adminName+".crt"), d.pki(adminName+".key"))
	if err != nil {
		return nil, fmt.Errorf("cannot load the administrator's certificate: %w", err)
	}

	raw, err := os.ReadFile(d.pki(caName + ".crt"))
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA's certificate: %w", err)
	}

	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		return nil, errors.New("the CA's certificate isn't PEM")
	}

	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}}, nil
}

// probeHTTP probes a plain URL on loopback.
func probeHTTP(url string) func(context.Context) error {
	hc := &http.Client{Transport: &http.Transport{}}

	return func(ctx context.Context) error { return get(ctx, hc, url) }
}

func get(ctx context.Context, hc *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("cannot create a probe: %w", err)
	}

	rsp, err := hc.Do(req)
	if err != nil {
		return fmt.Errorf("it doesn't answer: %w", err)
	}

	defer rsp.Body.Close() //nolint:errcheck // It's only read.

	if rsp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s answers %s", req.URL.Path, rsp.Status)
	}

	return nil
}
