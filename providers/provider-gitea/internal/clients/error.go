package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxMessage bounds what of a server's answer reaches a condition.
const maxMessage = 300

// An Error is a request the server refused or failed. It says what was asked,
// what the server said and what to do about it, and never holds credentials.
type Error struct {
	// Method and Path of the request, without its query.
	Method string
	Path   string
	// Status the server answered with.
	Status int
	// Message of the server. May be empty.
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	b := &strings.Builder{}
	_, _ = fmt.Fprintf(b, "%s %s: Gitea answered %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		_, _ = fmt.Fprintf(b, ": %s", e.Message)
	}
	if advice := e.advice(); advice != "" {
		_, _ = fmt.Fprintf(b, " (%s)", advice)
	}
	return b.String()
}

// advice says what a person can do about the status.
func (e *Error) advice() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return "the provider configuration's token is wrong, expired or revoked"
	case http.StatusForbidden:
		return "the token's user or scope does not allow this, or a branch protection forbids it"
	case http.StatusNotFound:
		return "it does not exist, or the token's user may not see it"
	case http.StatusMethodNotAllowed:
		return "the server's configuration or the state of the object does not allow this"
	case http.StatusConflict:
		return "it exists already or changed meanwhile, or a branch protection forbids it"
	case http.StatusUnprocessableEntity:
		return "the server does not accept a value, or something it names does not exist"
	case http.StatusLocked:
		return "the repository is archived"
	case http.StatusTooManyRequests:
		return "too many requests; tried again later"
	}
	if e.Status >= http.StatusInternalServerError {
		return "the server failed; its log says why; tried again later"
	}
	return ""
}

// newError reads the server's explanation, which is JSON from Gitea and plain
// text or HTML from what may stand before it.
func newError(method, path string, status int, body []byte) *Error {
	e := &Error{Method: method, Path: path, Status: status}
	msg := struct {
		Message string   `json:"message"`
		Errors  []string `json:"errors"`
	}{}
	if err := json.Unmarshal(body, &msg); err == nil {
		e.Message = oneLine(strings.Join(append([]string{msg.Message}, msg.Errors...), " "))
		return e
	}
	if text := oneLine(string(body)); !strings.HasPrefix(text, "<") {
		e.Message = text
	}
	return e
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > maxMessage {
		return string(r[:maxMessage]) + "…"
	}
	return s
}

// An UnreachableError is a request that got no answer.
type UnreachableError struct {
	// URL of the server, without path and credentials.
	URL string
	// Cause that is the same at every attempt: no ports, no timestamps.
	Cause string

	err error
}

// Error implements error.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot reach Gitea at %s: %s", e.URL, e.Cause)
}

// Unwrap returns the error of the connection.
func (e *UnreachableError) Unwrap() error { return e.err }

// unreachable strips from a connection's error what differs from one attempt
// to the next, such as the local port: conditions must not flap.
func unreachable(base *url.URL, err error) *UnreachableError {
	u := &UnreachableError{URL: base.Scheme + "://" + base.Host, err: err}
	op, dns, ue := &net.OpError{}, &net.DNSError{}, &url.Error{}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		u.Cause = "no answer in time"
	case errors.As(err, &dns):
		u.Cause = fmt.Sprintf("cannot look up host %q", dns.Name)
	case errors.As(err, &op):
		u.Cause = op.Op + ": " + op.Err.Error()
	case errors.As(err, &ue):
		u.Cause = ue.Err.Error()
	default:
		u.Cause = err.Error()
	}
	return u
}

// IsStatus returns whether the server answered with one of the statuses.
func IsStatus(err error, statuses ...int) bool {
	e := &Error{}
	if !errors.As(err, &e) {
		return false
	}
	return slices.Contains(statuses, e.Status)
}

// IsNotFound returns whether the server says that there is no such thing.
func IsNotFound(err error) bool { return IsStatus(err, http.StatusNotFound) }

// IgnoreNotFound returns nil for what is not there.
func IgnoreNotFound(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}
