package kubeconfig

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clusterauthority"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/pki"
)

func kubeconfig() *v1alpha1.Kubeconfig {
	mg := &v1alpha1.Kubeconfig{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "k", UID: "uid"}}
	mg.Spec.ForProvider = v1alpha1.KubeconfigParameters{
		AuthoritySecretRef: xpv1.LocalSecretReference{Name: "authority"},
		Cluster:            "hz-fsn-mgt-prod",
		Server:             "https://192.0.2.10:6443",
		User:               "catalyst",
		Organization:       "system:masters",
	}
	mg.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "s"}
	return mg
}

// authoritySecret made at that time.
func authoritySecret(t *testing.T, now time.Time) *corev1.Secret {
	t.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "authority"}, Data: map[string][]byte{}}
	for _, name := range []string{clusterauthority.Server, clusterauthority.Client} {
		p, err := pki.NewAuthority(pkix.Name{CommonName: name}, now)
		if err != nil {
			t.Fatal(err)
		}
		s.Data[name+".crt"], s.Data[name+".key"] = p.Certificate, p.Key
	}
	return s
}

// A world is an API server and a clock.
type world struct {
	*external

	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 123, time.UTC)}
	w.external = &external{kube: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), now: func() time.Time { return w.now }}
	return w
}

// settled makes the kubeconfig what it should be, as the reconciler would, and
// tells what that took.
func (w *world) settled(mg *v1alpha1.Kubeconfig) string {
	w.t.Helper()
	ctx := context.Background()
	did := "nothing"
	for range 3 {
		o, err := w.Observe(ctx, mg)
		if err != nil {
			return "error: " + err.Error()
		}
		if o.ResourceExists && o.ResourceUpToDate {
			return did
		}
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "hcloud.openova.io/v1alpha1", Kind: "Kubeconfig", Name: "k", UID: "uid", Controller: new(true)},
		}}}
		if !o.ResourceExists {
			c, err := w.Create(ctx, mg)
			if err != nil {
				return "error: " + err.Error()
			}
			s.Data, did = c.ConnectionDetails, "create"
			_ = w.kube.Delete(ctx, s)
			if err := w.kube.Create(ctx, s); err != nil {
				w.t.Fatal(err)
			}
			continue
		}
		u, err := w.Update(ctx, mg)
		if err != nil {
			return "error: " + err.Error()
		}
		s.Data, did = u.ConnectionDetails, "update"
		if err := w.kube.Update(ctx, s); err != nil {
			w.t.Fatal(err)
		}
	}
	return "never settles"
}

func (w *world) read() map[string][]byte {
	w.t.Helper()
	s := &corev1.Secret{}
	if err := w.kube.Get(context.Background(), client.ObjectKey{Namespace: "ns", Name: "s"}, s); err != nil {
		w.t.Fatal(err)
	}
	return s.Data
}

