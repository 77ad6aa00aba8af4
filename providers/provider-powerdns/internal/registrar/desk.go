package registrar

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

const (
	// Patience is how long what a registrar said is taken for what it would say:
	// nobody asks it more often, whatever happens.
	Patience = time.Minute
	// forgotten is after how long a domain that nobody asks for is forgotten.
	forgotten = time.Hour
)

// A Desk is where all that is asked of registrars goes through. It asks one thing
// of a domain at a time, not more often than the registrar should be asked, and
// nothing of an account that has made too many requests.
type Desk struct {
	// Now is the time.
	Now func() time.Time

	mu       sync.Mutex
	domains  map[string]*Domain
	accounts map[string]*pause
}

// NewDesk returns a desk.
func NewDesk() *Desk {
	return &Desk{Now: time.Now, domains: map[string]*Domain{}, accounts: map[string]*pause{}}
}

// A pause of an account.
type pause struct {
	mu    sync.Mutex
	until time.Time
	err   error
}

// A Domain at its registrar.
type Domain struct {
	desk      *Desk
	registrar Registrar
	name      string
	account   *pause

	mu    sync.Mutex
	asked time.Time
	// at is when the registrar was asked last, and what it said.
	at    time.Time
	state State
	err   error
	// told is when it was told something last, what, and how that went.
	told    time.Time
	what    string
	outcome error
}

// Domain of an account. Credentials that change make it another account.
func (d *Desk) Domain(c Config, name string) (*Domain, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(c.Endpoint), c.Endpoint, c.Credentials))
	key := c.Type + "/" + hex.EncodeToString(sum[:])
	name = canonical.Name(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if got := d.domains[key+"/"+name]; got != nil {
		got.asked = d.Now()
		return got, nil
	}
	r, err := New(c)
	if err != nil {
		return nil, err
	}
	for k, old := range d.domains {
		if d.Now().Sub(old.asked) > forgotten {
			delete(d.domains, k)
		}
	}
	if d.accounts[key] == nil {
		d.accounts[key] = &pause{}
	}
	out := &Domain{desk: d, registrar: r, name: name, account: d.accounts[key], asked: d.Now()}
	d.domains[key+"/"+name] = out
	return out, nil
}

// Observe the domain, unless it is known well enough.
func (d *Domain) Observe(ctx context.Context, maxAge time.Duration) (State, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || d.state.Task != "" {
		maxAge = Patience
	}
	if !d.at.IsZero() && d.desk.Now().Sub(d.at) < max(maxAge, Patience) {
		return d.state, d.err
	}
	d.look(ctx)
	return d.state, d.err
}

// look at the domain, and remember what was seen.
func (d *Domain) look(ctx context.Context) {
	d.state, d.err = State{}, d.paused()
	if d.err != nil {
		// Nothing was asked: the next to come may.
		d.at = time.Time{}
		return
	}
	d.state, d.err = d.registrar.Observe(ctx, d.name)
	d.at = d.desk.Now()
	d.heed(d.err)
}

// Ensure records, and read back what came of it: servers say yes and do nothing,
// and do it and don't say so. Told the same within a minute, a registrar is not
// asked again.
func (d *Domain) Ensure(ctx context.Context, want Records) error {
	what := fmt.Sprintf("%q %t %q %t", want.Nameservers, want.Nameservers == nil, want.DS, want.DS == nil)
	return d.tell(ctx, what, func() error { return d.registrar.Ensure(ctx, d.name, want) }, func() string { return differs(d.state, want) })
}

// Remove the delegation, and read back what came of it.
func (d *Domain) Remove(ctx context.Context) error {
	none := Records{Nameservers: []string{}, DS: []string{}}
	return d.tell(ctx, "nothing", func() error { return d.registrar.Remove(ctx, d.name) }, func() string { return differs(d.state, none) })
}

func (d *Domain) tell(ctx context.Context, what string, tell func() error, wrong func() string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.what == what && d.desk.Now().Sub(d.told) < Patience {
		return d.outcome
	}
	if err := d.paused(); err != nil {
		return err
	}
	err := tell()
	d.told, d.what = d.desk.Now(), what
	d.outcome = err
	d.heed(err)
	if c := CauseOf(err); err != nil && c != Unavailable {
		return err
	}
	d.look(ctx)
	switch {
	case d.err != nil && err == nil:
		d.outcome = d.err
	case d.err != nil:
	case d.state.Task != "" || wrong() == "":
		// The answer was lost, not the request.
		d.outcome = nil
	case err == nil:
		d.outcome = errors.Errorf("the registrar accepted a change of %s and still has %s", bareName(d.name), wrong())
	}
	return d.outcome
}

// Known is what the registrar said last.
func (d *Domain) Known() (State, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, !d.at.IsZero() && d.err == nil
}

// paused says that the account has made too many requests.
func (d *Domain) paused() error {
	d.account.mu.Lock()
	defer d.account.mu.Unlock()
	if d.desk.Now().Before(d.account.until) {
		return d.account.err
	}
	return nil
}

// heed an error that asks for a pause.
func (d *Domain) heed(err error) {
	e := &Error{}
	if !errors.As(err, &e) || e.Cause != Limited {
		return
	}
	d.account.mu.Lock()
	defer d.account.mu.Unlock()
	d.account.until, d.account.err = d.desk.Now().Add(max(e.After, Patience)), err
}

// differs says what a registrar has in place of what it should.
func differs(s State, want Records) string {
	var out []string
	if want.Nameservers != nil && !slices.Equal(s.Nameservers, names(want.Nameservers)) {
		out = append(out, "NS "+orNone(s.Nameservers))
	}
	if want.DS != nil {
		ds := make([]string, 0, len(want.DS))
		for _, w := range want.DS {
			ds = append(ds, canonical.Key("DS", w))
		}
		slices.Sort(ds)
		if !slices.Equal(s.DS, ds) {
			out = append(out, "DS "+orNone(s.DS))
		}
	}
	return strings.Join(out, " and ")
}

func orNone(s []string) string {
	if len(s) == 0 {
		return "none"
	}
	return strings.Join(s, ", ")
}
