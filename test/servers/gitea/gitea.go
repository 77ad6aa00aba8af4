// Package gitea starts a real Gitea for tests: SQLite, loopback, in a
// directory that goes away with the test. Booting takes about a second, so a
// package's tests share one server through Main.
package gitea

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// EnvBinary names the Gitea to start. Without it, the newest one that was
// built into the cache of tools is started.
const EnvBinary = "CATALYST_GITEA"

// module is the folder of Gitea's Go module: what a build from it reads at run
// time, unless it lies beside the binary.
const module = "code.gitea.io/gitea@v1.26.0"

// Who administers the server.
const (
	Admin    = "platform"
	Password = "Test-only-passw0rd" //nolint:gosec // Of a server that lives as long as a test.
)

// Bounds of starting and stopping.
const (
	readyWithin = 60 * time.Second
	// Its push queue is worked off in milliseconds.
	notedWithin = 10 * time.Second
	stopWithin  = 10 * time.Second
)

// A Server that runs.
type Server struct {
	// URL of the server, without a trailing slash.
	URL string
	// SSH address of the server, host and port.
	SSH string
	// Token of an administrator with all scopes.
	Token string

	dir string
	cmd *exec.Cmd
	log *os.File
}

// Start a server that stops when the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := launch(tb.Context(), tb.TempDir())
	if err != nil {
		tb.Fatalf("cannot start Gitea: %v", err)
	}
	tb.Cleanup(s.Stop)
	return s
}

// Main runs the tests of a package against one server. Call it in TestMain.
func Main(m *testing.M, use func(s *Server)) int {
	dir, err := os.MkdirTemp("", "gitea-test-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // Best effort.
	s, err := launch(context.Background(), dir)
	if err != nil {
		return fail(err)
	}
	defer s.Stop()
	use(s)
	return m.Run()
}

func fail(err error) int {
	_, _ = fmt.Fprintf(os.Stderr, "cannot start Gitea: %v\n", err)
	return 1
}

// Stop the server.
func (s *Server) Stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopWithin):
		_ = s.cmd.Process.Kill()
		<-done
	}
	_ = s.log.Close()
	s.cmd = nil
}

// API calls the server's API as its administrator and returns the status and
// the answer.
func (s *Server) API(ctx context.Context, method, path string, body any) (int, []byte, error) {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.URL+"/api/v1"+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "token "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	rsp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer rsp.Body.Close() //nolint:errcheck // Read only.
	out, err := io.ReadAll(rsp.Body)
	return rsp.StatusCode, out, err
}

// Log returns what the server said.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.log.Name())
	return string(b)
}

// Binary to start, and the folder it reads its files from.
func Binary() (bin, static string, err error) {
	bin = os.Getenv(EnvBinary)
	if bin == "" {
		bin, err = cached()
	}
	if err != nil {
		return "", "", err
	}
	if _, err := os.Stat(bin); err != nil {
		return "", "", fmt.Errorf("%s: %w", EnvBinary, err)
	}
	beside := filepath.Dir(bin)
	if _, err := os.Stat(filepath.Join(beside, "options")); err == nil {
		return bin, beside, nil
	}
	out, err := exec.Command("go", "env", "GOMODCACHE").Output() //nolint:noctx // Instant.
	if err != nil {
		return "", "", fmt.Errorf("cannot find Go's module cache: %w", err)
	}
	static = filepath.Join(strings.TrimSpace(string(out)), module)
	if _, err := os.Stat(filepath.Join(static, "options")); err != nil {
		return "", "", fmt.Errorf("gitea's files are neither beside %s nor in the module cache: %w", bin, err)
	}
	return bin, static, nil
}

func cached() (string, error) {
	cache, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	pattern := filepath.Join(cache, ".cache", "catalyst", "tools", "gitea-*", "gitea")
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("there is no Gitea at %s: build the tools first, or set %s to a Gitea built with the tags sqlite and sqlite_unlock_notify", pattern, EnvBinary)
	}
	age := func(p string) time.Time {
		if i, err := os.Stat(p); err == nil {
			return i.ModTime()
		}
		return time.Time{}
	}
	return slices.MaxFunc(found, func(a, b string) int { return age(a).Compare(age(b)) }), nil
}

