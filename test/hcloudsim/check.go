package hcloudsim

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

var (
	// hostname per RFC 1123.
	hostname = regexp.MustCompile(`^([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9])(\.([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]))*$`)
	dnsName  = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]*[a-zA-Z0-9_])?)*\.?$`)
)

func oneOf(name, v string, of ...string) error {
	if slices.Contains(of, v) {
		return nil
	}
	return invalid(name, "must be one of %s", strings.Join(of, ", "))
}

func between(name string, n, from, to int) error {
	if n < from || n > to {
		return invalid(name, "must be between %d and %d", from, to)
	}
	return nil
}

func location(name string, r schema.IDOrName) (schema.Location, error) {
	if r == (schema.IDOrName{}) {
		return schema.Location{}, invalid(name, "is missing")
	}
	l, ok := offered[schema.Location]("locations", r)
	if !ok {
		return l, invalid(name, "location does not exist")
	}
	return l, nil
}
