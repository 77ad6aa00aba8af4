// Package powerdns runs a real PowerDNS server for a test: Debian's
// pdns_server on SQLite, with DNSSEC and Lua records, on free loopback ports,
// in a folder of the test's own.
package powerdns

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// APIKey of every server.
const APIKey = "test-api-key"

// startTimeout bounds the wait for a server to answer.
const startTimeout = 20 * time.Second

// A Server that runs until its test ends.
type Server struct {
	// URL of the server's API.
	URL string
	// DNS is the address the server answers queries at, over UDP and TCP.
	DNS string

	tb  testing.TB
	dir string
	cmd *exec.Cmd
	// exited is closed when the process has.
	exited chan struct{}
}

// Start a server and wait until it is ready.
func Start(tb testing.TB) *Server {
	tb.Helper()
	binary := find(tb, "the PowerDNS server", "pdns-server", "/usr/sbin/pdns_server", "/usr/local/sbin/pdns_server")
	schema := find(tb, "the SQLite schema of PowerDNS", "pdns-backend-sqlite3",
		"/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql", "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
	sqlite := find(tb, "the SQLite shell", "sqlite3", "/usr/bin/sqlite3")

	s := &Server{tb: tb, dir: tb.TempDir()}
	sql, err := os.ReadFile(schema) //nolint:gosec // One of the paths above.
	if err != nil {
		tb.Fatalf("cannot read the SQLite schema: %v", err)
	}
	load := exec.CommandContext(tb.Context(), sqlite, filepath.Join(s.dir, "pdns.sqlite3"))
	load.Stdin = strings.NewReader(string(sql))
	if out, err := load.CombinedOutput(); err != nil {
		tb.Fatalf("cannot create the database: %v: %s", err, out)
	}
	api, query := freePort(tb), freePort(tb)
	s.URL, s.DNS = fmt.Sprintf("http://127.0.0.1:%d", api), fmt.Sprintf("127.0.0.1:%d", query)
	conf := fmt.Sprintf(`daemon=no
guardian=no
launch=gsqlite3
gsqlite3-database=%[1]s/pdns.sqlite3
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
enable-lua-records=yes
local-address=127.0.0.1
local-port=%[2]d
api=yes
api-key=%[3]s
webserver=yes
webserver-address=127.0.0.1
webserver-port=%[4]d
webserver-allow-from=127.0.0.1
socket-dir=%[1]s
version-string=anonymous
loglevel=4
`, s.dir, query, APIKey, api)
	if err := os.WriteFile(filepath.Join(s.dir, "pdns.conf"), []byte(conf), 0o600); err != nil {
		tb.Fatalf("cannot write pdns.conf: %v", err)
	}
	s.cmd = &exec.Cmd{Path: binary}
	s.Restart()
	tb.Cleanup(s.Kill)
	return s
}

// Kill the server at once, as a crash would.
func (s *Server) Kill() {
	if s.exited == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
	s.exited = nil
}

// Restart a server, with the ports and the data it had, and wait until it is
// ready.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.tb.Fatalf("cannot open log: %v", err)
	}
	defer log.Close() //nolint:errcheck // The process has it.

	// Not bound to the test's context, which is done before cleanup is.
	s.cmd = exec.CommandContext(context.Background(), s.cmd.Path, "--config-dir="+s.dir) //nolint:gosec // The server to test.
	s.cmd.Stdout, s.cmd.Stderr = log, log
	// A test that dies takes its server with it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatalf("cannot start the PowerDNS server: %v", err)
	}
	exited, cmd := make(chan struct{}), s.cmd
	s.exited = exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()

	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-exited:
			s.tb.Fatalf("the PowerDNS server did not start:\n%s", s.Log())
		default:
		}
		if s.ready() {
			return
		}
		if time.Now().After(deadline) {
			s.tb.Fatalf("the PowerDNS server is not ready after %s:\n%s", startTimeout, s.Log())
		}
	}
}

// Log of the server so far.
func (s *Server) Log() string {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log")) //nolint:gosec // In the test's own folder.
	return string(log)
}

// Query the server for records, as a resolver would.
func (s *Server) Query(tb testing.TB, name string, rrtype uint16) *dns.Msg {
	tb.Helper()
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), rrtype)
	m.SetEdns0(4096, true)
	r, err := dns.ExchangeContext(tb.Context(), m, s.DNS)
	if err != nil {
		tb.Fatalf("cannot query %s %s: %v", name, dns.TypeToString[rrtype], err)
	}
	return r
}

func (s *Server) ready() bool {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+"/api/v1/servers/localhost", nil)
	if err != nil {
		return false
	}
	req.Header.Set("X-Api-Key", APIKey)
	rsp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = rsp.Body.Close()
	if rsp.StatusCode != http.StatusOK {
		return false
	}
	c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", s.DNS)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// find the first path that exists.
func find(tb testing.TB, what, pkg string, paths ...string) string {
	tb.Helper()
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	tb.Fatalf("cannot find %s at %s: install it with \"apt-get install %s\"", what, strings.Join(paths, " or "), pkg)
	return ""
}

// freePort that is free for both TCP and UDP.
func freePort(tb testing.TB) int {
	tb.Helper()
	for range 50 {
		l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // It listens on TCP.
		u, err := (&net.ListenConfig{}).ListenPacket(tb.Context(), "udp", fmt.Sprintf("127.0.0.1:%d", port))
		_ = l.Close()
		if err != nil {
			continue
		}
		_ = u.Close()
		return port
	}
	tb.Fatal("cannot find a free port")
	return 0
}
