package plane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

// GiteaUser is the administrator that provider-gitea, and a curious newcomer,
// log in as.
const GiteaUser = "catalyst-bot"

const giteaConfig = `; Written by the local control plane.
APP_NAME = Catalyst local
RUN_MODE = prod
RUN_USER = %[1]s
WORK_PATH = %[2]s
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %[4]d
DOMAIN = 127.0.0.1
ROOT_URL = http://127.0.0.1:%[4]d/
LOCAL_ROOT_URL = http://127.0.0.1:%[4]d/
STATIC_ROOT_PATH = %[3]s
OFFLINE_MODE = true
START_SSH_SERVER = true
BUILTIN_SSH_SERVER_USER = git
SSH_DOMAIN = 127.0.0.1
SSH_LISTEN_HOST = 127.0.0.1
SSH_LISTEN_PORT = %[5]d
SSH_PORT = %[5]d
LFS_START_SERVER = false

[database]
DB_TYPE = sqlite3
PATH = %[2]s/gitea.db
SQLITE_JOURNAL_MODE = WAL
SQLITE_TIMEOUT = 10000
LOG_SQL = false

[security]
INSTALL_LOCK = true
SECRET_KEY = %[6]s
INTERNAL_TOKEN = %[7]s
PASSWORD_HASH_ALGO = pbkdf2_v1
DISABLE_GIT_HOOKS = true

[oauth2]
ENABLED = false

[service]
DISABLE_REGISTRATION = true
REQUIRE_SIGNIN_VIEW = true
ENABLE_NOTIFY_MAIL = false

[openid]
ENABLE_OPENID_SIGNIN = false
ENABLE_OPENID_SIGNUP = false

[repository]
ROOT = %[2]s/repositories
DEFAULT_BRANCH = main

[webhook]
ALLOWED_HOST_LIST = loopback

[migrations]
ALLOW_LOCALNETWORKS = true

[session]
PROVIDER = memory

[cache]
ADAPTER = memory

[queue]
; Other types are polled, at up to two seconds apart, and a first push is not
; noticed before.
TYPE = channel

[indexer]
ISSUE_INDEXER_TYPE = db
REPO_INDEXER_ENABLED = false

[picture]
DISABLE_GRAVATAR = true
ENABLE_FEDERATED_AVATAR = false

[mailer]
ENABLED = false

[actions]
ENABLED = false

[packages]
ENABLED = false

[federation]
ENABLED = false

[other]
SHOW_FOOTER_VERSION = false
ENABLE_FEED = false

[cron]
ENABLED = false

[cron.update_checker]
ENABLED = false

[log]
MODE = console
LEVEL = warn
LOGGER_ROUTER_MODE =
LOGGER_ACCESS_MODE =
`

func (d *plan) gitea() proc.Spec {
	p := d.cfg.Ports()

	return proc.Spec{
		Name: Gitea, Path: d.cfg.Programs["gitea"], Port: p.Gitea(),
		Args: []string{"web", "--config", d.giteaConfig()},
		Env:  []string{"GITEA_WORK_DIR=" + d.giteaDir(), "HOME=" + d.giteaDir(), "GOGC=50"},
		Dir:  d.state.Dir,
		Hooks: proc.Hooks{
			Before: d.prepareGitea,
			Probe:  probeHTTP("http://" + home.Addr(p.Gitea()) + "/api/healthz"),
		},
	}
}

func (d *plan) giteaDir() string    { return d.state.Path("gitea") }
func (d *plan) giteaConfig() string { return d.state.Path("gitea", "app.ini") }

// prepareGitea creates Gitea's database and its administrator before the server
// starts for the first time, which is quicker than asking the running server.
func (d *plan) prepareGitea(ctx context.Context) error {
	if err := os.MkdirAll(d.giteaDir(), home.DirMode); err != nil {
		return fmt.Errorf("cannot create Gitea's directory: %w", err)
	}

	if err := d.writeGiteaConfig(ctx); err != nil {
		return err
	}

	if _, err := os.Stat(d.state.Path("secrets", giteaToken)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}

	if _, err := d.runGitea(ctx, "migrate"); err != nil {
		return err
	}

	password, err := d.secret(giteaPassword)
	if err != nil {
		return err
	}

	out, err := d.runGitea(ctx, "admin", "user", "create", "--admin", "--username", GiteaUser, "--password", password,
		"--email", GiteaUser+"@catalyst.localhost", "--must-change-password=false",
		"--access-token", "--access-token-name", "catalyst-local", "--access-token-scopes", "all")
	if err != nil && strings.Contains(err.Error(), "already exists") {
		// We were killed after we created the user and before we stored its
		// token.
		out, err = d.runGitea(ctx, "admin", "user", "generate-access-token", "--username", GiteaUser,
			"--token-name", "catalyst-local-"+randomString(tokenSuffix), "--scopes", "all")
	}

	if err != nil {
		return err
	}

	// The token is the last word of a sentence.
	for _, word := range slices.Backward(strings.Fields(out)) {
		if len(word) == giteaTokenLength {
			return home.WriteFile(d.state.Path("secrets", giteaToken), []byte(word))
		}
	}

	return errors.New("cannot find the access token in Gitea's answer")
}

func (d *plan) writeGiteaConfig(ctx context.Context) error {
	u, err := user.Current()
	if err != nil {
		return fmt.Errorf("cannot tell who runs Gitea: %w", err)
	}

	key, err := d.secret("gitea-secret-key")
	if err != nil {
		return err
	}

	token, err := d.internalToken(ctx)
	if err != nil {
		return err
	}

	p := d.cfg.Ports()
	conf := fmt.Sprintf(giteaConfig, u.Username, d.giteaDir(), d.cfg.Folders["gitea"], p.Gitea(), p.SSH(), key, token)

	return home.WriteFile(d.giteaConfig(), []byte(conf))
}

// internalToken has a format of its own, which only Gitea knows.
func (d *plan) internalToken(ctx context.Context) (string, error) {
	path := d.state.Path("secrets", "gitea-internal-token")
	if raw, err := os.ReadFile(path); err == nil {
		return string(raw), nil
	}

	out, err := d.runGitea(ctx, "generate", "secret", "INTERNAL_TOKEN")
	if err != nil {
		return "", err
	}

	token := strings.TrimSpace(out)

	return token, home.WriteFile(path, []byte(token))
}

func (d *plan) runGitea(ctx context.Context, args ...string) (string, error) {
	if args[0] != "generate" {
		args = append(args, "--config", d.giteaConfig())
	}

	cmd := exec.CommandContext(ctx, d.cfg.Programs["gitea"], args...)
	cmd.Env = append(os.Environ(), "GITEA_WORK_DIR="+d.giteaDir(), "HOME="+d.giteaDir())

	var out, errOut bytes.Buffer

	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		// The arguments hold a password, so they stay out of the message.
		return "", fmt.Errorf("cannot run gitea %s: %w: %s", args[0], err, lastLine(errOut.String()+"\n"+out.String()))
	}

	return out.String(), nil
}
