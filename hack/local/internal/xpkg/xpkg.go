// Package xpkg builds this repository's Crossplane packages.
package xpkg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/plane"
)

const (
	// Registry and organisation our packages live in.
	Registry = "ghcr.io/openova-io"

	metaFile    = "crossplane.yaml"
	devVersion  = "v0.1.0-dev.g"
	hashLength  = 10
	kindConfig  = "Configuration"
	kindFunc    = "Function"
	kindProv    = "Provider"
	concurrency = 4
)

// A Builder builds packages of a checkout.
type Builder struct {
	Root  string
	Crank string
	// Into is the folder packages are built into.
	Into string
	// Version of all packages. When empty, each package's version is derived
	// from its content, so that only what changed is upgraded.
	Version string
}

// Source is the OCI repository of a package.
func Source(name string) string { return Registry + "/" + name }

// A unit is a package to be built: the files it's made of.
type unit struct {
	name  string
	kind  string
	files map[string][]byte
}

// Build all packages. The configuration comes last; its dependencies are pinned
// to exactly the versions that were built with it.
func (b *Builder) Build(ctx context.Context) ([]plane.Package, error) {
	units, err := b.units()
	if err != nil {
		return nil, err
	}

	out := make([]plane.Package, 0, len(units)+1)
	versions := map[string]string{}

	for _, u := range units {
		p := b.plan(u)
		versions[p.Source] = p.Version
		out = append(out, p)
	}

	cfg, err := b.configuration(versions)
	if err != nil {
		return nil, err
	}

	units = append(units, cfg)
	out = append(out, b.plan(cfg))

	if err := os.MkdirAll(b.Into, home.DirMode); err != nil {
		return nil, fmt.Errorf("cannot create the packages directory: %w", err)
	}

	var (
		wg   sync.WaitGroup
		errs = make([]error, len(units))
		slot = make(chan struct{}, concurrency)
	)

	for i := range units {
		wg.Go(func() {
			slot <- struct{}{}

			defer func() { <-slot }()

			errs[i] = b.build(ctx, units[i], out[i].File)
		})
	}

	wg.Wait()

	return out, errors.Join(errs...)
}

func (b *Builder) plan(u unit) plane.Package {
	v := b.Version
	if v == "" {
		// The letter keeps a hash of digits only from being a number, which
		// semantic versions don't allow to start with a zero.
		v = devVersion + hash(u.files)
	}

	return plane.Package{
		Name: u.name, Kind: u.kind, Version: v, Source: Source(u.name),
		File: filepath.Join(b.Into, u.name+"-"+v+".xpkg"),
	}
}

// units are the functions and providers.
func (b *Builder) units() ([]unit, error) {
	var out []unit

	for _, f := range []struct{ folder, kind string }{{"functions", kindFunc}, {"providers", kindProv}} {
		metas, err := filepath.Glob(filepath.Join(b.Root, "package", f.folder, "*", metaFile))
		if err != nil {
			return nil, fmt.Errorf("cannot find packages: %w", err)
		}

		for _, m := range metas {
			files, err := readYAML(filepath.Dir(m))
			if err != nil {
				return nil, err
			}

			name, err := metaName(files[metaFile])
			if err != nil {
				return nil, fmt.Errorf("cannot read %q: %w", m, err)
			}

			out = append(out, unit{name: name, kind: f.kind, files: files})
		}
	}

	return out, nil
}

// configuration collects the configuration from package/configuration and the
// definition and composition of each kind.
func (b *Builder) configuration(versions map[string]string) (unit, error) {
	files, err := readYAML(filepath.Join(b.Root, "package", "configuration"))
	if err != nil {
		return unit{}, err
	}

	pinned, err := pin(files[metaFile], versions)
	if err != nil {
		return unit{}, err
	}

	files[metaFile] = pinned

	for _, file := range []string{"definition.yaml", "composition.yaml"} {
		paths, err := filepath.Glob(filepath.Join(b.Root, "apis", "*", file))
		if err != nil {
			return unit{}, fmt.Errorf("cannot find the kinds' files: %w", err)
		}

		for _, p := range paths {
			raw, err := os.ReadFile(p)
			if err != nil {
				return unit{}, fmt.Errorf("cannot read a kind's file: %w", err)
			}

			files[filepath.Base(filepath.Dir(p))+"-"+file] = raw
		}
	}

	name, err := metaName(files[metaFile])
	if err != nil {
		return unit{}, fmt.Errorf("cannot read the configuration: %w", err)
	}

	return unit{name: name, kind: kindConfig, files: files}, nil
}

