// Package pki makes the certificate authorities of a cluster and what they sign.
// It knows X.509 (RFC 5280) and nothing of Kubernetes objects.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// authorityYears an authority lasts.
const authorityYears = 10

// Backdate of certificates: clocks of servers that have just started differ.
const Backdate = 5 * time.Minute

// A Pair is a certificate and its key, in PEM.
type Pair struct{ Certificate, Key []byte }

// An Authority signs certificates.
type Authority struct {
	// Certificate of the authority.
	Certificate *x509.Certificate

	key crypto.Signer
}

// NewAuthority generates an authority of the name.
func NewAuthority(name pkix.Name, now time.Time) (Pair, error) {
	from := now.Add(-Backdate)
	tmpl := &x509.Certificate{
		Subject:               name,
		NotBefore:             from,
		NotAfter:              from.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	return sign(tmpl, func(key crypto.Signer) (*x509.Certificate, crypto.Signer) { return tmpl, key })
}

// Parse an authority. It fails if the key is not that of the certificate, or the
// certificate not that of an authority.
func Parse(p Pair) (*Authority, error) {
	pair, err := tls.X509KeyPair(p.Certificate, p.Key)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("its key cannot sign")
	}
	if !pair.Leaf.IsCA {
		return nil, errors.New("its certificate is not that of an authority")
	}
	return &Authority{Certificate: pair.Leaf, key: key}, nil
}

// NotAfter is when a certificate ends that is issued now: after its validity, or
// with its authority.
func (a *Authority) NotAfter(now time.Time, validity time.Duration) time.Time {
	end := now.Add(validity).Truncate(time.Second)
	if a.Certificate.NotAfter.Before(end) {
		return a.Certificate.NotAfter
	}
	return end
}

// Client issues a certificate for a client of that name.
func (a *Authority) Client(name pkix.Name, now time.Time, validity time.Duration) (Pair, error) {
	if !a.Certificate.NotAfter.After(now) {
		return Pair{}, errors.Errorf("authority %q ended at %s", a.Certificate.Subject.CommonName, a.Certificate.NotAfter.UTC().Format(time.RFC3339))
	}
	return sign(&x509.Certificate{
		Subject:               name,
		NotBefore:             now.Add(-Backdate).Truncate(time.Second),
		NotAfter:              a.NotAfter(now, validity),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, func(crypto.Signer) (*x509.Certificate, crypto.Signer) { return a.Certificate, a.key })
}

// sign a certificate for a new key by what issuer returns for it.
func sign(tmpl *x509.Certificate, issuer func(crypto.Signer) (*x509.Certificate, crypto.Signer)) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, errors.Wrap(err, "cannot generate a key")
	}
	parent, signer := issuer(key)
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, errors.Wrapf(err, "cannot sign the certificate of %q", tmpl.Subject.CommonName)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, errors.Wrap(err, "cannot encode a key")
	}
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}),
	}, nil
}
