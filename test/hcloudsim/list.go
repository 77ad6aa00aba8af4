package hcloudsim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPerPage = 25
	maxPerPage     = 50
)

// A page of a list. The API leaves out neighbours that are not there.
// Source: https://docs.hetzner.cloud/reference/cloud#pagination
type page struct {
	Page         int  `json:"page"`
	PerPage      int  `json:"per_page"`
	PreviousPage *int `json:"previous_page"`
	NextPage     *int `json:"next_page"`
	LastPage     int  `json:"last_page"`
	TotalEntries int  `json:"total_entries"`
}

func parsePage(q url.Values) (page, error) {
	p := page{Page: 1, PerPage: defaultPerPage}
	for _, f := range []struct {
		name string
		into *int
	}{{"page", &p.Page}, {"per_page", &p.PerPage}} {
		if !q.Has(f.name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(f.name))
		if err != nil || n < 1 {
			return p, invalid(f.name, "must be a positive number")
		}
		*f.into = n
	}
	// The API cuts what is asked beyond its maximum, and says so in the answer.
	p.PerPage = min(p.PerPage, maxPerPage)
	return p, nil
}

// of total entries, the half-open range that is on the page.
func (p *page) of(total int) (int, int) {
	p.TotalEntries = total
	p.LastPage = max(1, (total+p.PerPage-1)/p.PerPage)
	if p.Page > 1 {
		p.PreviousPage = new(min(p.Page-1, p.LastPage))
	}
	if p.Page < p.LastPage {
		p.NextPage = new(p.Page + 1)
	}
	return min((p.Page-1)*p.PerPage, total), min(p.Page*p.PerPage, total)
}

// links is the Link header that repeats the page's neighbours.
func (p *page) links(u *url.URL) string {
	var out []string
	add := func(n int, rel string) {
		q := u.Query()
		q.Set("page", strconv.Itoa(n))
		q.Set("per_page", strconv.Itoa(p.PerPage))
		out = append(out, fmt.Sprintf("<%s?%s>; rel=%q", u.Path, q.Encode(), rel))
	}
	if p.PreviousPage != nil {
		add(*p.PreviousPage, "prev")
	}
	if p.NextPage != nil {
		add(*p.NextPage, "next")
	}
	add(p.LastPage, "last")
	return strings.Join(out, ", ")
}

// listed is an answer with one page of rows.
func listed[T any](c *call, key string, rows []T, view func(T) any) (answer, error) {
	p, err := parsePage(c.query)
	if err != nil {
		return answer{}, err
	}
	from, to := p.of(len(rows))
	views := make([]any, 0, to-from)
	for _, r := range rows[from:to] {
		views = append(views, view(r))
	}
	return answer{
		Status: http.StatusOK,
		Body:   map[string]any{key: views, "meta": map[string]any{"pagination": p}},
		Link:   p.links(c.url),
	}, nil
}

// An order compares two rows by one key.
type order[T any] map[string]func(a, b T) int

// sortRows by the query's sort parameters, each "key" or "key:asc|desc".
func sortRows[T any](rows []T, by []string, keys order[T]) error {
	compare := make([]func(a, b T) int, 0, len(by))
	for _, s := range by {
		key, dir, _ := strings.Cut(s, ":")
		f, ok := keys[key]
		if !ok || (dir != "" && dir != "asc" && dir != "desc") {
			return invalid("sort", "'%s' is not a valid sort criterion", s)
		}
		if dir == "desc" {
			compare = append(compare, func(a, b T) int { return f(b, a) })
			continue
		}
		compare = append(compare, f)
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		for _, f := range compare {
			if n := f(a, b); n != 0 {
				return n
			}
		}
		return 0
	})
	return nil
}

var objectOrder = order[object]{
	"id":      func(a, b object) int { return cmp.Compare(a.base().ID, b.base().ID) },
	"name":    func(a, b object) int { return cmp.Compare(a.base().Name, b.base().Name) },
	"created": func(a, b object) int { return a.base().Created.Compare(b.base().Created) },
}

// list the objects of a kind that the query asks for.
func (k *kind) list(c *call) (answer, error) {
	sel, err := parseSelector(c.query.Get("label_selector"))
	if err != nil {
		return answer{}, err
	}
	var rows []object
	p := c.sim.faults.past(c)
	for _, o := range slices.Concat(catalog.all(k.plural), p.all(k.plural)) {
		if c.has(o) && sel.matches(o.base().Labels) && k.wanted(o, c.query) {
			rows = append(rows, o)
		}
	}
	keys := order[object]{}
	for _, s := range k.sorts {
		keys[s] = objectOrder[s]
	}
	if err := sortRows(rows, c.query["sort"], keys); err != nil {
		return answer{}, err
	}
	return listed(c, k.keys(), rows, func(o object) any { return p.show(o, c.now) })
}

// wanted by the query's filters: a filter without values lets everything pass,
// one with several lets any of them pass.
func (k *kind) wanted(o object, q url.Values) bool {
	if q.Has("name") && q.Get("name") != "" && o.base().Name != q.Get("name") {
		return false
	}
	for name, has := range k.filters {
		if q.Has(name) && !slices.ContainsFunc(q[name], func(v string) bool { return has(o, v) }) {
			return false
		}
	}
	return true
}
