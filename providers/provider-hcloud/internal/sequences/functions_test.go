package sequences

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"
)

// root of the repository.
const root = "../../../.."

// A function that runs as a process of its own, as it does in production: its
// package is a program, which cannot be imported.
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

// startFunctions builds and starts the functions of the kinds, by kind.
func startFunctions(t *testing.T, folders map[string]string) map[string]*function {
	t.Helper()
	dir, err := os.MkdirTemp("", "sequences")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program := filepath.Join(dir, "functions")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./functions")
	build.Dir = root
	if b, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build functions: %v\n%s", err, b)
	}
	out := map[string]*function{}
	for kind, folder := range folders {
		socket := filepath.Join(dir, folder+".sock")
		cmd := exec.CommandContext(t.Context(), program, folder, "--insecure", "--network=unix", "--address="+socket, "--metrics-address=", "--health-address=")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		out[kind] = dial(t, socket)
	}
	return out
}

func dial(t *testing.T, socket string) *function {
	t.Helper()
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	c := fnv1.NewFunctionRunnerServiceClient(conn)
	f := &function{in: make(chan *fnv1.RunFunctionRequest), out: make(chan answer)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.RunFunction(ctx, &fnv1.RunFunctionRequest{}, grpc.WaitForReady(true)); err != nil {
		t.Fatal(fmt.Errorf("function at %s does not answer: %w", socket, err))
	}
	go f.serve(c)
	t.Cleanup(func() {
		close(f.in)
		_ = conn.Close()
	})
	return f
}
