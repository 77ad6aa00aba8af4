package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// benchmark is a line like
// BenchmarkRunFunction/resources=10-2  5308  286591 ns/op  10.0 resources  104193 B/op  1388 allocs/op.
var benchmark = regexp.MustCompile(`^BenchmarkRunFunction/(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// measureFunctions runs the Go benchmarks of all functions and of the
// framework.
func measureFunctions(ctx context.Context, o options) ([]table, error) {
	t := table{title: "RunFunction in process, everything composed exists and is ready", header: []string{"Function", "Input", "Composed", "µs/op", "B/op", "allocs/op"}}
	for _, c := range []struct{ name, pkg string }{
		{"Framework alone", "./internal/composing"},
		{"Organization", "./functions/organization"},
		{"Environment", "./functions/environment"},
		{"Application", "./functions/application"},
		{"Blueprint", "./functions/blueprint"},
		{"HostCluster", "./functions/hostcluster"},
		{"NodePool", "./functions/nodepool"},
		{"Sovereign", "./functions/sovereign"},
	} {
		out, err := exec.CommandContext(ctx, "go", "test", c.pkg, "-run=^$", "-bench=RunFunction", "-benchmem", "-benchtime="+o.Benchtime.String()).CombinedOutput()
		if err != nil {
			return nil, errors.Wrapf(err, "cannot run the benchmarks of %s: %s", c.pkg, out)
		}
		for line := range strings.Lines(string(out)) {
			m := benchmark.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				continue
			}
			v, err := values(m[2])
			if err != nil {
				return nil, err
			}
			t.add(c.name, strings.ReplaceAll(m[1], "_", " "), fmt.Sprintf("%.0f", v["composed"]), fmt.Sprintf("%.0f", v["ns/op"]/1000), fmt.Sprintf("%.0f", v["B/op"]), fmt.Sprintf("%.0f", v["allocs/op"]))
		}
	}
	return []table{t}, nil
}

// values of a benchmark's line by their unit.
func values(s string) (map[string]float64, error) {
	out := map[string]float64{}
	fields := strings.Fields(s)
	for i := 0; i+1 < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil, errors.Wrapf(err, "cannot read the benchmark %q", s)
		}
		out[fields[i+1]] = v
	}
	return out, nil
}
