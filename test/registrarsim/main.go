// Program registrarsim stands in for Cloudflare in a scenario: what it is told of
// names in a zone goes straight into that zone on a PowerDNS, as the parent zone of
// a domain gets what a registrar is told. It knows what package registrar of
// provider-powerdns asks about, and no more; that package's tests have stricter
// stand-ins. It also answers DNS queries as the zone's own servers would.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

type program struct {
	Address  string `default:"127.0.0.1:8080"                                     help:"Address to serve at."`
	Zone     string `help:"Zone on PowerDNS, which the account has."              required:""`
	Token    string `help:"Token that opens the API."                             required:""`
	TTL      int    `default:"5"                                                  help:"TTL of what is told, in seconds."`
	PowerDNS string `help:"URL of PowerDNS's HTTP API."                           name:"powerdns"                         required:""`
	DNS      string `default:"127.0.0.1:8053"                                     help:"Address to answer DNS queries at." name:"dns"`
	Server   string `help:"Address that PowerDNS answers DNS queries at."         required:""`
	KeyFile  string `help:"File with PowerDNS's API key."                         required:""                             type:"existingfile"`

	key string
}

// A record as Cloudflare's API has it.
type record struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Content string `json:"content,omitempty"`
	TTL     int    `json:"ttl"`
	Data    *struct {
		KeyTag     int    `json:"key_tag"`
		Algorithm  int    `json:"algorithm"`
		DigestType int    `json:"digest_type"`
		Digest     string `json:"digest"`
	} `json:"data,omitempty"`
}

// An rrset as PowerDNS's API has it.
type rrset struct {
	Name       string           `json:"name"`
	Type       string           `json:"type"`
	TTL        int              `json:"ttl"`
	ChangeType string           `json:"changetype,omitempty"`
	Records    []map[string]any `json:"records"`
}

func main() {
	p := &program{}
	k := kong.Parse(p, kong.Name("registrarsim"), kong.Description("Stands in for Cloudflare in a scenario."))
	key, err := os.ReadFile(p.KeyFile)
	k.FatalIfErrorf(err)
	p.key = strings.TrimSpace(string(key))
	k.FatalIfErrorf((&front{zone: p.Zone, server: p.Server}).listen(p.DNS))
	srv := &http.Server{Addr: p.Address, Handler: p, ReadHeaderTimeout: 10 * time.Second}
	k.FatalIfErrorf(srv.ListenAndServe())
}

func answer(w http.ResponseWriter, status int, result any, failure string) {
	out := map[string]any{"success": failure == "", "errors": []any{}, "result": result}
	if failure != "" {
		out["errors"] = []any{map[string]any{"code": 1000, "message": failure}}
	}
	data, err := json.Marshal(out)
	if err != nil {
		status, data = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// ServeHTTP serves Cloudflare's API. The id of the zone is its name.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+p.Token {
		answer(w, http.StatusUnauthorized, nil, "Invalid API Token")
		return
	}
	result, err := p.serve(r)
	if err != nil {
		log.Printf("%s %s: %v", r.Method, r.URL, err)
		answer(w, http.StatusBadRequest, nil, err.Error())
		return
	}
	log.Printf("%s %s", r.Method, r.URL)
	answer(w, http.StatusOK, result, "")
}

func (p *program) serve(r *http.Request) (any, error) {
	q, records := r.URL.Query(), "/zones/"+p.Zone+"/dns_records"
	id, one := strings.CutPrefix(r.URL.Path, records+"/")
	switch {
	case r.URL.Path == "/zones" && q.Get("name") != p.Zone:
		return []any{}, nil
	case r.URL.Path == "/zones":
		return []any{map[string]any{"id": p.Zone, "name": p.Zone}}, nil
	case r.URL.Path == records && r.Method == http.MethodGet:
		return p.list(r.Context(), q.Get("name"), q.Get("type"))
	case r.URL.Path == records && r.Method == http.MethodPost:
		in := record{}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, err
		}
		if d := in.Data; d != nil {
			in.Content = fmt.Sprintf("%d %d %d %s", d.KeyTag, d.Algorithm, d.DigestType, strings.ToLower(d.Digest))
		}
		return in, p.change(r.Context(), in.Name, in.Type, func(have []string) []string { return append(have, in.Content) })
	case one && r.Method == http.MethodDelete:
		plain, err := hex.DecodeString(id)
		parts := strings.SplitN(string(plain), "/", 3) //nolint:mnd // Name, type and content.
		if err != nil || len(parts) < 3 {
			return nil, fmt.Errorf("no record %q", id)
		}
		return nil, p.change(r.Context(), parts[0], parts[1], func(have []string) []string {
			return slices.DeleteFunc(have, func(c string) bool { return c == parts[2] })
		})
	default:
		return nil, fmt.Errorf("nothing is served there")
	}
}

func (p *program) list(ctx context.Context, name, typ string) ([]record, error) {
	have, err := p.contents(ctx, name, typ)
	out := []record{}
	for _, c := range have {
		out = append(out, record{ID: hex.EncodeToString([]byte(name + "/" + typ + "/" + c)), Type: typ, Name: name, Content: c, TTL: 1})
	}
	return out, err
}

// contents of a name's records, names without trailing dots.
func (p *program) contents(ctx context.Context, name, typ string) ([]string, error) {
	zone := struct {
		RRsets []rrset `json:"rrsets"`
	}{}
	if err := p.powerdns(ctx, http.MethodGet, "?"+url.Values{"rrset_name": {name + "."}, "rrset_type": {typ}}.Encode(), nil, &zone); err != nil {
		return nil, err
	}
	out := []string{}
	for _, rr := range zone.RRsets {
		if rr.Name != name+"." || rr.Type != typ {
			continue
		}
		for _, r := range rr.Records {
			out = append(out, strings.TrimSuffix(fmt.Sprint(r["content"]), "."))
		}
	}
	return out, nil
}

// change a name's records.
func (p *program) change(ctx context.Context, name, typ string, to func([]string) []string) error {
	have, err := p.contents(ctx, name, typ)
	if err != nil {
		return err
	}
	rr := rrset{Name: name + ".", Type: typ, TTL: p.TTL, ChangeType: "REPLACE", Records: []map[string]any{}}
	for _, c := range to(have) {
		if typ == "NS" {
			c += "."
		}
		rr.Records = append(rr.Records, map[string]any{"content": c, "disabled": false})
	}
	if len(rr.Records) == 0 {
		rr.ChangeType = "DELETE"
	}
	return p.powerdns(ctx, http.MethodPatch, "", map[string]any{"rrsets": []rrset{rr}}, nil)
}

func (p *program) powerdns(ctx context.Context, method, query string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.PowerDNS+"/api/v1/servers/localhost/zones/"+p.Zone+"."+query, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("X-Api-Key", p.key)
	r.Header.Set("Content-Type", "application/json")
	rsp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer rsp.Body.Close() //nolint:errcheck // It was only read.
	got, err := io.ReadAll(rsp.Body)
	if err != nil || rsp.StatusCode >= http.StatusBadRequest {
		return cmp.Or(err, fmt.Errorf("PowerDNS answers %s: %s", rsp.Status, got))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got, into)
}
