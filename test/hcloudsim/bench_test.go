package hcloudsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkList of a project with 300 servers that a load balancer selects:
// the most expensive question there is.
func BenchmarkList(b *testing.B) {
	sim := New(Config{Tokens: map[string]string{testToken: "a"}, RateLimit: 1 << 30, Limits: map[string]int{"network_members": 0}})
	do := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+testToken)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code > http.StatusCreated {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w
	}
	do(http.MethodPost, "/v1/networks", `{"name":"n","ip_range":"10.0.0.0/16","subnets":[{"type":"cloud","network_zone":"eu-central","ip_range":"10.0.0.0/16"}]}`)
	network := sim.projects["a"].all("networks")[0].base().ID
	for i := range 300 {
		do(http.MethodPost, "/v1/servers", fmt.Sprintf(`{"name":"s%d","server_type":"cx22","image":"debian-12","location":"fsn1","labels":{"role":"worker"},"networks":[%d]}`, i, network))
	}
	do(http.MethodPost, "/v1/load_balancers", fmt.Sprintf(`{"name":"l","load_balancer_type":"lb11","location":"fsn1","network":%d,"targets":[{"type":"label_selector","label_selector":{"selector":"role=worker"},"use_private_ip":true}]}`, network))
	for b.Loop() {
		do(http.MethodGet, "/v1/servers?per_page=50", "")
	}
}
