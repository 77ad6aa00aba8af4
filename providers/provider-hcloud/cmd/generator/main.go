// The generator program writes the managed resources' types and the table of
// their controllers from the provider's configuration.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/tools/imports"

	upjetconfig "github.com/crossplane/upjet/v2/pkg/config"
	"github.com/crossplane/upjet/v2/pkg/pipeline"
	upjettypes "github.com/crossplane/upjet/v2/pkg/types"

	"github.com/openova-io/catalyst/providers/provider-hcloud/config"
)

//go:embed kinds.go.tmpl
var kindsTemplate string

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generator <provider directory> <header file>")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(dir, headerFile string) error {
	header, err := os.ReadFile(headerFile) //nolint:gosec // The caller says which file.
	if err != nil {
		return fmt.Errorf("cannot read header: %w", err)
	}
	apis, err := filepath.Abs(filepath.Join(dir, "apis"))
	if err != nil {
		return fmt.Errorf("cannot find the provider: %w", err)
	}
	work, err := os.MkdirTemp("", "provider-hcloud")
	if err != nil {
		return fmt.Errorf("cannot make a directory to work in: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // The system cleans its temporary directory.

	pc := config.ForGeneration()
	if err := runPipeline(pc, work, apis, header); err != nil {
		return err
	}
	if err := formatTypes(filepath.Join(apis, "v1alpha1")); err != nil {
		return err
	}
	return writeKinds(pc, filepath.Join(dir, "internal", "controller", "zz_kinds.go"), header)
}

// runPipeline generates the types with upjet. Of what it generates only those
// are kept: controllers come from one table, and there is one API package.
func runPipeline(pc *upjetconfig.Provider, work, apis string, header []byte) error {
	// upjet makes a directory for the group's first label.
	for _, d := range []string{"apis", "controllers", "examples", "bin", "hack"} {
		if err := os.MkdirAll(filepath.Join(work, d), 0o700); err != nil {
			return fmt.Errorf("cannot make a directory to work in: %w", err)
		}
	}
	if err := os.Symlink(apis, filepath.Join(work, "apis", "hcloud")); err != nil {
		return fmt.Errorf("cannot link the API package: %w", err)
	}
	if err := os.WriteFile(filepath.Join(work, "hack", "boilerplate.go.txt"), header, 0o600); err != nil { //nolint:gosec // The directory is this program's own.
		return fmt.Errorf("cannot write header: %w", err)
	}
	// upjet runs goimports, which is a program to install; formatTypes does the
	// same with the library.
	if err := os.WriteFile(filepath.Join(work, "bin", "goimports"), []byte("#!/bin/sh\n"), 0o700); err != nil { //nolint:gosec // A program is executable.
		return fmt.Errorf("cannot stand in for goimports: %w", err)
	}
	if err := os.Setenv("PATH", filepath.Join(work, "bin")+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return fmt.Errorf("cannot stand in for goimports: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(apis, "v1alpha1", "zz_*"))
	if err != nil {
		return fmt.Errorf("cannot list generated files: %w", err)
	}
	for _, f := range old {
		if strings.HasPrefix(filepath.Base(f), "zz_generated.") {
			continue
		}
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("cannot remove an old file: %w", err)
		}
	}

	r := &pipeline.PipelineRunner{
		DirAPIs:               filepath.Join(work, "apis"),
		DirControllers:        filepath.Join(work, "controllers"),
		DirExamples:           filepath.Join(work, "examples"),
		DirHack:               filepath.Join(work, "hack"),
		ModulePathAPIs:        pc.ModulePath + "/apis",
		ModulePathControllers: pc.ModulePath + "/internal/controller",
		Scope:                 upjettypes.CRDScopeNamespaced,
	}
	r.Run(pc)
	return nil
}

func formatTypes(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "zz_*.go"))
	if err != nil {
		return fmt.Errorf("cannot list generated files: %w", err)
	}
	for _, f := range files {
		if strings.HasPrefix(filepath.Base(f), "zz_generated.") {
			continue
		}
		src, err := imports.Process(f, nil, nil)
		if err != nil {
			return fmt.Errorf("cannot format %s: %w", f, err)
		}
		if err := write(f, src); err != nil {
			return err
		}
	}
	return nil
}

func writeKinds(pc *upjetconfig.Provider, path string, header []byte) error {
	t, err := template.New("kinds").Parse(kindsTemplate)
	if err != nil {
		return fmt.Errorf("cannot parse template: %w", err)
	}
	type kind struct{ Kind, Resource string }
	kinds := make([]kind, 0, len(pc.Resources))
	for name, r := range pc.Resources {
		kinds = append(kinds, kind{Kind: r.Kind, Resource: name})
	}
	slices.SortFunc(kinds, func(a, b kind) int { return strings.Compare(a.Kind, b.Kind) })

	b := &bytes.Buffer{}
	if err := t.Execute(b, map[string]any{"Header": string(header), "Kinds": kinds}); err != nil {
		return fmt.Errorf("cannot write the table of kinds: %w", err)
	}
	src, err := imports.Process(path, b.Bytes(), nil)
	if err != nil {
		return fmt.Errorf("cannot format the table of kinds: %w", err)
	}
	return write(path, src)
}

func write(path string, src []byte) error {
	if err := os.WriteFile(path, src, 0o644); err != nil { //nolint:gosec // Source code is for everyone to read.
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}
