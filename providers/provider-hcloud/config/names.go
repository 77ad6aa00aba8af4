package config

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/crossplane/upjet/v2/pkg/config"
)

// An identify computes Terraform's identifier from the arguments of a
// resource. It is empty when an argument is missing.
type identify func(args map[string]any) string

// assigned names are chosen by the server.
func assigned() config.ExternalName { return config.IdentifierFromProvider }

// placeholder names are chosen by the server too, but the resource wants an
// identifier it can parse before there is one.
func placeholder() config.ExternalName {
	return config.FrameworkResourceWithComputedIdentifier("id", "0")
}

// computed names follow from the arguments: what is there already is found
// before it would be created a second time.
func computed(id identify) config.ExternalName {
	return config.NewExternalNameFrom(config.IdentifierFromProvider,
		config.WithGetIDFn(func(_ config.GetIDFn, _ context.Context, name string, args map[string]any, _ map[string]any) (string, error) {
			if name != "" {
				return name, nil
			}
			return id(args), nil
		}))
}

// parseable is computed for resources that fail to read an empty identifier.
func parseable(id identify, placeholder string) config.ExternalName {
	n := config.NewExternalNameFrom(computed(id),
		config.WithGetIDFn(func(fn config.GetIDFn, ctx context.Context, name string, args map[string]any, setup map[string]any) (string, error) {
			out, err := fn(ctx, name, args, setup)
			if out == "" {
				out = placeholder
			}
			return out, err
		}))
	n.TFPluginFrameworkOptions.ComputedIdentifierAttributes = []string{"id"}
	return n
}

var argument = regexp.MustCompile(`\{(\w+)\}`)

// known names are written as a format of arguments, e.g. {network_id}-{ip_range}.
func known(format string) config.ExternalName { return computed(formatted(format)) }

func formatted(format string) identify {
	return func(args map[string]any) string {
		missing := false
		out := argument.ReplaceAllStringFunc(format, func(m string) string {
			v := text(args[m[1:len(m)-1]])
			missing = missing || v == ""
			return v
		})
		if missing {
			return ""
		}
		return out
	}
}

// attached names are those of something attached to a network, which is named
// itself or by one of its subnets.
func attached(to string) config.ExternalName {
	return parseable(func(args map[string]any) string {
		id, net := text(args[to]), text(args["network_id"])
		if subnet, _, ok := strings.Cut(text(args["subnet_id"]), "-"); ok && net == "" {
			net = subnet
		}
		if id == "" || net == "" {
			return ""
		}
		return id + "-" + net
	}, "0-0")
}

// service names a load balancer's service by the port it listens on. The
// server's defaults for web traffic are known.
func service() config.ExternalName {
	return computed(func(args map[string]any) string {
		lb, port := text(args["load_balancer_id"]), text(args["listen_port"])
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[text(args["protocol"])]
		}
		if lb == "" || port == "" {
			return ""
		}
		return lb + "__" + port
	})
}

// target names a load balancer's target the way the Terraform provider does.
func target() config.ExternalName {
	return computed(func(args map[string]any) string {
		lb := text(args["load_balancer_id"])
		if lb == "" {
			return ""
		}
		switch id := text(args["server_id"]); text(args["type"]) {
		case "server":
			if id != "" {
				return "lb-srv-tgt-" + id + "-" + lb
			}
		case "label_selector":
			return fmt.Sprintf("lb-label-selector-tgt-%x-%s", sha256.Sum256([]byte(text(args["label_selector"]))), lb)
		case "ip":
			return fmt.Sprintf("lb-ip-tgt-%x-%s", sha256.Sum256([]byte(text(args["ip"]))), lb)
		}
		return ""
	})
}

// reverse names a reverse DNS entry by what owns the address.
func reverse() config.ExternalName {
	owners := []struct{ prefix, field string }{{"s", "server_id"}, {"p", "primary_ip_id"}, {"f", "floating_ip_id"}, {"l", "load_balancer_id"}}
	return parseable(func(args map[string]any) string {
		for _, o := range owners {
			if id, ip := text(args[o.field]), text(args["ip_address"]); id != "" && ip != "" {
				return o.prefix + "-" + id + "-" + ip
			}
		}
		return ""
	}, "s-0-0.0.0.0")
}

// recordSet names a record set by its name and type, as the API does.
func recordSet() config.ExternalName { return parseable(formatted("{name}/{type}"), "@/NONE") }

// joined names a resource without an identifier by its arguments.
func joined(fields ...string) config.ExternalName {
	return config.NewExternalNameFrom(config.IdentifierFromProvider,
		config.WithGetExternalNameFn(func(_ config.GetExternalNameFn, state map[string]any) (string, error) {
			parts := make([]string, 0, len(fields))
			for _, f := range fields {
				parts = append(parts, text(state[f]))
			}
			return strings.Join(parts, "/"), nil
		}))
}

// text of a string or a number.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	}
	return ""
}

// numericID converts between the text of managed resources' identifiers and
// Terraform's numbers.
type numericID struct{}

// Convert the identifier of a resource's arguments or state.
func (numericID) Convert(values map[string]any, _ *config.Resource, mode config.Mode) (map[string]any, error) {
	id, ok := values["id"]
	if !ok || id == nil || mode != config.FromTerraform {
		return values, nil
	}
	values["id"] = text(id)
	return values, nil
}
