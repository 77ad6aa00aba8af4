// Command hcloudsim serves a stand-in for Hetzner's Cloud API. It is a test
// double: nothing it says exists.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/openova-io/catalyst/test/hcloudsim"
)

const grace = 5 * time.Second

// pairs is a flag of the form key=value, given once or separated by commas.
type pairs map[string]string

func (p pairs) String() string { return fmt.Sprint(map[string]string(p)) }

func (p pairs) Set(s string) error {
	for kv := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" || v == "" {
			return fmt.Errorf("want name=value, got %q", kv)
		}
		p[k] = v
	}
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	projects, limits := pairs{}, pairs{}
	fs := flag.NewFlagSet("hcloudsim", flag.ContinueOnError)
	listen := fs.String("listen", "127.0.0.1:8099", "address to listen on")
	fs.Var(projects, "token", "project=token, repeated or separated by commas; default=sim if none")
	fs.Var(limits, "limits", "limit=number, repeated or separated by commas, such as servers=10; 0 is no limit")
	duration := fs.Duration("action-duration", time.Second, "how long most actions run")
	rate := fs.Int("rate-limit", 0, "requests an hour and project, 3600 if 0")
	release := fs.Duration("firewall-release", 0, "how long a firewall stays in use after its servers are gone")
	strict := fs.Bool("strict-locks", false, "refuse what the API queues")
	state := fs.String("state", "", "file to keep everything in over a restart")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if len(projects) == 0 {
		projects["default"] = "sim"
	}
	cfg := hcloudsim.Config{
		Tokens: map[string]string{}, Limits: map[string]int{}, ActionDuration: *duration, RateLimit: *rate,
		FirewallRelease: *release, StrictLocks: *strict, StateFile: *state,
	}
	for project, token := range projects {
		cfg.Tokens[token] = project
	}
	for name, v := range limits {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("limit %s is no number: %w", name, err)
		}
		cfg.Limits[name] = n
	}
	sim := hcloudsim.New(cfg)
	if err := sim.Load(); err != nil {
		return err
	}
	return serve(sim, *listen)
}

func serve(sim *hcloudsim.Sim, listen string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv := &http.Server{Addr: listen, Handler: sim, ReadHeaderTimeout: grace}
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = srv.Shutdown(end)
	}()
	log.Printf("hcloudsim, a test double of Hetzner's Cloud API, at http://%s/v1", listen)
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve: %w", err)
	}
	return nil
}