func TestFollows(t *testing.T) {
	born := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	year := 365 * 24 * time.Hour
	cases := map[string]struct {
		reason string
		change func(w *world, mg *v1alpha1.Kubeconfig)
		want   string
		end    time.Time
	}{
		"Settled":      {reason: "What is right is left alone", change: func(*world, *v1alpha1.Kubeconfig) {}, want: "nothing", end: born.Add(year)},
		"TwoThirds":    {reason: "It lasts while more than a third is left", change: func(w *world, _ *v1alpha1.Kubeconfig) { w.now = born.Add(year*2/3 - time.Hour) }, want: "nothing", end: born.Add(year)},
		"Third":        {reason: "It is renewed when a third is left", change: func(w *world, _ *v1alpha1.Kubeconfig) { w.now = born.Add(year * 2 / 3) }, want: "update", end: born.Add(year*2/3 + year)},
		"Ended":        {reason: "A provider that slept for too long renews it", change: func(w *world, _ *v1alpha1.Kubeconfig) { w.now = born.Add(2 * year) }, want: "update", end: born.Add(3 * year)},
		"Server":       {reason: "The load balancer has another address", change: func(_ *world, mg *v1alpha1.Kubeconfig) { mg.Spec.ForProvider.Server = "https://192.0.2.11:6443" }, want: "update", end: born.Add(year)},
		"ServerName":   {reason: "The certificate is checked for another name", change: func(_ *world, mg *v1alpha1.Kubeconfig) { mg.Spec.ForProvider.ServerName = new("omantel.omani.works") }, want: "update", end: born.Add(year)},
		"User":         {reason: "Another user has another certificate", change: func(_ *world, mg *v1alpha1.Kubeconfig) { mg.Spec.ForProvider.User = "autoscaler" }, want: "update", end: born.Add(year)},
		"Organization": {reason: "Another group has another certificate", change: func(_ *world, mg *v1alpha1.Kubeconfig) { mg.Spec.ForProvider.Organization = "viewers" }, want: "update", end: born.Add(year)},
		"Validity": {reason: "A shorter validity holds at once", change: func(_ *world, mg *v1alpha1.Kubeconfig) {
			mg.Spec.ForProvider.Validity = &metav1.Duration{Duration: 48 * time.Hour}
		}, want: "update", end: born.Add(48 * time.Hour)},
		"Authority": {reason: "What another authority signed opens nothing", change: func(w *world, _ *v1alpha1.Kubeconfig) {
			if err := w.kube.Update(context.Background(), authoritySecret(w.t, w.now)); err != nil {
				w.t.Fatal(err)
			}
		}, want: "update", end: born.Add(year)},
		"Lost": {reason: "A Secret that was deleted is written again", change: func(w *world, _ *v1alpha1.Kubeconfig) {
			if err := w.kube.Delete(context.Background(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s"}}); err != nil {
				w.t.Fatal(err)
			}
		}, want: "create", end: born.Add(year)},
		"NoAuthority": {reason: "What was issued stays when the authority is lost", change: func(w *world, _ *v1alpha1.Kubeconfig) {
			if err := w.kube.Delete(context.Background(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "authority"}}); err != nil {
				w.t.Fatal(err)
			}
		}, want: `error: cannot get Secret "authority" of spec.forProvider.authoritySecretRef: secrets "authority" not found`, end: born.Add(year)},
		"AuthorityEnds":  {reason: "A certificate never outlives its authority", change: func(w *world, _ *v1alpha1.Kubeconfig) { w.now = born.Add(-pki.Backdate).AddDate(10, 0, -100) }, want: "update", end: born.Add(-pki.Backdate).AddDate(10, 0, 0)},
		"AuthorityEnded": {reason: "An authority that ended signs nothing", change: func(w *world, _ *v1alpha1.Kubeconfig) { w.now = born.AddDate(10, 0, 0) }, want: `error: authority "client-ca" ended at 2035-12-31T23:55:00Z`, end: born.Add(year)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w, mg := newWorld(t, authoritySecret(t, born)), kubeconfig()
			if did := w.settled(mg); did != "create" {
				t.Fatalf("%s: at first: %s", tc.reason, did)
			}
			tc.change(w, mg)
			if diff := cmp.Diff(tc.want, w.settled(mg)); diff != "" {
				t.Errorf("%s: what was done: -want, +got:\n%s", tc.reason, diff)
			}
			if end := mg.Status.AtProvider.NotAfter; end == nil || !end.Time.Equal(tc.end) {
				t.Errorf("%s: status.atProvider.notAfter is %v, want %v", tc.reason, end, tc.end)
			}
			data := w.read()
			if !bytes.Equal(data[Key], data[KeyFlux]) {
				t.Errorf("%s: Flux finds another kubeconfig", tc.reason)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s"}, Data: map[string][]byte{Key: []byte("x")}}
	half := authoritySecret(t, time.Now())
	delete(half.Data, "server-ca.crt")
	cases := map[string]struct {
		reason  string
		objects []client.Object
		want    string
	}{
		"Foreign": {reason: "Another's Secret is left alone", objects: []client.Object{authoritySecret(t, time.Now()), foreign}, want: "is not this Kubeconfig's"},
		"Half":    {reason: "A kubeconfig that trusts any server is none", objects: []client.Object{half}, want: "has no certificate of the authority that vouches for the server"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := newWorld(t, tc.objects...).settled(kubeconfig()); !strings.Contains(got, tc.want) {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// serverCertificate that the authority signs for an address, as k3s has it made.
func serverCertificate(t *testing.T, p pki.Pair, address string) tls.Certificate {
	t.Helper()
	ca, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kube-apiserver"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca.Leaf, key.Public(), ca.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A server that has the authority's files lets in who has the kubeconfig, and
// nobody else; and whoever has the kubeconfig trusts that server, and no other.
func TestOpens(t *testing.T) {
	ours, theirs := authoritySecret(t, time.Now()), authoritySecret(t, time.Now())
	pair := func(s *corev1.Secret, name string) pki.Pair { return clusterauthority.Pair(s.Data, name) }
	cases := map[string]struct {
		reason         string
		server, client *corev1.Secret
		address        string
		want           string
	}{
		"Ours":       {reason: "Who has the authority on both sides gets in", server: ours, client: ours, address: "127.0.0.1", want: "catalyst of [system:masters]"},
		"Impostor":   {reason: "A server that another authority vouches for is not trusted", server: theirs, client: ours, address: "127.0.0.1", want: "certificate signed by unknown authority"},
		"Stranger":   {reason: "A client that another authority signed for is refused", server: ours, client: theirs, address: "127.0.0.1", want: "unknown certificate authority"},
		"OtherPlace": {reason: "A certificate that does not name the address is not trusted", server: ours, client: ours, address: "192.0.2.10", want: "certificate is valid for 192.0.2.10, not 127.0.0.1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				subject := r.TLS.PeerCertificates[0].Subject
				_, _ = fmt.Fprintf(w, "%s of %v", subject.CommonName, subject.Organization)
			}))
			clients := x509.NewCertPool()
			clients.AppendCertsFromPEM(pair(ours, clusterauthority.Client).Certificate)
			srv.TLS = &tls.Config{
				MinVersion: tls.VersionTLS13, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
				Certificates: []tls.Certificate{serverCertificate(t, pair(tc.server, clusterauthority.Server), tc.address)},
			}
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.StartTLS()
			defer srv.Close()

			// The one who asks trusts our servers, and shows what the client's
			// authority signed.
			mixed := tc.client.DeepCopy()
			mixed.Data["server-ca.crt"] = ours.Data["server-ca.crt"]
			w, mg := newWorld(t, mixed), kubeconfig()
			w.now = time.Now()
			mg.Spec.ForProvider.Server = srv.URL
			if did := w.settled(mg); did != "create" {
				t.Fatal(did)
			}
			cfg, err := clientcmd.RESTConfigFromKubeConfig(w.read()[KeyFlux])
			if err != nil {
				t.Fatal(err)
			}
			if got := ask(t, cfg); !strings.Contains(got, tc.want) {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func ask(t *testing.T, cfg *rest.Config) string {
	t.Helper()
	h, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cfg.Host, nil)
	if err != nil {
		t.Fatal(err)
	}
	rsp, err := h.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = rsp.Body.Close() }()
	b, err := io.ReadAll(rsp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
