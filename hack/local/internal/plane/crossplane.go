package plane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

const (
	rootCASecret    = "crossplane-root-ca"
	tlsServerSecret = "crossplane-tls-server"
	tlsClientSecret = "crossplane-tls-client"

	initAttempts = 12
	initRetry    = 400 * time.Millisecond
)

func (d *plan) coreEnv() []string {
	p := d.cfg.Ports()

	return []string{
		"KUBECONFIG=" + d.state.KubeconfigFor(Crossplane),
		"POD_NAMESPACE=" + Namespace,
		"POD_SERVICE_ACCOUNT=crossplane",
		"ENABLE_WEBHOOKS=true",
		"WEBHOOK_SERVICE_NAME=crossplane-webhooks",
		"WEBHOOK_SERVICE_NAMESPACE=" + Namespace,
		fmt.Sprintf("WEBHOOK_SERVICE_PORT=%d", p.CoreWebhook()),
		fmt.Sprintf("WEBHOOK_PORT=%d", p.CoreWebhook()),
		fmt.Sprintf("METRICS_PORT=%d", p.CoreMetrics()),
		fmt.Sprintf("HEALTH_PROBE_PORT=%d", p.CoreHealth()),
		"CRDS_PATH=" + d.cfg.inFolder("crossplane", "crds"),
		"WEBHOOK_CONFIGS_PATH=" + d.cfg.inFolder("crossplane", "webhookconfigurations"),
		"TLS_CA_SECRET_NAME=" + rootCASecret,
		"TLS_SERVER_SECRET_NAME=" + tlsServerSecret,
		"TLS_CLIENT_SECRET_NAME=" + tlsClientSecret,
		"TLS_SERVER_CERTS_DIR=" + d.state.Certs("crossplane-server"),
		"TLS_CLIENT_CERTS_DIR=" + d.state.Certs("crossplane-client"),
		"GOGC=50",
	}
}

func (d *plan) crossplane() proc.Spec {
	p := d.cfg.Ports()

	return proc.Spec{
		Name: Crossplane, Path: d.cfg.Programs["crossplane"], Port: p.CoreWebhook(),
		Needs: []string{APIServer},
		Args: []string{
			"core", "start",
			// We are the package runtime.
			"--package-runtime=External",
			"--enable-operations",
			// Core stops watching for a composite resource after a burst of
			// events, and a composed managed resource causes about a dozen on
			// its way to ready: core's default of 100 is spent on eight of
			// them. docs/operations.md asks for the same on a real cluster.
			"--circuit-breaker-burst=1000",
			// A changed checkout changes the version of our packages. Each
			// version is pinned exactly, so the resolver must be allowed to
			// follow its pin in both directions.
			"--enable-dependency-version-upgrades",
			"--enable-dependency-version-downgrades",
			"--xpkg-cache-dir=" + d.state.Path("cache", "xpkg"),
			"--xfn-cache-dir=" + d.state.Path("cache", "xfn"),
			"--max-concurrent-reconciles=20",
		},
		Env: d.coreEnv(),
		Hooks: proc.Hooks{
			Before: d.initCrossplane,
			Probe:  probeHTTP("http://" + home.Addr(p.CoreHealth()) + "/readyz"),
		},
	}
}

func (d *plan) rbacManager() proc.Spec {
	return proc.Spec{
		Name: RBACManager, Path: d.cfg.Programs["crossplane"],
		Needs: []string{Crossplane},
		Args:  []string{"rbac", "start", "--provider-clusterrole=crossplane:allowed-provider-permissions"},
		Env:   []string{"KUBECONFIG=" + d.state.KubeconfigFor(RBACManager), "GOGC=50"},
	}
}

// initCrossplane does what Crossplane's init container and kubelet do: it
// installs the core CRDs and webhook configurations, and mounts the Secrets
// Crossplane reads from files.
func (d *plan) initCrossplane(ctx context.Context) error {
	for _, dir := range []string{d.state.Path("cache", "xpkg"), d.state.Path("cache", "xfn")} {
		if err := os.MkdirAll(dir, home.DirMode); err != nil {
			return fmt.Errorf("cannot create Crossplane's cache: %w", err)
		}
	}

	// Initialising again takes a second and changes nothing.
	k, err := kube.New(d.state.Kubeconfig())
	if err != nil {
		return err
	}

	stamp, done := d.state.Path("crossplane.initialised"), fmt.Sprintf("%s %d\n", d.cfg.Folders["crossplane"], d.cfg.PortBase)
	if old, err := os.ReadFile(stamp); err != nil || string(old) != done {
		wctx, cancel := context.WithCancel(ctx)
		go k.Warm(wctx)

		err := d.runInit(ctx)

		cancel()

		if err != nil {
			return err
		}

		if err := home.WriteFile(stamp, []byte(done)); err != nil {
			return err
		}
	}

	for secret, dir := range map[string]string{tlsServerSecret: "crossplane-server", tlsClientSecret: "crossplane-client"} {
		if err := d.mount(ctx, k, secret, dir); err != nil {
			return err
		}
	}

	return nil
}

// runInit retries: the first run can fail because the API server's discovery
// doesn't know the CRDs yet that the run itself created.
func (d *plan) runInit(ctx context.Context) error {
	var last error

	for range initAttempts {
		cmd := exec.CommandContext(ctx, d.cfg.Programs["crossplane"], "core", "init")
		cmd.Env = append(os.Environ(), d.coreEnv()...)

		out := &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = out, out

		err := cmd.Run()
		if err == nil {
			return nil
		}

		if err := home.WriteFile(d.state.Log("crossplane-init"), out.Bytes()); err != nil {
			return err
		}

		last = fmt.Errorf("cannot initialise Crossplane: %w: %s", err, lastLine(out.String()))

		select {
		case <-ctx.Done():
			return errors.Join(last, ctx.Err())
		case <-time.After(initRetry):
		}
	}

	return last
}

// mount writes a Secret's content to files, as a kubelet would.
func (d *plan) mount(ctx context.Context, k *kube.Client, secret, dir string) error {
	data, err := k.Secret(ctx, types.NamespacedName{Namespace: Namespace, Name: secret})
	if err != nil {
		return err
	}

	for file, content := range data {
		if err := home.WriteFile(filepath.Join(d.state.Certs(dir), file), content); err != nil {
			return err
		}
	}

	return nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// registry serves our packages. It keeps what was pushed in memory, so we push
// again each time it starts.
func (d *plan) registry() proc.Spec {
	p := d.cfg.Ports()

	return proc.Spec{
		Name: Registry, Path: d.cfg.Programs["crane"], Port: p.Registry(),
		Args: []string{"registry", "serve", "--address", home.Addr(p.Registry())},
		Hooks: proc.Hooks{
			Probe: probeHTTP("http://" + home.Addr(p.Registry()) + "/v2/"),
			After: d.push,
		},
	}
}
