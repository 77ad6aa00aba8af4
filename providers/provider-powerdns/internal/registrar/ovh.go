package registrar

import (
	"context"
	"crypto/sha1" //nolint:gosec // OVH's signature is made with it.
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ovh sets the nameservers of domains that are registered there. A change is a
// task, which is done minutes later. DS records are OVH's own business while it
// hosts the zone, and are set by public keys otherwise, which a Delegation does
// not have.
type ovh struct {
	*account

	key, secret, consumer string
	now                   func() time.Time
}

func newOVH(c Config) (Registrar, error) {
	p, err := parts(c, "applicationKey:applicationSecret:consumerKey")
	if err != nil {
		return nil, err
	}
	a, err := newAccount(c, "https://eu.api.ovh.com/1.0", p...)
	if err != nil {
		return nil, err
	}
	return &ovh{account: a, key: p[0], secret: p[1], consumer: p[2], now: time.Now}, nil
}

// call the API about a domain.
func (o *ovh) call(ctx context.Context, op, method, domain, path string, query url.Values, body, into any) error {
	r, err := o.do(ctx, request{op: op, method: method, path: "/domain/" + url.PathEscape(bareName(domain)) + path, query: query, body: body, sign: o.sign})
	if err != nil {
		return err
	}
	if !r.good() {
		return o.refusal(op, r)
	}
	if into != nil && json.Unmarshal(r.body, into) != nil {
		return o.unreadable(op, r)
	}
	return nil
}

// sign a request.
// https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api
func (o *ovh) sign(r *http.Request, body []byte) {
	at := strconv.FormatInt(o.now().Unix(), 10)
	sum := sha1.Sum([]byte(strings.Join([]string{o.secret, o.consumer, r.Method, r.URL.String(), string(body), at}, "+"))) //nolint:gosec // As above.
	r.Header.Set("X-Ovh-Application", o.key)
	r.Header.Set("X-Ovh-Consumer", o.consumer)
	r.Header.Set("X-Ovh-Timestamp", at)
	r.Header.Set("X-Ovh-Signature", "$1$"+hex.EncodeToString(sum[:]))
}

func (o *ovh) refusal(op string, r *answer) error {
	e := struct {
		Code    string `json:"errorCode"`
		Message string `json:"message"`
	}{}
	if json.Unmarshal(r.body, &e) != nil {
		return o.unreadable(op, r)
	}
	c := causeOf(r.status)
	switch e.Code {
	case "INVALID_CREDENTIAL", "INVALID_KEY", "INVALID_SIGNATURE", "QUERY_TIME_OUT":
		c = Unauthorized
	case "NOT_GRANTED_CALL":
		c = Forbidden
	}
	return o.fail(op, r, c, strings.TrimSpace(e.Code+" "+e.Message))
}

// An ovhTask is a change that OVH carries out.
type ovhTask struct {
	ID      int64  `json:"id"`
	Status  string `json:"status"`
	Comment string `json:"comment"`
}

// Observe the domain: the nameservers that it has or is about to have.
func (o *ovh) Observe(ctx context.Context, domain string) (State, error) {
	op := "read the nameservers of " + bareName(domain)
	ids := []int64{}
	if err := o.call(ctx, op, http.MethodGet, domain, "/nameServer", nil, nil, &ids); err != nil {
		return State{}, err
	}
	found := []string{}
	for _, id := range ids {
		ns := struct {
			Host     string `json:"host"`
			ToDelete bool   `json:"toDelete"`
		}{}
		if err := o.call(ctx, op, http.MethodGet, domain, fmt.Sprintf("/nameServer/%d", id), nil, nil, &ns); err != nil {
			return State{}, err
		}
		if !ns.ToDelete {
			found = append(found, ns.Host)
		}
	}
	s := State{Records: Records{Nameservers: names(found)}, Capabilities: Capabilities{SetNS: true, Async: true}}
	var err error
	if s.Task, err = o.pending(ctx, domain); err != nil || s.Task != "" {
		return s, err
	}
	failed, err := o.last(ctx, domain, "error")
	if err == nil && failed != nil {
		s.Failure = o.scrub(fmt.Sprintf("task %d failed: %s", failed.ID, failed.Comment))
	}
	return s, err
}

// pending task that changes nameservers, if there is one.
func (o *ovh) pending(ctx context.Context, domain string) (string, error) {
	for _, status := range []string{"doing", "todo"} {
		t, err := o.last(ctx, domain, status)
		if err != nil {
			return "", err
		}
		if t != nil {
			return fmt.Sprintf("task %d is %s", t.ID, status), nil
		}
	}
	return "", nil
}

// last task that changes nameservers and has a status.
func (o *ovh) last(ctx context.Context, domain, status string) (*ovhTask, error) {
	op := "read the tasks of " + bareName(domain)
	ids := []int64{}
	if err := o.call(ctx, op, http.MethodGet, domain, "/task", url.Values{"function": {"DomainDnsUpdate"}, "status": {status}}, nil, &ids); err != nil || len(ids) == 0 {
		return nil, err
	}
	t := &ovhTask{}
	return t, o.call(ctx, op, http.MethodGet, domain, fmt.Sprintf("/task/%d", slices.Max(ids)), nil, nil, t)
}

// Ensure the nameservers: OVH has to stop hosting the zone first. While a task is
// on its way there is none more.
func (o *ovh) Ensure(ctx context.Context, domain string, want Records) error {
	if err := o.noDS(domain, want); err != nil || want.Nameservers == nil {
		return err
	}
	op := "set the nameservers of " + bareName(domain)
	hosts := []map[string]string{}
	for _, host := range bare(want.Nameservers) {
		if strings.Contains(host, "_") {
			return o.impossible(op, fmt.Sprintf("nameserver %s has an underscore in its name", host), "name it otherwise")
		}
		hosts = append(hosts, map[string]string{"host": host})
	}
	if task, err := o.pending(ctx, domain); err != nil || task != "" {
		return err
	}
	d := struct {
		Type string `json:"nameServerType"`
	}{}
	if err := o.call(ctx, op, http.MethodGet, domain, "", nil, nil, &d); err != nil {
		return err
	}
	if d.Type != "external" {
		if err := o.call(ctx, op, http.MethodPut, domain, "", nil, map[string]string{"nameServerType": "external"}, nil); err != nil {
			return err
		}
	}
	t := ovhTask{}
	if err := o.call(ctx, op, http.MethodPost, domain, "/nameServers/update", nil, map[string]any{"nameServers": hosts}, &t); err != nil {
		return err
	}
	if t.Status == "error" {
		return o.fail(op, &answer{status: http.StatusOK}, Refused, fmt.Sprintf("task %d failed: %s", t.ID, t.Comment))
	}
	return nil
}

// Remove is not possible.
func (o *ovh) Remove(_ context.Context, domain string) error { return o.keeps(domain) }
