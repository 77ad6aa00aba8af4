package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A table of figures, and what to know about them.
type table struct {
	title  string
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) markdown() string {
	widths := make([]int, len(t.header))
	for _, row := range append([][]string{t.header}, t.rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], len([]rune(c)))
		}
	}
	b := &strings.Builder{}
	line := func(cells []string) {
		for i, c := range cells {
			fmt.Fprintf(b, "| %s%s ", c, strings.Repeat(" ", widths[i]-len([]rune(c))))
		}
		b.WriteString("|\n")
	}
	fmt.Fprintf(b, "**%s**\n\n", t.title)
	line(t.header)
	for _, w := range widths {
		b.WriteString("|" + strings.Repeat("-", w+2))
	}
	b.WriteString("|\n")
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// A result of one part of the measurements.
type result struct {
	name   string
	load   string
	tables []table
}

func (r result) markdown() string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "Measured %s on %s, with `make bench`. Load average %s.\n", time.Now().UTC().Format(time.DateOnly), machine(), r.load)
	for _, t := range r.tables {
		b.WriteString("\n" + t.markdown())
	}
	return b.String()
}

// write the result between its markers. The text around them is people's.
func (r result) write(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return errors.Wrap(err, "cannot read the document of results")
	}
	begin, end := "<!-- begin "+r.name+" -->\n", "<!-- end "+r.name+" -->"
	head, rest, found := strings.Cut(string(raw), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		return errors.Errorf("%s has no markers for %s", path, r.name)
	}
	return errors.Wrap(os.WriteFile(path, []byte(head+begin+r.markdown()+end+tail), 0o644), "cannot write the document of results") //nolint:gosec // A document that everybody may read.
}

// machine the figures are of.
func machine() string {
	model := "unknown CPU"
	raw, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(raw)) {
		if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(v)
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.Version())
}

// loadAverage of the last minute, to tell a quiet machine from a busy one.
func loadAverage() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	out, _, _ := strings.Cut(string(raw), " ")
	return out
}
