package clients

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/test/servers/powerdns"
)

func TestPathsAndHeaders(t *testing.T) {
	cases := map[string]struct {
		reason      string
		path        string
		credentials string
		want        map[string]string
	}{
		"Plain":     {reason: "A server at the root of its host.", credentials: "k", want: map[string]string{"uri": "/api/v1/servers/localhost/zones/example.org.", "key": "k"}},
		"Prefix":    {reason: "A server published under a path.", path: "/dns", credentials: "k", want: map[string]string{"uri": "/dns/api/v1/servers/localhost/zones/example.org.", "key": "k"}},
		"APIPath":   {reason: "The API's own path is often part of the URL.", path: "/api", credentials: "k", want: map[string]string{"uri": "/api/v1/servers/localhost/zones/example.org.", "key": "k"}},
		"PrefixAPI": {reason: "Both.", path: "/dns/api/v1/", credentials: "k", want: map[string]string{"uri": "/dns/api/v1/servers/localhost/zones/example.org.", "key": "k"}},
		"BasicAuth": {reason: "A proxy before the server wants a password.", credentials: `{"apiKey":"k","username":"u","password":"p"}`, want: map[string]string{"uri": "/api/v1/servers/localhost/zones/example.org.", "key": "k", "user": "u", "password": "p"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := []map[string]string{}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				m := map[string]string{"uri": r.RequestURI, "key": r.Header.Get("X-Api-Key")}
				if u, p, ok := r.BasicAuth(); ok {
					m["user"], m["password"] = u, p
				}
				got = append(got, m)
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{}`))
			}))
			defer srv.Close()
			a, err := NewAPI(provider.Endpoint{URL: srv.URL + tc.path, Credentials: tc.credentials})
			if err != nil {
				t.Fatal(err)
			}
			// One call of our own, and one of go-powerdns.
			if _, err := a.Zone(t.Context(), "Example.org"); err != nil {
				t.Fatal(err)
			}
			if err := a.DeleteZone(t.Context(), "Example.org"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]map[string]string{tc.want, tc.want}, got); diff != "" {
				t.Errorf("%s\nrequests: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBadEndpoint(t *testing.T) {
	cases := map[string]struct {
		reason string
		e      provider.Endpoint
		want   string
	}{
		"URL":         {reason: "A URL names a host.", e: provider.Endpoint{URL: "dns.example.org", Credentials: "k"}, want: "spec.url"},
		"Credentials": {reason: "Credentials stay secret when they are malformed.", e: provider.Endpoint{URL: "http://h", Credentials: `{"apiKey":"hush`}, want: "can't be parsed"},
		"NoKey":       {reason: "There must be a key.", e: provider.Endpoint{URL: "http://h", Credentials: `{"username":"hush"}`}, want: "without apiKey"},
		"CABundle":    {reason: "A bundle holds certificates.", e: provider.Endpoint{URL: "http://h", Credentials: "k", CABundle: []byte("x")}, want: "spec.caBundle"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := NewServers(Options{}).Get(tc.e)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s\nwant an error with %q and no credentials, got %v", tc.reason, tc.want, err)
			}
		})
	}
}

func TestEmptyRecordsNeverReachTheServer(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("want no request") }))
	defer srv.Close()
	s, err := NewServers(Options{}).Get(provider.Endpoint{URL: srv.URL, Credentials: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(t.Context(), "example.org.", RRset{Name: "www.example.org.", Type: "A"}); err == nil {
		t.Error("Replace: want an error, got none")
	}
	if err := s.API.PatchZone(t.Context(), "example.org.", []RRset{{Name: "www.example.org.", Type: "A", ChangeType: replace}}); err == nil {
		t.Error("PatchZone: want an error, got none")
	}
}

func TestPrivateKeysAreNotKept(t *testing.T) {
	data, err := json.Marshal(CryptoKey{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "private") {
		t.Errorf("want no private part, got %s", data)
	}
}

// TestErrors are told apart whatever they look like on the wire.
func TestErrors(t *testing.T) {
	s := powerdns.Start(t)
	a, err := NewAPI(provider.Endpoint{URL: s.URL, Credentials: powerdns.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := a.Zone(ctx, "no.example"); !IsNotFound(err) {
		t.Errorf("missing zone: want not found, got %v", err)
	}
	for i, want := range []bool{false, true} {
		err := a.CreateZone(ctx, "a.example.", []string{"ns1.example.net."}, map[string]any{"kind": "Native"})
		if IsConflict(err) != want {
			t.Errorf("create %d: want conflict %t, got %v", i+1, want, err)
		}
	}
	err = a.CreateZone(ctx, "Not.Canonical", nil, map[string]any{"kind": "Native"})
	e := &Error{}
	if !IsInvalid(err) || !errors.As(err, &e) || !strings.Contains(e.Message, "is not canonical") {
		t.Errorf("name without dot: want the server's word, got %v", err)
	}
}

// TestBesideGoPowerDNS makes the calls go-powerdns lacks.
func TestBesideGoPowerDNS(t *testing.T) {
	s := powerdns.Start(t)
	a, err := NewAPI(provider.Endpoint{URL: s.URL, Credentials: powerdns.APIKey})
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := t.Context(), Autoprimary{IP: "192.0.2.53", Nameserver: "ns1.example.net", Account: "acme"}
	if err := a.CreateAutoprimary(ctx, p); err != nil {
		t.Fatal(err)
	}
	got, err := a.Autoprimaries(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Autoprimary{p}, got); diff != "" {
		t.Errorf("Autoprimaries: -want, +got:\n%s", diff)
	}
	if err := a.DeleteAutoprimary(ctx, p); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Autoprimaries(ctx); err != nil || len(got) != 0 {
		t.Errorf("want no autoprimaries after delete, got %v, error %v", got, err)
	}
}
