package pki

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnsureCA(t *testing.T) {
	dir := t.TempDir()

	first, err := EnsureCA(dir, "ca")
	if err != nil {
		t.Fatalf("EnsureCA(...): %v", err)
	}

	second, err := EnsureCA(dir, "ca")
	if err != nil {
		t.Fatalf("EnsureCA(...): %v", err)
	}

	if diff := cmp.Diff(string(first.CertPEM), string(second.CertPEM)); diff != "" {
		t.Errorf("EnsureCA(...) keeps the CA that is there: -want, +got:\n%s", diff)
	}
}

func TestIssue(t *testing.T) {
	ca, err := EnsureCA(t.TempDir(), "ca")
	if err != nil {
		t.Fatalf("EnsureCA(...): %v", err)
	}

	other, err := EnsureCA(t.TempDir(), "other")
	if err != nil {
		t.Fatalf("EnsureCA(...): %v", err)
	}

	p, err := ca.Issue(Request{CommonName: "fn", Names: []string{"fn.system.svc", "127.0.0.1"}})
	if err != nil {
		t.Fatalf("Issue(...): %v", err)
	}

	if _, err := tls.X509KeyPair(p.CertPEM, p.KeyPEM); err != nil {
		t.Errorf("Issue(...) returns a certificate and its key: %v", err)
	}

	cases := map[string]struct {
		reason string
		ca     *CA
		cert   []byte
		names  []string
		want   bool
	}{
		"Ours":        {reason: "A certificate of ours is valid for its names", ca: ca, cert: p.CertPEM, names: []string{"fn.system.svc", "127.0.0.1"}, want: true},
		"MissingName": {reason: "A certificate that lacks a name must be issued again", ca: ca, cert: p.CertPEM, names: []string{"localhost"}, want: false},
		"OtherCA":     {reason: "A certificate of another CA must be issued again", ca: other, cert: p.CertPEM, want: false},
		"Empty":       {reason: "An empty Secret has no certificate", ca: ca, want: false},
		"Garbage":     {reason: "What isn't a certificate isn't ours", ca: ca, cert: pem.EncodeToMemory(&pem.Block{Type: blockCert, Bytes: []byte("x")}), want: false},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.ca.Signed(tc.cert, tc.names...)); diff != "" {
				t.Errorf("%s\nSigned(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestEnsurePair(t *testing.T) {
	ca, err := EnsureCA(t.TempDir(), "ca")
	if err != nil {
		t.Fatalf("EnsureCA(...): %v", err)
	}

	dir := t.TempDir()
	ensure := func(names ...string) string {
		p, err := ca.EnsurePair(dir, "server", Request{CommonName: "server", Names: names})
		if err != nil {
			t.Fatalf("EnsurePair(...): %v", err)
		}

		return string(p.CertPEM)
	}

	first := ensure("localhost")
	if diff := cmp.Diff(first, ensure("localhost")); diff != "" {
		t.Errorf("EnsurePair(...) keeps a certificate that will do: -want, +got:\n%s", diff)
	}

	if first == ensure("localhost", "127.0.0.1") {
		t.Error("EnsurePair(...) must issue a new certificate when a name is added")
	}
}

func TestParseCA(t *testing.T) {
	// Crossplane keeps its root CA as an RSA key in PKCS #1.
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}

	tmpl, err := template(Request{CommonName: "root"})
	if err != nil {
		t.Fatal(err)
	}

	tmpl.IsCA, tmpl.KeyUsage = true, x509.KeyUsageCertSign

	p, err := sign(tmpl, tmpl, key, key)
	if err != nil {
		t.Fatal(err)
	}

	rsaKey := pem.EncodeToMemory(&pem.Block{Type: blockRSAKey, Bytes: x509.MarshalPKCS1PrivateKey(key)})

	cases := map[string]struct {
		reason    string
		cert, key []byte
		wantErr   bool
	}{
		"RSA":     {reason: "Crossplane's own format is understood", cert: p.CertPEM, key: rsaKey},
		"PKCS8":   {reason: "Our own format is understood", cert: p.CertPEM, key: p.KeyPEM},
		"NoCert":  {reason: "A Secret that isn't filled yet is an error", key: rsaKey, wantErr: true},
		"NoKey":   {reason: "A Secret without a key is an error", cert: p.CertPEM, wantErr: true},
		"BadKey":  {reason: "A key that can't be parsed is an error", cert: p.CertPEM, key: pem.EncodeToMemory(&pem.Block{Type: blockRSAKey, Bytes: []byte("x")}), wantErr: true},
		"BadCert": {reason: "A certificate that can't be parsed is an error", cert: pem.EncodeToMemory(&pem.Block{Type: blockCert, Bytes: []byte("x")}), key: rsaKey, wantErr: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ca, err := ParseCA(tc.cert, tc.key)
			if (err != nil) != tc.wantErr {
				t.Fatalf("%s\nParseCA(...): want error %t, got %v", tc.reason, tc.wantErr, err)
			}

			if tc.wantErr {
				return
			}

			leaf, err := ca.Issue(Request{CommonName: "leaf", Names: []string{"leaf"}})
			if err != nil || !ca.Signed(leaf.CertPEM, "leaf") {
				t.Errorf("%s\nIssue(...) of the parsed CA: %v", tc.reason, err)
			}
		})
	}
}
