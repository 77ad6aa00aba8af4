package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

// A logFile is an io.Writer that keeps at most two generations of a log, so
// that a component in a crash loop can't fill the disk.
type logFile struct {
	path string
	max  int64

	mu   sync.Mutex
	f    *os.File
	size int64
}

func openLog(path string, limit int64) (*logFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), home.DirMode); err != nil {
		return nil, fmt.Errorf("cannot create the log directory: %w", err)
	}

	l := &logFile{path: path, max: limit}
	if err := l.open(); err != nil {
		return nil, err
	}

	return l, nil
}

func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open log: %w", err)
	}

	l.f, l.size = f, 0
	if fi, err := f.Stat(); err == nil {
		l.size = fi.Size()
	}

	return nil
}

// Write implements io.Writer. It never fails: a component that can't log must
// not die of a broken pipe.
func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.f == nil {
		return len(b), nil
	}

	if l.size > 0 && l.size+int64(len(b)) > l.max {
		_ = l.f.Close()
		_ = os.Rename(l.path, l.path+".1")

		if err := l.open(); err != nil {
			l.f = nil
			return len(b), nil //nolint:nilerr // See above.
		}
	}

	n, _ := l.f.Write(b)
	l.size += int64(n)

	return len(b), nil
}

// Close the log.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.f == nil {
		return nil
	}

	err := l.f.Close()
	l.f = nil

	return err
}