func launch(ctx context.Context, dir string) (*Server, error) {
	bin, static, err := Binary()
	if err != nil {
		return nil, err
	}
	web, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	ssh, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://127.0.0.1:" + web, SSH: "127.0.0.1:" + ssh, dir: dir}
	if err := s.configure(static, web, ssh); err != nil {
		return nil, err
	}
	if s.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(bin, "web", "--config", s.config()) //nolint:gosec,noctx // Stopped by Stop, so that it can finish.
	s.cmd.Env = s.env()
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	// Its children die with it, should the test be killed.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.ready(ctx, bin); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w\n%s", err, s.Log())
	}
	return s, nil
}

func (s *Server) config() string { return filepath.Join(s.dir, "app.ini") }

func (s *Server) env() []string {
	return append(os.Environ(), "GITEA_WORK_DIR="+s.dir, "HOME="+s.dir)
}

func (s *Server) configure(static, web, ssh string) error {
	who, err := user.Current()
	if err != nil {
		return err
	}
	ini := fmt.Sprintf(`
RUN_MODE = prod
RUN_USER = %s
WORK_PATH = %s
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %s
ROOT_URL = %s/
STATIC_ROOT_PATH = %s
OFFLINE_MODE = true
START_SSH_SERVER = true
SSH_DOMAIN = 127.0.0.1
SSH_LISTEN_HOST = 127.0.0.1
SSH_PORT = %s
SSH_LISTEN_PORT = %s
[database]
DB_TYPE = sqlite3
PATH = %s
[security]
INSTALL_LOCK = true
SECRET_KEY = of-a-test
PASSWORD_HASH_ALGO = pbkdf2_v1
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = loopback
[migrations]
ALLOW_LOCALNETWORKS = true
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[log]
LEVEL = Warn
`, who.Username, s.dir, web, s.URL, static, ssh, ssh, filepath.Join(s.dir, "gitea.db"))
	return os.WriteFile(s.config(), []byte(ini), 0o600)
}

// ready waits for the server and makes its administrator.
func (s *Server) ready(ctx context.Context, bin string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		code, _, err := s.API(ctx, http.MethodGet, "/version", nil)
		if err == nil && code == http.StatusOK {
			break
		}
		if s.cmd.ProcessState != nil || ctx.Err() != nil {
			return errors.New("it did not become ready")
		}
		time.Sleep(50 * time.Millisecond) //nolint:mnd // A twentieth of a boot.
	}
	if _, err := s.cli(ctx, bin, "user", "create", "--admin", "--username", Admin, "--password", Password, "--email", Admin+"@example.org", "--must-change-password=false"); err != nil {
		return err
	}
	out, err := s.cli(ctx, bin, "user", "generate-access-token", "--username", Admin, "--token-name", "test", "--scopes", "all", "--raw")
	if err != nil {
		return err
	}
	// Warnings share standard output with the token.
	lines := strings.Fields(strings.TrimSpace(out))
	if len(lines) == 0 {
		return errors.New("it made no token")
	}
	s.Token = lines[len(lines)-1]
	return nil
}

func (s *Server) cli(ctx context.Context, bin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, bin, append([]string{"--config", s.config(), "admin"}, args...)...) //nolint:gosec // The binary under test.
	cmd.Env = s.env()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("gitea admin %s: %w: %s", strings.Join(args[:2], " "), err, out)
	}
	return string(out), nil
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close() //nolint:errcheck // Only its number is wanted.
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// Forget that a repository has commits, as a server does that is killed right
// after the first of them: git has it, the database has not. The server notes
// a commit twice, the second time from a queue; an entry in the feed (of type 5,
// a commit) is the last thing the queue writes, so Forget waits for that.
func (s *Server) Forget(ctx context.Context, owner, repository string) error {
	ctx, cancel := context.WithTimeout(ctx, notedWithin)
	defer cancel()
	id := fmt.Sprintf("(SELECT id FROM repository WHERE owner_name = '%s' AND name = '%s')", owner, repository)
	for {
		noted, err := s.sql(ctx, fmt.Sprintf("SELECT count(*) FROM action WHERE repo_id = %s AND op_type = 5;", id))
		if err != nil {
			return err
		}
		if noted != "0" {
			break
		}
		time.Sleep(50 * time.Millisecond) //nolint:mnd // Often enough.
	}
	_, err := s.sql(ctx, fmt.Sprintf("UPDATE repository SET is_empty = 1 WHERE id = %s; DELETE FROM branch WHERE repo_id = %s;", id, id))
	return err
}

func (s *Server) sql(ctx context.Context, statements string) (string, error) {
	out, err := exec.CommandContext(ctx, "sqlite3", "-cmd", ".timeout 5000", filepath.Join(s.dir, "gitea.db"), statements).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot use the server's database: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
