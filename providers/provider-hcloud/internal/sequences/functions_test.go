package sequences

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
)

// root of the repository.
const root = "../../../.."

// A function that runs as a process of its own, as it does in production.
type function struct {
	mu  sync.Mutex
	in  chan *fnv1.RunFunctionRequest
	out chan answer
}

type answer struct {
	rsp *fnv1.RunFunctionResponse
	err error
}

// run the function. Its connection belongs to a goroutine outside of the
// caller's bubble of fake time, which stands still meanwhile.
func (f *function) run(req *fnv1.RunFunctionRequest) (*fnv1.RunFunctionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in <- req
	a := <-f.out
	return a.rsp, a.err
}

func (f *function) serve(c fnv1.FunctionRunnerServiceClient) {
	for req := range f.in {
		rsp, err := c.RunFunction(context.Background(), req)
		f.out <- answer{rsp, err}
	}
}

// functions by the kind they compose. They are built and started for whoever needs
// them first, and stopped after all tests.
var functions = sync.OnceValues(func() (map[string]*function, error) {
	dir, err := os.MkdirTemp("", "sequences")
	if err != nil {
		return nil, err
	}
	stops = append(stops, func() { _ = os.RemoveAll(dir) })
	program := filepath.Join(dir, "functions")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", program, "./functions")
	build.Dir = root
	if b, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot build functions: %w\n%s", err, b)
	}
	out := map[string]*function{}
	for kind, folder := range map[string]string{catalyst.KindHostCluster: "hostcluster", catalyst.KindNodePool: "nodepool"} {
		socket := filepath.Join(dir, folder+".sock")
		cmd := exec.CommandContext(context.Background(), program, folder, "--insecure", "--network=unix", "--address="+socket, "--metrics-address=", "--health-address=")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		stops = append(stops, func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		if out[kind], err = dial(socket); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// stops of what the tests have started.
var stops []func()

func dial(socket string) (*function, error) {
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	stops = append(stops, func() { _ = conn.Close() })
	c := fnv1.NewFunctionRunnerServiceClient(conn)
	f := &function{in: make(chan *fnv1.RunFunctionRequest), out: make(chan answer)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := c.RunFunction(ctx, &fnv1.RunFunctionRequest{}, grpc.WaitForReady(true)); err != nil {
		return nil, fmt.Errorf("function at %s does not answer: %w", socket, err)
	}
	go f.serve(c)
	return f, nil
}
