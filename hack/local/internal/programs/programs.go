// Package programs builds the programs of a checkout, each once for what it is
// made of.
package programs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const (
	hashLength = 12
	// keepFor is how long a program is kept that nobody asks for.
	keepFor = 24 * time.Hour
)

// flags of every build. There is no -trimpath: the packages are then the very
// ones that go test compiles, and neither waits for what the other did already.
var flags = []string{"-buildvcs=false", "-ldflags", "-s -w"} //nolint:gochecknoglobals // They never change.

// A Builder builds programs of the checkout at Root. Programs are shared by all
// checkouts, because one that is made of the same is the same: linking them again
// takes longer than starting all servers.
type Builder struct {
	Root string
	// Into is the folder of all programs. Each has a folder of its own there.
	Into string
	// InUse tells whether a control plane may start a program of a folder.
	InUse func(folder string) bool
}

// A Program was built.
type Program struct {
	// Path of the executable.
	Path string
	// Fingerprint of what it is made of.
	Fingerprint string
}

// Build programs, by name, from the packages of their main functions, e.g.
// ./functions.
func (b *Builder) Build(ctx context.Context, mains map[string]string) (map[string]Program, error) {
	keys, err := b.keys(ctx, mains)
	if err != nil {
		return nil, err
	}

	out := map[string]Program{}

	for _, name := range slices.Sorted(maps.Keys(mains)) {
		key := keys[name]
		p := Program{Path: filepath.Join(b.Into, name+"-"+key, name), Fingerprint: key}

		if err := b.build(ctx, p.Path, mains[name]); err != nil {
			return nil, err
		}

		out[name] = p
	}

	return out, b.prune()
}

// build a program unless it is there.
func (b *Builder) build(ctx context.Context, path, pkg string) error {
	dir, now := filepath.Dir(path), time.Now()

	if _, err := os.Stat(path); err == nil {
		return os.Chtimes(dir, now, now)
	}

	if err := os.MkdirAll(b.Into, home.DirMode); err != nil {
		return fmt.Errorf("cannot create the programs directory: %w", err)
	}

	// What is interrupted must not be taken for a program.
	tmp, err := os.MkdirTemp(b.Into, "building-*")
	if err != nil {
		return fmt.Errorf("cannot create a temporary directory: %w", err)
	}

	defer os.RemoveAll(tmp) //nolint:errcheck // It's temporary, and renamed when all is well.

	args := slices.Concat([]string{"build"}, flags, []string{"-o", filepath.Join(tmp, filepath.Base(path)), pkg})
	if _, err := b.run(ctx, args...); err != nil {
		return fmt.Errorf("cannot build %s: %w", pkg, err)
	}

	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot replace %q: %w", dir, err)
	}

	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("cannot store what was built: %w", err)
	}

	return nil
}

// prune folders that nobody has asked for in long.
func (b *Builder) prune() error {
	entries, err := os.ReadDir(b.Into)
	if err != nil {
		return fmt.Errorf("cannot list programs: %w", err)
	}

	for _, e := range entries {
		fi, err := e.Info()
		if err != nil || !e.IsDir() || time.Since(fi.ModTime()) < keepFor || b.InUse(e.Name()) {
			continue
		}

		if err := os.RemoveAll(filepath.Join(b.Into, e.Name())); err != nil {
			return fmt.Errorf("cannot delete an old program: %w", err)
		}
	}

	return nil
}

// A listed package, as go list describes it.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	Deps       []string
	Module     *struct {
		Main    bool
		Version string
		Replace *struct{ Path, Version string }
	}
	GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
}

// keys of programs, by name: a hash of all that each is made of.
func (b *Builder) keys(ctx context.Context, mains map[string]string) (map[string]string, error) {
	args := []string{"list", "-deps", "-json=ImportPath,Dir,Standard,Deps,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles"}
	for _, pkg := range mains {
		args = append(args, pkg)
	}

	out, err := b.run(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("cannot tell what the programs are made of: %w", err)
	}

	all, sums := map[string]*listed{}, map[string][]byte{}

	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		l := &listed{}

		err := d.Decode(l) //nolint:musttag // The fields have the names that go list gives them.
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			return nil, fmt.Errorf("cannot decode what go list says: %w", err)
		}

		all[l.Dir] = l

		if sums[l.ImportPath], err = l.sum(); err != nil {
			return nil, err
		}
	}

	keys := map[string]string{}

	for name, pkg := range mains {
		main, ok := all[filepath.Join(b.Root, pkg)]
		if !ok {
			return nil, fmt.Errorf("go list says nothing of %s", pkg)
		}

		keys[name] = key(main, sums)
	}

	return keys, nil
}

// key of a program. The programs are built with the version of Go that built us.
func key(main *listed, sums map[string][]byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %s/%s %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(flags, " "))

	for _, dep := range append(slices.Sorted(slices.Values(main.Deps)), main.ImportPath) {
		_, _ = fmt.Fprintf(h, "%s %x\n", dep, sums[dep])
	}

	return hex.EncodeToString(h.Sum(nil))[:hashLength]
}

// sum of a package: of its files if it is the checkout's own, of its version if
// it isn't. The standard library has that of Go.
func (l *listed) sum() ([]byte, error) {
	h := sha256.New()

	switch {
	case l.Standard || l.Module == nil:
	case !l.Module.Main && (l.Module.Replace == nil || l.Module.Replace.Version != ""):
		_, _ = fmt.Fprintf(h, "%s %v\n", l.Module.Version, l.Module.Replace)
	default:
		for _, f := range slices.Concat(l.GoFiles, l.CgoFiles, l.CFiles, l.HFiles, l.SFiles, l.EmbedFiles) {
			raw, err := os.ReadFile(filepath.Join(l.Dir, f))
			if err != nil {
				return nil, fmt.Errorf("cannot read a source file: %w", err)
			}

			_, _ = fmt.Fprintf(h, "%s %d\n", f, len(raw))
			_, _ = h.Write(raw)
		}
	}

	return h.Sum(nil), nil
}

func (b *Builder) run(ctx context.Context, args ...string) ([]byte, error) {
	stderr := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = b.Root, stderr

	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}

	return out, nil
}
