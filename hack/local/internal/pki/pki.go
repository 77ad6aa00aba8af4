// Package pki issues the certificates of the local control plane.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const (
	lifetime     = 10 * 365 * 24 * time.Hour
	serialBits   = 120
	blockCert    = "CERTIFICATE"
	blockKey     = "PRIVATE KEY"
	blockRSAKey  = "RSA PRIVATE KEY"
	blockECKey   = "EC PRIVATE KEY"
	clockLeeway  = time.Hour
	organisation = "Catalyst local control plane"
)

// A CA signs certificates.
type CA struct {
	CertPEM []byte

	cert *x509.Certificate
	key  crypto.Signer
}

// A Pair is a PEM encoded certificate and its key.
type Pair struct {
	CertPEM []byte
	KeyPEM  []byte
}

// A Request describes a certificate.
type Request struct {
	CommonName    string
	Organizations []string
	// Names are DNS names or IP addresses.
	Names []string
}

// ParseCA parses a PEM encoded CA, such as the one Crossplane keeps in a
// Secret.
func ParseCA(certPEM, keyPEM []byte) (*CA, error) {
	cb, _ := pem.Decode(certPEM)
	if cb == nil {
		return nil, errors.New("the CA's certificate isn't PEM")
	}

	cert, err := x509.ParseCertificate(cb.Bytes)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the CA's certificate: %w", err)
	}

	kb, _ := pem.Decode(keyPEM)
	if kb == nil {
		return nil, errors.New("the CA's key isn't PEM")
	}

	key, err := parseKey(kb)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the CA's key: %w", err)
	}

	return &CA{CertPEM: certPEM, cert: cert, key: key}, nil
}

func parseKey(b *pem.Block) (crypto.Signer, error) {
	switch b.Type {
	case blockRSAKey:
		return x509.ParsePKCS1PrivateKey(b.Bytes)
	case blockECKey:
		return x509.ParseECPrivateKey(b.Bytes)
	}

	k, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, err
	}

	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", k)
	}

	return s, nil
}

// EnsureCA loads the CA in the supplied directory, creating it when there's
// none.
func EnsureCA(dir, name string) (*CA, error) {
	crt, key := filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")

	certPEM, cerr := os.ReadFile(crt)
	keyPEM, kerr := os.ReadFile(key)

	if cerr == nil && kerr == nil {
		return ParseCA(certPEM, keyPEM)
	}

	if err := errors.Join(ignoreNotExist(cerr), ignoreNotExist(kerr)); err != nil {
		return nil, fmt.Errorf("cannot read CA %q: %w", name, err)
	}

	p, err := selfSign(name)
	if err != nil {
		return nil, err
	}

	if err := write(p, crt, key); err != nil {
		return nil, err
	}

	return ParseCA(p.CertPEM, p.KeyPEM)
}

func selfSign(name string) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot generate a CA key: %w", err)
	}

	tmpl, err := template(Request{CommonName: name, Organizations: []string{organisation}})
	if err != nil {
		return Pair{}, err
	}

	tmpl.IsCA = true
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	tmpl.ExtKeyUsage = nil

	return sign(tmpl, tmpl, key, key)
}

// Issue signs a certificate that serves both as a server's and a client's.
func (ca *CA) Issue(r Request) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot generate a key for %q: %w", r.CommonName, err)
	}

	tmpl, err := template(r)
	if err != nil {
		return Pair{}, err
	}

	return sign(tmpl, ca.cert, key, ca.key)
}

// EnsurePair issues a certificate into the supplied directory, unless a valid
// one signed by this CA is there already.
func (ca *CA) EnsurePair(dir, name string, r Request) (Pair, error) {
	crt, key := filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")

	certPEM, cerr := os.ReadFile(crt)
	keyPEM, kerr := os.ReadFile(key)

	if cerr == nil && kerr == nil && ca.Signed(certPEM, r.Names...) {
		return Pair{CertPEM: certPEM, KeyPEM: keyPEM}, nil
	}

	p, err := ca.Issue(r)
	if err != nil {
		return Pair{}, err
	}

	return p, write(p, crt, key)
}

// Signed reports whether this CA signed the supplied certificate, and it is
// valid for all supplied names.
func (ca *CA) Signed(certPEM []byte, names ...string) bool {
	b, _ := pem.Decode(certPEM)
	if b == nil {
		return false
	}

	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil || c.CheckSignatureFrom(ca.cert) != nil || time.Now().After(c.NotAfter) {
		return false
	}

	for _, n := range names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}

	return true
}

func template(r Request) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, fmt.Errorf("cannot generate a serial number for %q: %w", r.CommonName, err)
	}

	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: r.CommonName, Organization: r.Organizations},
		NotBefore:             time.Now().Add(-clockLeeway),
		NotAfter:              time.Now().Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}

	for _, n := range r.Names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
			continue
		}

		t.DNSNames = append(t.DNSNames, n)
	}

	return t, nil
}

func sign(tmpl, parent *x509.Certificate, key, signer crypto.Signer) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot sign a certificate for %q: %w", tmpl.Subject.CommonName, err)
	}

	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot encode the key of %q: %w", tmpl.Subject.CommonName, err)
	}

	return Pair{
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: blockCert, Bytes: der}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: raw}),
	}, nil
}

func write(p Pair, crt, key string) error {
	if err := home.WriteFile(key, p.KeyPEM); err != nil {
		return fmt.Errorf("cannot store a key: %w", err)
	}

	if err := home.WriteFile(crt, p.CertPEM); err != nil {
		return fmt.Errorf("cannot store a certificate: %w", err)
	}

	return nil
}

func ignoreNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	return err
}
