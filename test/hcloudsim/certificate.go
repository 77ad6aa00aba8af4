package hcloudsim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const managedFor = 90 * 24 * time.Hour

// certificate: https://docs.hetzner.cloud/reference/cloud#certificates
type certificate struct {
	meta

	Type        string
	Certificate string
	Fingerprint string
	Domains     []string
	From, Until time.Time
	// Issuance of a managed one: pending, completed or failed.
	Issuance string
}

func (i *certificate) view(p *project) any {
	out := schema.Certificate{
		ID: i.ID, Name: i.Name, Labels: i.labels(), Created: i.Created, Type: i.Type, Certificate: i.Certificate,
		Fingerprint: i.Fingerprint, DomainNames: i.Domains, NotValidBefore: i.From, NotValidAfter: i.Until, UsedBy: []schema.CertificateUsedByRef{},
	}
	if i.Type == "managed" {
		out.Status = &schema.CertificateStatusRef{Issuance: i.Issuance, Renewal: "unavailable"}
		if i.Issuance == "completed" {
			out.Status.Renewal = "scheduled"
		}
	}
	for _, l := range each[*loadBalancer](p, "load_balancers") {
		if l.serves(i.ID) {
			out.UsedBy = append(out.UsedBy, schema.CertificateUsedByRef{ID: l.ID, Type: "load_balancer"})
		}
	}
	return out
}

func (l *loadBalancer) serves(id int64) bool {
	for _, s := range l.Services {
		if s.HTTP != nil && slices.Contains(s.HTTP.Certificates, id) {
			return true
		}
	}
	return false
}

var certificates = register(&kind{
	plural: "certificates", singular: "certificate", empty: func() object { return &certificate{} }, sorts: byNameCreated,
	filters: map[string]func(object, string) bool{
		"type": func(o object, v string) bool { return o.(*certificate).Type == v },
	},
})

func init() {
	certificates.actions = map[string]handler{"retry": retryIssuance}
	certificates.create = createCertificate
	certificates.remove = func(c *call) (answer, error) {
		return c.kind.delete(c, func() error {
			for _, l := range each[*loadBalancer](c.p, "load_balancers") {
				if l.serves(c.obj.base().ID) {
					return fail("resource_in_use", "certificate with ID '%d' is still in use", c.obj.base().ID)
				}
			}
			return nil
		})
	}
}

func createCertificate(c *call) (answer, error) {
	req, err := decode[schema.CertificateCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if req.Type == "" {
		req.Type = "uploaded"
	}
	if err := oneOf("type", req.Type, "uploaded", "managed"); err != nil {
		return answer{}, err
	}
	cert := &certificate{meta: m, Type: req.Type}
	c.obj = cert
	if req.Type == "uploaded" {
		if err := cert.upload(req); err != nil {
			return answer{}, err
		}
		c.p.add(c.kind.plural, cert)
		return answer{Status: http.StatusCreated, Body: map[string]any{"certificate": cert.view(c.p), "action": nil}}, nil
	}
	if len(req.DomainNames) == 0 {
		return answer{}, invalid("domain_names", "is required for managed certificates")
	}
	cert.Domains, cert.Issuance = req.DomainNames, "pending"
	c.p.add(c.kind.plural, cert)
	a, err := cert.issue(c, "create_certificate")
	if err != nil {
		return answer{}, err
	}
	return answer{Status: http.StatusCreated, Body: map[string]any{"certificate": c.p.show(cert, c.now), "action": a.view(c.now)}}, nil
}

// upload checks the pair and reads what the certificate says.
func (i *certificate) upload(req schema.CertificateCreateRequest) error {
	pair, err := tls.X509KeyPair([]byte(req.Certificate), []byte(req.PrivateKey))
	if err != nil {
		return invalid("certificate", "certificate and private key are not a valid pair: %v", err)
	}
	i.Certificate = req.Certificate
	i.read(pair.Leaf)
	return nil
}

func (i *certificate) read(leaf *x509.Certificate) {
	i.From, i.Until, i.Domains = leaf.NotBefore.UTC(), leaf.NotAfter.UTC(), append([]string{}, leaf.DNSNames...)
	sum := sha256.Sum256(leaf.Raw)
	hex := make([]string, 0, len(sum))
	for _, b := range sum {
		hex = append(hex, fmt.Sprintf("%02X", b))
	}
	i.Fingerprint = strings.Join(hex, ":")
}

// issue a managed certificate: self-signed, for this is no Let's Encrypt.
func (i *certificate) issue(c *call, command string) (*action, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make key: %w", err)
	}
	like := &x509.Certificate{
		SerialNumber: big.NewInt(i.ID), Subject: pkix.Name{CommonName: i.Domains[0]}, DNSNames: i.Domains,
		NotBefore: c.now, NotAfter: c.now.Add(managedFor),
	}
	der, err := x509.CreateCertificate(rand.Reader, like, like, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("cannot make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificate: %w", err)
	}
	a := c.start(command, func() {
		i.Issuance = "completed"
		i.Certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		i.read(leaf)
	}, c.target())
	if a.Fails != nil {
		i.Issuance = "failed"
	}
	return a, nil
}

func retryIssuance(c *call) (answer, error) {
	cert := c.obj.(*certificate)
	if cert.Type != "managed" || cert.Issuance != "failed" {
		return answer{}, fail("unsupported_error", "only failed managed certificates can be retried")
	}
	if err := c.lockable("issue_certificate"); err != nil {
		return answer{}, err
	}
	a, err := cert.issue(c, "issue_certificate")
	if err != nil {
		return answer{}, err
	}
	return c.started(a)
}
