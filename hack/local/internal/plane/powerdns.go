package plane

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

// PowerDNSProgram is where Debian installs the server, outside of most users'
// PATH.
const PowerDNSProgram = "/usr/sbin/pdns_server"

const powerDNSSchema = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

const powerDNSConfig = `# Written by the local control plane.
launch=gsqlite3
gsqlite3-database=%[1]s
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
gsqlite3-pragma-foreign-keys=yes
local-address=127.0.0.1
local-port=%[2]d
api=yes
api-key=%[4]s
webserver=yes
webserver-address=127.0.0.1
webserver-port=%[3]d
webserver-allow-from=127.0.0.1
webserver-loglevel=none
enable-lua-records=yes
default-soa-edit-signed=INCEPTION-EPOCH
socket-dir=%[5]s
version-string=anonymous
security-poll-suffix=
receiver-threads=1
distributor-threads=2
signing-threads=1
loglevel=4
log-timestamp=yes
disable-syslog=yes
`

func (d *plan) powerDNS() proc.Spec {
	p := d.cfg.Ports()

	return proc.Spec{
		Name: PowerDNS, Path: PowerDNSProgram, Port: p.PowerDNS(),
		Args: []string{
			"--config-dir=" + d.state.Path("powerdns"),
			"--daemon=no",
			"--guardian=no",
		},
		Hooks: proc.Hooks{
			Before: d.preparePowerDNS,
			Probe:  d.probePowerDNS,
		},
	}
}

func (d *plan) preparePowerDNS(ctx context.Context) error {
	dir := d.state.Path("powerdns")
	if err := os.MkdirAll(dir, home.DirMode); err != nil {
		return fmt.Errorf("cannot create PowerDNS's directory: %w", err)
	}

	key, err := d.secret(powerDNSAPIKey)
	if err != nil {
		return err
	}

	db := d.state.Path("powerdns", "pdns.sqlite3")
	if _, err := os.Stat(db); err != nil {
		if err := createDatabase(ctx, db); err != nil {
			return err
		}
	}

	p := d.cfg.Ports()
	conf := fmt.Sprintf(powerDNSConfig, db, p.DNS(), p.PowerDNS(), key, dir)

	return home.WriteFile(d.state.Path("powerdns", "pdns.conf"), []byte(conf))
}

// createDatabase creates the database in a temporary file, so that a killed
// sqlite3 doesn't leave a database without tables.
func createDatabase(ctx context.Context, path string) error {
	if _, err := os.Stat(powerDNSSchema); err != nil {
		return fmt.Errorf("cannot find PowerDNS's schema; is pdns-backend-sqlite3 installed? %w", err)
	}

	tmp := path + ".new"
	_ = os.Remove(tmp)

	cmd := exec.CommandContext(ctx, "sqlite3", tmp)
	cmd.Stdin = strings.NewReader("PRAGMA journal_mode=WAL;\n.read " + powerDNSSchema + "\n")

	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot create PowerDNS's database: %w: %s", err, out)
	}

	return os.Rename(tmp, path)
}

func (d *plan) probePowerDNS(ctx context.Context) error {
	key, err := d.secret(powerDNSAPIKey)
	if err != nil {
		return err
	}

	url := "http://" + home.Addr(d.cfg.Ports().PowerDNS()) + "/api/v1/servers/localhost"

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("cannot create a probe: %w", err)
	}

	req.Header.Set("X-Api-Key", key)

	rsp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("its API doesn't answer: %w", err)
	}

	defer rsp.Body.Close() //nolint:errcheck // It's only read.

	if rsp.StatusCode == http.StatusUnauthorized {
		return errors.New("its API refuses our key")
	}

	if rsp.StatusCode != http.StatusOK {
		return fmt.Errorf("its API answers %s", rsp.Status)
	}

	return nil
}
