package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

const (
	patience = 5 * time.Minute
	look     = 50 * time.Millisecond
)

// plane is where a running local control plane is, as `hack/local env` says.
type plane struct {
	Kubeconfig      string `env:"KUBECONFIG" help:"Kubeconfig of the control plane."`
	GiteaURL        string `env:"CATALYST_GITEA_URL" help:"Address of Gitea."`
	GiteaTokenFile  string `env:"CATALYST_GITEA_TOKEN_FILE" help:"File with a token of Gitea's administrator."`
	PowerDNSURL     string `env:"CATALYST_POWERDNS_URL" help:"Address of PowerDNS's API."`
	PowerDNSKeyFile string `env:"CATALYST_POWERDNS_KEY_FILE" help:"File with PowerDNS's API key."`
}

// A site is a control plane whose providers talk to the servers through us.
type site struct {
	kube            client.Client
	gitea, powerdns *proxy
	// restore points the providers to the servers again.
	restore func()
}

func (p plane) open(ctx context.Context) (*site, error) {
	if p.Kubeconfig == "" || p.GiteaURL == "" || p.PowerDNSURL == "" {
		return nil, errors.New(`no control plane to measure on: use hack/bench.sh, or eval "$(go run ./hack/local env)"`)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", p.Kubeconfig)
	if err != nil {
		return nil, errors.Wrap(err, "cannot load kubeconfig")
	}
	cfg.QPS, cfg.Burst, cfg.WarningHandler = 1000, 2000, rest.NoWarnings{}
	s := &site{}
	scheme := runtime.NewScheme()
	if err := gitea.AddToScheme(scheme); err != nil {
		return nil, errors.Wrap(err, "cannot register provider-gitea's kinds")
	}
	if s.kube, err = client.New(cfg, client.Options{Scheme: scheme}); err != nil {
		return nil, errors.Wrap(err, "cannot create a Kubernetes client")
	}
	token, err := os.ReadFile(p.GiteaTokenFile)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read Gitea's token")
	}
	key, err := os.ReadFile(p.PowerDNSKeyFile)
	if err != nil {
		return nil, errors.Wrap(err, "cannot read PowerDNS's key")
	}
	if s.gitea, err = newProxy(ctx, p.GiteaURL, "Authorization", "token "+strings.TrimSpace(string(token))); err != nil {
		return nil, err
	}
	if s.powerdns, err = newProxy(ctx, p.PowerDNSURL, "X-API-Key", strings.TrimSpace(string(key))); err != nil {
		return nil, err
	}
	point := func(ctx context.Context, gitea, powerdns string) error {
		for group, url := range map[string]string{"gitea.openova.io": gitea, "powerdns.openova.io": powerdns} {
			pc := object(group+"/v1alpha1", "ClusterProviderConfig", "", "default")
			if err := s.merge(ctx, pc, fmt.Sprintf(`{"spec":{"url":%q}}`, url)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := point(ctx, s.gitea.url, s.powerdns.url); err != nil {
		return nil, err
	}
	s.restore = func() {
		if err := point(context.WithoutCancel(ctx), p.GiteaURL, p.PowerDNSURL); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		s.gitea.close()
		s.powerdns.close()
	}
	return s, nil
}

func (s *site) merge(ctx context.Context, o client.Object, patch string) error {
	return errors.Wrapf(s.kube.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch))), "cannot patch %s", o.GetName())
}

func object(apiVersion, kind, namespace, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// condition of an object is True.
func condition(u *unstructured.Unstructured, typ string) bool {
	cs, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range cs {
		if m, ok := c.(map[string]any); ok && m["type"] == typ {
			return m["status"] == "True"
		}
	}
	return false
}

// ready tells whether the object is there and ready.
func (s *site) ready(ctx context.Context, u *unstructured.Unstructured) (bool, error) {
	err := s.kube.Get(ctx, client.ObjectKeyFromObject(u), u)
	if client.IgnoreNotFound(err) != nil {
		return false, errors.Wrapf(err, "cannot get %s %s", u.GetKind(), u.GetName())
	}
	return err == nil && condition(u, "Ready"), nil
}

// gone tells whether the object does not exist.
func (s *site) gone(ctx context.Context, u *unstructured.Unstructured) (bool, error) {
	err := s.kube.Get(ctx, client.ObjectKeyFromObject(u), u)
	return err != nil && client.IgnoreNotFound(err) == nil, client.IgnoreNotFound(err)
}

// until something is the case, or patience ends.
func until(ctx context.Context, what string, every time.Duration, is func(context.Context) (bool, error)) (time.Duration, error) {
	begin := time.Now()
	for {
		ok, err := is(ctx)
		if err != nil {
			return 0, err
		}
		if ok {
			return time.Since(begin), nil
		}
		if time.Since(begin) > patience {
			return 0, errors.Errorf("waited %s in vain: %s", patience, what)
		}
		if err := pause(ctx, every); err != nil {
			return 0, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func isWrite(method string) bool { return method != http.MethodGet && method != http.MethodHead }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
