package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/plane"
	"github.com/openova-io/catalyst/hack/local/internal/xpkg"
)

const (
	pkgAPI       = "pkg.crossplane.io/v1"
	kindConfig   = "Configuration"
	condTrue     = "True"
	installDelay = 200 * time.Millisecond

	// The stand-in's lists are behind only when a fault says so.
	simListLag = "2s"
)

// install the Configuration and wait until it and everything it depends on is
// healthy.
func (a *app) install(ctx context.Context, client *plane.Client, root string, cfg plane.Config) error {
	k, err := kube.New(a.state.Kubeconfig())
	if err != nil {
		return err
	}

	if err := k.Apply(ctx, imageConfig(cfg)); err != nil {
		return err
	}

	if err := a.applyFolder(ctx, k, filepath.Join(root, "package", "install")); err != nil {
		return err
	}

	if err := k.Apply(ctx, runtimeConfig(cfg)); err != nil {
		return err
	}

	i := slices.IndexFunc(cfg.Packages, func(p plane.Package) bool { return p.Kind == kindConfig })
	if i < 0 {
		return errors.New("there is no package of a Configuration to install")
	}

	if err := k.Apply(ctx, pkg(cfg.Packages[i])); err != nil {
		return err
	}

	if err := a.awaitPackages(ctx, client, k, cfg.Packages); err != nil {
		return err
	}

	return a.prune(ctx, k, cfg.Packages)
}

// prune deletes packages of ours that this checkout doesn't have any more.
// Crossplane installs dependencies but never uninstalls them.
func (a *app) prune(ctx context.Context, k *kube.Client, want []plane.Package) error {
	for _, kind := range []string{"Function", "Provider"} {
		l, err := k.List(ctx, pkgAPI, kind)
		if err != nil {
			return err
		}

		for i := range l {
			ref, _, _ := unstructured.NestedString(l[i].Object, "spec", "package")
			wanted := slices.ContainsFunc(want, func(p plane.Package) bool {
				return p.Kind == kind && objectName(p) == l[i].GetName()
			})

			if wanted || !strings.HasPrefix(ref, xpkg.Registry+"/") {
				continue
			}

			a.printf("    %s %s isn't part of this checkout any more; removing it\n", strings.ToLower(kind), l[i].GetName())

			if err := k.Delete(ctx, &l[i]); err != nil {
				return fmt.Errorf("cannot delete %s %q: %w", kind, l[i].GetName(), err)
			}
		}
	}

	return nil
}

func pkg(p plane.Package) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": pkgAPI,
		"kind":       p.Kind,
		"metadata":   map[string]any{"name": objectName(p)},
		"spec":       map[string]any{"package": p.Ref()},
	}}
}

// objectName is the name Crossplane itself gives a package it installs as a
// dependency.
func objectName(p plane.Package) string {
	return strings.ReplaceAll(plane.Path(p.Source), "/", "-")
}

// imageConfig makes Crossplane pull our packages from the local registry, the
// way an air-gapped installation would from its mirror.
func imageConfig(cfg plane.Config) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "pkg.crossplane.io/v1beta1",
		"kind":       "ImageConfig",
		"metadata":   map[string]any{"name": "catalyst-local-registry"},
		"spec": map[string]any{
			"matchImages":  []any{map[string]any{"type": "Prefix", "prefix": xpkg.Registry + "/"}},
			"rewriteImage": map[string]any{"prefix": mirror(cfg)},
		},
	}}
}

// runtimeConfig is the ImageConfig of package/install for an image that comes from
// a mirror: Crossplane looks for one by the name that the image was pulled by.
func runtimeConfig(cfg plane.Config) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "pkg.crossplane.io/v1beta1",
		"kind":       "ImageConfig",
		"metadata":   map[string]any{"name": "catalyst-local-provider-hcloud"},
		"spec": map[string]any{
			"matchImages": []any{map[string]any{"type": "Prefix", "prefix": mirror(cfg) + "provider-hcloud"}},
			"runtime":     map[string]any{"configRef": map[string]any{"name": "catalyst-provider-hcloud"}},
		},
	}}
}

// mirror is what the names of our images begin with in the local registry.
func mirror(cfg plane.Config) string {
	return home.Addr(cfg.Ports().Registry()) + "/" + plane.Path(xpkg.Registry) + "/"
}

// applyFolder applies all manifests of a folder, if there is one.
func (a *app) applyFolder(ctx context.Context, k *kube.Client, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return fmt.Errorf("cannot find manifests: %w", err)
	}

	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("cannot read manifest: %w", err)
		}

		if err := k.ApplyYAML(ctx, raw); err != nil {
			return fmt.Errorf("cannot apply %q: %w", f, err)
		}
	}

	return nil
}

// awaitPackages waits until all packages are installed at their version and
// healthy.
func (a *app) awaitPackages(ctx context.Context, client *plane.Client, k *kube.Client, want []plane.Package) error {
	done, said := map[string]bool{}, time.Now()

	for {
		problems, err := packageProblems(ctx, k, want)
		if err == nil {
			a.reportHealthy(want, problems, done)
		}

		if err == nil && len(problems) == 0 {
			return nil
		}

		if time.Since(said) > heartbeat {
			said = time.Now()

			for _, name := range slices.Sorted(maps.Keys(problems)) {
				a.printf("    still waiting for %s: %s\n", name, problems[name])
			}
		}

		select {
		case <-ctx.Done():
			return a.explainPackages(client, problems, errors.Join(ctx.Err(), err))
		case <-time.After(installDelay):
		}
	}
}

