// Package clients speaks with PowerDNS servers.
package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	powerdns "github.com/joeig/go-powerdns/v3"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

// vhost is the one server a PowerDNS process knows, and its name.
const vhost = "localhost"

// Credentials that open a server. They are an API key, or a JSON object with an
// API key and a user name and password for a proxy before the server.
type Credentials struct {
	APIKey   string `json:"apiKey"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// ParseCredentials of a provider configuration.
func ParseCredentials(s string) (Credentials, error) {
	if !strings.HasPrefix(s, "{") {
		return Credentials{APIKey: s}, nil
	}
	c := Credentials{}
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		// The cause would quote the credentials.
		return Credentials{}, errors.New("credentials look like a JSON object but can't be parsed as one with the fields apiKey, username and password")
	}
	if c.APIKey == "" {
		return Credentials{}, errors.New("credentials are a JSON object without apiKey")
	}
	return c, nil
}

// An RRset of a zone.
type RRset struct {
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	TTL        int64     `json:"ttl,omitempty"`
	ChangeType string    `json:"changetype,omitempty"`
	Records    []Record  `json:"records,omitempty"`
	Comments   []Comment `json:"comments"`
}

// A Record of an RRset.
type Record struct {
	Content  string `json:"content"`
	Disabled bool   `json:"disabled"`
}

// A Comment on an RRset.
type Comment struct {
	Content string `json:"content"`
	Account string `json:"account"`
}

// MarshalJSON leaves comments out that are nil: the server leaves those it has
// alone then, and removes them when the list is empty.
func (r RRset) MarshalJSON() ([]byte, error) {
	out := map[string]any{"name": r.Name, "type": r.Type, "changetype": r.ChangeType}
	if r.ChangeType == replace {
		out["ttl"], out["records"] = r.TTL, r.Records
		if r.Comments != nil {
			out["comments"] = r.Comments
		}
	}
	return json.Marshal(out)
}

// Kinds of change to an RRset.
const (
	replace = string(powerdns.ChangeTypeReplace)
	remove  = string(powerdns.ChangeTypeDelete)
)

// A Zone is what a server says about a zone, some or all of its RRsets
// included.
type Zone struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Kind           string   `json:"kind"`
	Serial         int64    `json:"serial"`
	EditedSerial   int64    `json:"edited_serial"`
	NotifiedSerial int64    `json:"notified_serial"`
	Account        string   `json:"account"`
	Masters        []string `json:"masters"`
	Catalog        string   `json:"catalog"`
	SOAEdit        string   `json:"soa_edit"`
	SOAEditAPI     string   `json:"soa_edit_api"`
	APIRectify     bool     `json:"api_rectify"`
	DNSSEC         bool     `json:"dnssec"`
	NSEC3Param     string   `json:"nsec3param"`
	NSEC3Narrow    bool     `json:"nsec3narrow"`
	Presigned      bool     `json:"presigned"`
	MasterTSIGKeys []string `json:"master_tsig_key_ids"`
	SlaveTSIGKeys  []string `json:"slave_tsig_key_ids"`
	RRsets         []RRset  `json:"rrsets"`
}

// A CryptoKey a zone is signed with. It has no private part: the calls that
// would read one are not made.
type CryptoKey struct {
	ID        int64    `json:"id,omitempty"`
	KeyType   string   `json:"keytype,omitempty"`
	Active    bool     `json:"active"`
	Published bool     `json:"published"`
	Algorithm string   `json:"algorithm,omitempty"`
	Bits      int64    `json:"bits,omitempty"`
	Flags     int64    `json:"flags,omitempty"`
	DNSKey    string   `json:"dnskey,omitempty"`
	DS        []string `json:"ds,omitempty"`
}

// An Autoprimary may have zones created on a server by notifying it.
type Autoprimary struct {
	IP         string `json:"ip"`
	Nameserver string `json:"nameserver"`
	Account    string `json:"account,omitempty"`
}

// An API makes calls to one server: those go-powerdns has through go-powerdns,
// the others beside it on the same connections.
type API struct {
	pdns *powerdns.Client
	http *http.Client
	base string
}

// NewAPI returns an API that makes calls to an endpoint.
func NewAPI(e provider.Endpoint) (*API, error) {
	base, prefix, err := split(e.URL)
	if err != nil {
		return nil, err
	}
	creds, err := ParseCredentials(e.Credentials)
	if err != nil {
		return nil, err
	}
	t, err := baseTransport(e.CABundle)
	if err != nil {
		return nil, err
	}
	h := &http.Client{
		Transport: chain(t, withPrefix(prefix), withCredentials(creds), withRetries, withLimit(maxConcurrent), withMetrics, withBody),
		// An API that redirects has moved, and credentials don't follow.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &API{pdns: powerdns.New(base, vhost, powerdns.WithHTTPClient(h)), http: h, base: base}, nil
}

// call makes a call go-powerdns has not, or has not right.
func (a *API) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return errors.Wrap(err, "cannot encode request")
		}
		body = bytes.NewReader(data)
	}
	u := a.base + "/api/v1/servers/" + vhost + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return errors.Wrap(err, "cannot make request")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	rsp, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer rsp.Body.Close() //nolint:errcheck // It was read whole before.
	data, err := io.ReadAll(rsp.Body)
	if err != nil {
		return errors.Wrap(err, "cannot read answer")
	}
	if rsp.StatusCode < 200 || rsp.StatusCode > 299 {
		return answer(rsp, data)
	}
	if out == nil || len(data) == 0 {
		return nil
	}
	return errors.Wrap(json.Unmarshal(data, out), "cannot decode answer")
}

// answer that is an error, in JSON or in plain text.
func answer(rsp *http.Response, data []byte) error {
	e := &powerdns.Error{}
	if json.Unmarshal(data, e) != nil || e.Message == "" {
		e.Message = string(data[:min(len(data), 300)]) //nolint:mnd // A page of a proxy says no more in more.
	}
	e.Status, e.StatusCode = rsp.Status, rsp.StatusCode
	return e
}

func zonePath(zone string, parts ...string) string {
	var p strings.Builder
	p.WriteString("/zones/" + canonical.ZoneID(zone) + ".")
	for _, part := range parts {
		p.WriteString("/" + url.PathEscape(part))
	}
	return p.String()
}

// Zone with all its RRsets.
func (a *API) Zone(ctx context.Context, zone string) (*Zone, error) {
	z := &Zone{}
	return z, wrap(a.call(ctx, http.MethodGet, zonePath(zone), nil, nil, z), "read zone %s", zone)
}

// ZoneHeader is a zone with its NS RRset alone, which is as cheap as without.
func (a *API) ZoneHeader(ctx context.Context, zone string) (*Zone, error) {
	z := &Zone{}
	q := url.Values{"rrset_name": {canonical.Name(zone)}, "rrset_type": {"NS"}}
	return z, wrap(a.call(ctx, http.MethodGet, zonePath(zone), q, nil, z), "read zone %s", zone)
}

// CreateZone with settings as they are in the server's API.
func (a *API) CreateZone(ctx context.Context, zone string, nameservers []string, settings map[string]any) error {
	in := map[string]any{"name": zone, "nameservers": nameservers}
	maps.Copy(in, settings)
	return wrap(a.call(ctx, http.MethodPost, "/zones", nil, in, nil), "create zone %s", zone)
}

// ChangeZone changes settings of a zone. Unlike go-powerdns it can empty a
// list.
func (a *API) ChangeZone(ctx context.Context, zone string, settings map[string]any) error {
	return wrap(a.call(ctx, http.MethodPut, zonePath(zone), nil, settings, nil), "change zone %s", zone)
}

// DeleteZone with everything in it.
func (a *API) DeleteZone(ctx context.Context, zone string) error {
	return wrap(a.pdns.Zones.Delete(ctx, canonical.ZoneID(zone)), "delete zone %s", zone)
}

// PatchZone changes RRsets of a zone, all or none.
func (a *API) PatchZone(ctx context.Context, zone string, rrsets []RRset) error {
	for _, r := range rrsets {
		if r.ChangeType == replace && len(r.Records) == 0 {
			// The server would delete the RRset and its comments.
			return errors.Errorf("cannot write RRset %s/%s: it has no records, and an RRset without records is a deletion", r.Name, r.Type)
		}
	}
	return wrap(a.call(ctx, http.MethodPatch, zonePath(zone), nil, map[string]any{"rrsets": rrsets}, nil), "%s", operation(zone, rrsets))
}

// operation that a change of RRsets is.
func operation(zone string, rrsets []RRset) string {
	if len(rrsets) != 1 {
		return "write " + strconv.Itoa(len(rrsets)) + " RRsets of zone " + zone
	}
	verb := "write"
	if rrsets[0].ChangeType == remove {
		verb = "delete"
	}
	return verb + " RRset " + rrsets[0].Name + "/" + rrsets[0].Type + " of zone " + zone
}

// RectifyZone puts a signed zone in order.
func (a *API) RectifyZone(ctx context.Context, zone string) error {
	return wrap(a.call(ctx, http.MethodPut, zonePath(zone, "rectify"), nil, nil, nil), "rectify zone %s", zone)
}

// CryptoKeys of a zone.
func (a *API) CryptoKeys(ctx context.Context, zone string) ([]CryptoKey, error) {
	keys := []CryptoKey{}
	if err := a.call(ctx, http.MethodGet, zonePath(zone, "cryptokeys"), nil, nil, &keys); err != nil {
		return nil, wrap(err, "list keys of zone %s", zone)
	}
	slices.SortFunc(keys, func(a, b CryptoKey) int { return int(a.ID - b.ID) })
	return keys, nil
}

// CreateCryptoKey has the server generate a key. The private part in its answer
// is not read.
func (a *API) CreateCryptoKey(ctx context.Context, zone string, k CryptoKey) (*CryptoKey, error) {
	in := map[string]any{"keytype": k.KeyType, "active": k.Active, "published": k.Published}
	if k.Algorithm != "" {
		in["algorithm"] = k.Algorithm
	}
	if k.Bits != 0 {
		in["bits"] = k.Bits
	}
	out := &CryptoKey{}
	return out, wrap(a.call(ctx, http.MethodPost, zonePath(zone, "cryptokeys"), nil, in, out), "create %s in zone %s", k.KeyType, zone)
}

// ChangeCryptoKey changes whether a key signs and whether it is published. The
// server wants to be told both.
func (a *API) ChangeCryptoKey(ctx context.Context, zone string, id int64, active, published bool) error {
	in := map[string]any{"active": active, "published": published}
	return wrap(a.call(ctx, http.MethodPut, zonePath(zone, "cryptokeys", strconv.FormatInt(id, 10)), nil, in, nil), "change key %d of zone %s", id, zone)
}

// DeleteCryptoKey of a zone.
func (a *API) DeleteCryptoKey(ctx context.Context, zone string, id int64) error {
	return wrap(a.pdns.Cryptokeys.Delete(ctx, canonical.ZoneID(zone), uint64(id)), "delete key %d of zone %s", id, zone) //nolint:gosec // Ids are positive.
}

// Metadata of one kind of a zone. A kind the zone has no values of is an empty
// list, not an error.
func (a *API) Metadata(ctx context.Context, zone, kind string) ([]string, error) {
	m, err := a.pdns.Metadata.Get(ctx, canonical.ZoneID(zone), powerdns.MetadataKind(kind))
	if err != nil {
		return nil, wrap(err, "read metadata %s of zone %s", kind, zone)
	}
	return m.Metadata, nil
}

// SetMetadata of one kind of a zone.
func (a *API) SetMetadata(ctx context.Context, zone, kind string, values []string) error {
	_, err := a.pdns.Metadata.Set(ctx, canonical.ZoneID(zone), powerdns.MetadataKind(kind), values)
	return wrap(err, "set metadata %s of zone %s", kind, zone)
}

// DeleteMetadata of one kind of a zone.
func (a *API) DeleteMetadata(ctx context.Context, zone, kind string) error {
	return wrap(a.pdns.Metadata.Delete(ctx, canonical.ZoneID(zone), powerdns.MetadataKind(kind)), "delete metadata %s of zone %s", kind, zone)
}

// A TSIGKey and its secret.
type TSIGKey struct {
	ID        string
	Name      string
	Algorithm string
	Secret    string
}

func tsigKey(k *powerdns.TSIGKey) *TSIGKey {
	return &TSIGKey{
		ID:        powerdns.StringValue(k.ID),
		Name:      canonical.Name(powerdns.StringValue(k.Name)),
		Algorithm: powerdns.StringValue(k.Algorithm),
		Secret:    powerdns.StringValue(k.Key),
	}
}

// TSIGKey by name, with its secret.
func (a *API) TSIGKey(ctx context.Context, name string) (*TSIGKey, error) {
	k, err := a.pdns.TSIGKeys.Get(ctx, canonical.ZoneID(name)+".")
	if err != nil {
		return nil, wrap(err, "read TSIG key %s", name)
	}
	return tsigKey(k), nil
}

// CreateTSIGKey with a secret, or with one the server generates.
func (a *API) CreateTSIGKey(ctx context.Context, name, algorithm, secret string) (*TSIGKey, error) {
	k, err := a.pdns.TSIGKeys.Create(ctx, strings.TrimSuffix(name, "."), algorithm, secret)
	if err != nil {
		return nil, wrap(err, "create TSIG key %s", name)
	}
	return tsigKey(k), nil
}

// ChangeTSIGKey changes the algorithm and, unless it is empty, the secret.
func (a *API) ChangeTSIGKey(ctx context.Context, name, algorithm, secret string) error {
	k := powerdns.TSIGKey{Algorithm: &algorithm}
	if secret != "" {
		k.Key = &secret
	}
	_, err := a.pdns.TSIGKeys.Change(ctx, canonical.ZoneID(name)+".", k)
	return wrap(err, "change TSIG key %s", name)
}

// DeleteTSIGKey by name.
func (a *API) DeleteTSIGKey(ctx context.Context, name string) error {
	return wrap(a.pdns.TSIGKeys.Delete(ctx, canonical.ZoneID(name)+"."), "delete TSIG key %s", name)
}

// Autoprimaries of the server.
func (a *API) Autoprimaries(ctx context.Context) ([]Autoprimary, error) {
	out := []Autoprimary{}
	err := a.call(ctx, http.MethodGet, "/autoprimaries", nil, nil, &out)
	return out, wrap(err, "list autoprimaries")
}

// CreateAutoprimary on the server.
func (a *API) CreateAutoprimary(ctx context.Context, p Autoprimary) error {
	return wrap(a.call(ctx, http.MethodPost, "/autoprimaries", nil, p, nil), "create autoprimary %s %s", p.IP, p.Nameserver)
}

// DeleteAutoprimary from the server.
func (a *API) DeleteAutoprimary(ctx context.Context, p Autoprimary) error {
	path := "/autoprimaries/" + url.PathEscape(p.IP) + "/" + url.PathEscape(p.Nameserver)
	return wrap(a.call(ctx, http.MethodDelete, path, nil, nil, nil), "delete autoprimary %s %s", p.IP, p.Nameserver)
}
