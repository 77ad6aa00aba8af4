package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 60 * time.Second
	poll         = 100 * time.Millisecond
)

// ErrNotRunning says that no daemon supervises the control plane.
var ErrNotRunning = errors.New("the control plane isn't running")

// A Client talks to the daemon of a control plane.
type Client struct {
	state home.State
	http  *http.Client
}

// NewClient returns a Client.
func NewClient(s home.State) *Client {
	return &Client{state: s, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.Socket())
		},
	}}}
}

// Running reports whether a daemon is alive.
func (c *Client) Running() bool {
	if !c.state.Exists() {
		return false
	}

	l, err := Acquire(c.state)
	if err == nil {
		_ = l.Close()
		return false
	}

	return errors.Is(err, syscall.EWOULDBLOCK)
}

// Status of the control plane.
func (c *Client) Status(ctx context.Context) (Status, error) {
	st := Status{}

	raw, err := c.do(ctx, http.MethodGet, "/status")
	if err != nil {
		return st, err
	}

	if err := json.Unmarshal(raw, &st); err != nil {
		return st, fmt.Errorf("cannot decode the daemon's answer: %w", err)
	}

	return st, nil
}

// Reload makes the daemon read its configuration.
func (c *Client) Reload(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodPost, "/reload")
	return err
}

// Stop the daemon and everything it supervises.
func (c *Client) Stop(ctx context.Context) error {
	if !c.Running() {
		return nil
	}

	if _, err := c.do(ctx, http.MethodPost, "/stop"); err != nil {
		return err
	}

	return wait(ctx, stopTimeout, func() bool { return !c.Running() })
}

func (c *Client) do(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://daemon"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot create a request: %w", err)
	}

	rsp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}

	defer rsp.Body.Close() //nolint:errcheck // It's only read.

	raw, err := io.ReadAll(rsp.Body)
	if err != nil {
		return nil, fmt.Errorf("cannot read the daemon's answer: %w", err)
	}

	if rsp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the daemon refuses: %s", strings.TrimSpace(string(raw)))
	}

	return raw, nil
}

// Start a daemon that outlives us.
func (c *Client) Start(ctx context.Context, program, homeDir string) error {
	if err := os.MkdirAll(c.state.Logs(), home.DirMode); err != nil {
		return fmt.Errorf("cannot create the log directory: %w", err)
	}

	log, err := os.OpenFile(c.state.Log("daemon"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the daemon's log: %w", err)
	}

	defer log.Close() //nolint:errcheck // The daemon has it open too.

	cmd := exec.Command(program, "--home", homeDir, "--name", c.state.Name, "supervise") //nolint:noctx // It must outlive us.
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = c.state.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}

	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the daemon: %w", err)
	}

	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()

	return wait(ctx, startTimeout, func() bool {
		select {
		case <-died:
			// The wait ends with a timeout, which is what we want: the log says
			// more than the exit status.
			return false
		default:
			_, err := c.Status(ctx)
			return err == nil
		}
	})
}

func wait(ctx context.Context, timeout time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	for !done() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting: %w", ctx.Err())
		case <-time.After(poll):
		}
	}

	return nil
}

// Path of a repository, without its registry.
func Path(source string) string {
	_, path, _ := strings.Cut(source, "/")
	return path
}