func (a *app) reportHealthy(want []plane.Package, problems map[string]string, done map[string]bool) {
	for _, p := range want {
		if _, bad := problems[p.Name]; bad || done[p.Name] {
			continue
		}

		done[p.Name] = true
		a.printf("    %s %s is healthy\n", strings.ToLower(p.Kind), p.Name)
	}
}

// packageProblems says what keeps each package from being healthy.
func packageProblems(ctx context.Context, k *kube.Client, want []plane.Package) (map[string]string, error) {
	objs := map[string]*unstructured.Unstructured{}

	for _, kind := range []string{kindConfig, "Function", "Provider"} {
		l, err := k.List(ctx, pkgAPI, kind)
		if err != nil {
			return nil, err
		}

		for i := range l {
			objs[kind+"/"+l[i].GetName()] = &l[i]
		}
	}

	problems := map[string]string{}

	for _, p := range want {
		if msg := problem(objs[p.Kind+"/"+objectName(p)], p); msg != "" {
			problems[p.Name] = msg
		}
	}

	return problems, nil
}

func problem(obj *unstructured.Unstructured, p plane.Package) string {
	if obj == nil {
		return "Crossplane hasn't created it yet"
	}

	if ref, _, _ := unstructured.NestedString(obj.Object, "spec", "package"); ref != p.Ref() {
		return fmt.Sprintf("it is still %s, not %s", ref, p.Version)
	}

	// A package that was just upgraded still says what it said of the version
	// before.
	if ref, _, _ := unstructured.NestedString(obj.Object, "status", "currentIdentifier"); ref != p.Ref() {
		return "Crossplane hasn't unpacked it yet"
	}

	for _, t := range []string{"Installed", "Healthy"} {
		c, ok := kube.GetCondition(obj, t)
		if !ok {
			return "not " + t + " yet"
		}

		if c.Status != condTrue {
			return fmt.Sprintf("not %s: %s %s", t, c.Reason, c.Message)
		}
	}

	return ""
}

func (a *app) explainPackages(client *plane.Client, problems map[string]string, cause error) error {
	var b strings.Builder

	for _, name := range slices.Sorted(maps.Keys(problems)) {
		_, _ = fmt.Fprintf(&b, "\npackage %s: %s\n%s", name, problems[name], a.tail(name))
	}

	// The deadline has passed; the daemon answers quickly or not at all.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()

	if st, err := client.Status(ctx); err == nil {
		for _, c := range st.Components {
			if !c.Settled() {
				_, _ = fmt.Fprintf(&b, "\ncomponent %s is %s %s\n", c.Name, c.State, c.Detail)
			}
		}
	}

	_, _ = fmt.Fprintf(&b, "\n%s", a.tail(plane.Crossplane))

	return fmt.Errorf("packages didn't become healthy: %w\n%s", cause, b.String())
}

// connect tells the providers where their servers are and how to log in.
func (a *app) connect(ctx context.Context, cfg plane.Config) error {
	k, err := kube.New(a.state.Kubeconfig())
	if err != nil {
		return err
	}

	creds, err := plane.ReadCredentials(a.state)
	if err != nil {
		return err
	}

	p := cfg.Ports()
	hcloud := "http://" + home.Addr(p.HcloudSim()) + "/v1"
	configs := []struct {
		provider, group, secret, key string
		server                       map[string]any
		data                         map[string]string
	}{
		{
			"provider-powerdns", "powerdns.openova.io", "powerdns-credentials", "api-key",
			map[string]any{"url": "http://" + home.Addr(p.PowerDNS())},
			map[string]string{"api-key": creds.PowerDNSAPIKey},
		},
		{
			"provider-gitea", "gitea.openova.io", "gitea-credentials", "token",
			map[string]any{"url": "http://" + home.Addr(p.Gitea())},
			map[string]string{"username": plane.GiteaUser, "password": creds.GiteaPassword, "token": creds.GiteaToken},
		},
		{
			"provider-hcloud", "hcloud.openova.io", "hcloud-credentials", "token",
			map[string]any{"endpoint": hcloud, "storageEndpoint": hcloud, "listLag": simListLag},
			map[string]string{"token": creds.HcloudToken},
		},
	}

	for _, c := range configs {
		if err := k.ApplySecret(ctx, types.NamespacedName{Namespace: plane.Namespace, Name: c.secret}, c.data); err != nil {
			return err
		}

		if !slices.ContainsFunc(cfg.Packages, func(p plane.Package) bool { return p.Name == c.provider }) {
			continue
		}

		if err := k.Apply(ctx, providerConfig(c.group, c.server, c.secret, c.key)); err != nil {
			return err
		}
	}

	return nil
}

func providerConfig(group string, server map[string]any, secret, key string) *unstructured.Unstructured {
	spec := maps.Clone(server)
	spec["credentials"] = map[string]any{
		"source":    "Secret",
		"secretRef": map[string]any{"namespace": plane.Namespace, "name": secret, "key": key},
	}

	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1alpha1",
		"kind":       "ClusterProviderConfig",
		"metadata":   map[string]any{"name": "default"},
		"spec":       spec,
	}}
}