// pin replaces the version constraint of each dependency that was built with
// the configuration. Every other difference between the configuration and the
// packages is a mistake.
func pin(raw []byte, versions map[string]string) ([]byte, error) {
	meta := map[string]any{}
	if err := yaml.Unmarshal(raw, &meta); err != nil {
		return nil, fmt.Errorf("cannot decode the configuration: %w", err)
	}

	spec, _ := meta["spec"].(map[string]any)
	deps, _ := spec["dependsOn"].([]any)
	seen := map[string]bool{}

	for _, d := range deps {
		dep, ok := d.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("the configuration has a dependency that is a %T", d)
		}

		source := dependency(dep)
		v, built := versions[source]

		switch {
		case built:
			dep["version"] = "=" + v
			seen[source] = true
		case strings.HasPrefix(source, Registry+"/"):
			return nil, fmt.Errorf("the configuration depends on %q, which has no package below package/", source)
		}
	}

	for _, source := range slices.Sorted(maps.Keys(versions)) {
		if !seen[source] {
			return nil, fmt.Errorf("package %q isn't a dependency of the configuration, so nothing would install it; add it to package/configuration/crossplane.yaml", source)
		}
	}

	out, err := yaml.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("cannot encode the configuration: %w", err)
	}

	return out, nil
}

// dependency is the package a dependency is on, in either of its spellings.
func dependency(dep map[string]any) string {
	for _, key := range []string{"package", "function", "provider", "configuration"} {
		if source, ok := dep[key].(string); ok {
			return source
		}
	}

	return ""
}

// build a package, unless it has been built from the same content before.
func (b *Builder) build(ctx context.Context, u unit, file string) error {
	if _, err := os.Stat(file); err == nil && b.Version == "" {
		return nil
	}

	tmp, err := os.MkdirTemp("", "catalyst-xpkg-*")
	if err != nil {
		return fmt.Errorf("cannot create a temporary directory: %w", err)
	}

	defer os.RemoveAll(tmp) //nolint:errcheck // It's temporary.

	root := filepath.Join(tmp, "root")
	for name, content := range u.files {
		if err := home.WriteFile(filepath.Join(root, name), content); err != nil {
			return err
		}
	}

	built := filepath.Join(tmp, "package.xpkg")

	cmd := exec.CommandContext(ctx, b.Crank, "xpkg", "build", "--package-root="+root, "--package-file="+built)
	cmd.Dir = root

	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build package %q: %w: %s", u.name, err, strings.TrimSpace(string(out)))
	}

	raw, err := os.ReadFile(built)
	if err != nil {
		return fmt.Errorf("cannot read package %q: %w", u.name, err)
	}

	return home.WriteFile(file, raw)
}

// readYAML reads all YAML files below a folder.
func readYAML(dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	root := os.DirFS(dir)

	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}

		out[path], err = fs.ReadFile(root, path)

		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read package files: %w", err)
	}

	return out, nil
}

func metaName(raw []byte) (string, error) {
	meta := struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}{}
	if err := yaml.Unmarshal(raw, &meta); err != nil {
		return "", fmt.Errorf("cannot decode package metadata: %w", err)
	}

	if meta.Metadata.Name == "" {
		return "", errors.New("the package has no name")
	}

	return meta.Metadata.Name, nil
}

func hash(files map[string][]byte) string {
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}

	slices.Sort(names)

	h := sha256.New()
	for _, n := range names {
		_, _ = fmt.Fprintf(h, "%s %d\n", n, len(files[n]))
		_, _ = h.Write(files[n])
	}

	return hex.EncodeToString(h.Sum(nil))[:hashLength]
}
