// Command bench measures what Catalyst's functions and providers cost. It
// judges nothing: machines differ, so what counts are ratios of one run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

type options struct {
	Only   []string `enum:"functions,grpc,application,rrsets" default:"functions,grpc,application,rrsets" help:"What to measure: ${enum}."`
	Output string   `default:"docs/benchmarks.md" help:"Document that the results are written into, between its markers. Empty only prints them."`

	Benchtime time.Duration `default:"1s" help:"How long each Go benchmark runs."`

	Function          string        `help:"Program that serves our workload (hack/bench/function)." placeholder:"PATH"`
	PatchAndTransform string        `help:"Program of function-patch-and-transform. Without it there is no comparison." placeholder:"PATH"`
	Sizes             []int         `default:"10,50,200" help:"Numbers of composed resources."`
	Turn              time.Duration `default:"2s" help:"How long a function is called before it is the other's turn."`
	Rounds            int           `default:"5" help:"How many turns each function gets, after one to warm up."`

	Runs    int           `default:"3" help:"How often the quickstart is applied and deleted."`
	Settled time.Duration `default:"3m" help:"How long a settled Application is watched for writes."`

	Trace bool `help:"Print every request of the quickstart, when it came and what it took."`

	Zones  int           `default:"10" help:"Zones that the RRsets are in."`
	RRsets int           `default:"1000" help:"RRsets."`
	Idle   time.Duration `default:"3m" help:"How long idle RRsets are watched. They are polled once a minute."`

	Plane plane `embed:""`
}

func main() {
	o := options{}
	k := kong.Parse(&o, kong.Name("bench"), kong.Description("Measures functions and providers."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.FatalIfErrorf(run(ctx, o))
}

func run(ctx context.Context, o options) error {
	parts := map[string]func(context.Context, options) ([]table, error){
		"functions":   measureFunctions,
		"grpc":        measureGRPC,
		"application": measureApplication,
		"rrsets":      measureRRsets,
	}
	for _, name := range o.Only {
		before := loadAverage()
		ts, err := parts[name](ctx, o)
		if err != nil {
			return errors.Wrapf(err, "cannot measure %s", name)
		}
		r := result{name: name, load: before + " to " + loadAverage(), tables: ts}
		fmt.Println(r.markdown())
		if o.Output == "" {
			continue
		}
		if err := r.write(o.Output); err != nil {
			return err
		}
	}
	return nil
}
