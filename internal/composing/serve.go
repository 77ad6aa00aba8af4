package composing

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"google.golang.org/grpc/health"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	function "github.com/crossplane/function-sdk-go"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// gcPercent of a function's process. What lives between calls is a few MB, what
// a call leaves behind is about as much: Go's default would collect every few
// calls, whatever there is to gain.
const gcPercent = 400

// drain is how long calls in flight get when the process is told to stop.
const drain = 5 * time.Second

// Flags every function takes. The first four are those the function
// specification asks for.
type Flags struct {
	Debug              bool   `help:"Log what each run decides." short:"d"`
	Network            string `default:"tcp" help:"Network on which to listen for gRPC connections."`
	Address            string `default:":9443" help:"Address at which to listen for gRPC connections."`
	TLSCertsDir        string `env:"TLS_SERVER_CERTS_DIR" help:"Folder with the server certificate (tls.crt, tls.key) and the CA that signs Crossplane's client certificate (ca.crt)."`
	Insecure           bool   `help:"Serve without mTLS. For development."`
	MaxRecvMessageSize int    `default:"4" help:"Largest request accepted, in MB."`
	MetricsAddress     string `default:":8080" help:"Address Prometheus metrics are served at. Empty turns them off."`
	HealthAddress      string `default:":8081" help:"Address /healthz is served at. Empty turns it off."`
}

// A Served is a function that a program can serve.
type Served struct {
	name, description string
	create            func(logging.Logger) fnv1.FunctionRunnerServiceServer
}

// Serve has a program serve the composer's function under that name.
func Serve[T any](name, description string, c Composer[T]) Served {
	return Served{name: name, description: description, create: func(log logging.Logger) fnv1.FunctionRunnerServiceServer { return NewFunction(log, c) }}
}

// A command of the program serves one function.
type command struct {
	Flags

	create func(logging.Logger) fnv1.FunctionRunnerServiceServer
}

// Run the function until the process is told to stop.
func (c *command) Run() error { return serve(&c.Flags, c.create) }

// Main serves the function that the program's first argument names until the
// process is told to stop.
func Main(program, description string, functions ...Served) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	o := []kong.Option{kong.Name(program), kong.Description(description)}
	for _, f := range functions {
		o = append(o, kong.DynamicCommand(f.name, f.description, "", &command{create: f.create}))
	}
	k := kong.Parse(&struct{}{}, o...)
	k.FatalIfErrorf(k.Run())
}

func serve(f *Flags, create func(logging.Logger) fnv1.FunctionRunnerServiceServer) error {
	log, err := function.NewLogger(f.Debug)
	if err != nil {
		return errors.Wrap(err, "cannot create logger")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	if err := serveHealth(ctx, f.HealthAddress); err != nil {
		return err
	}
	fn := &draining{FunctionRunnerServiceServer: create(log)}
	done := make(chan error, 1)
	go func() {
		done <- function.Serve(fn,
			function.Listen(f.Network, f.Address),
			function.MTLSCertificates(f.TLSCertsDir),
			function.Insecure(f.Insecure),
			function.MaxRecvMessageSize(f.MaxRecvMessageSize*1024*1024),
			function.WithHealthServer(health.NewServer()),
			function.WithMetricsServer(f.MetricsAddress))
	}()
	select {
	case err := <-done:
		return errors.Wrap(err, "cannot serve")
	case <-ctx.Done():
		// The SDK's server cannot be told to stop. Core retries a call that
		// fails, so it is enough to let those in flight finish.
		fn.wait(drain)
		return nil
	}
}

// draining counts the calls in flight.
type draining struct {
	fnv1.FunctionRunnerServiceServer

	calls sync.WaitGroup
}

// RunFunction calls the wrapped function.
func (d *draining) RunFunction(ctx context.Context, req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	d.calls.Add(1)
	defer d.calls.Done()
	return d.FunctionRunnerServiceServer.RunFunction(ctx, req)
}

func (d *draining) wait(atMost time.Duration) {
	idle := make(chan struct{})
	go func() {
		d.calls.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(atMost):
	}
}

// serveHealth answers probes over plain HTTP: a kubelet has no certificate
// that the gRPC port would accept.
func serveHealth(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	lis, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Wrap(err, "cannot listen for health probes")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: drain}
	go func() { _ = srv.Serve(lis) }()
	return nil
}
