package clients

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	powerdns "github.com/joeig/go-powerdns/v3"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// An Error is what a PowerDNS server answered in place of what was asked, or
// why it did not answer.
type Error struct {
	// Op is what was asked, e.g. "create zone example.org.".
	Op string
	// Status of the answer. Zero when there was none.
	Status int
	// Message of the server, or of the connection to it.
	Message string
	// Hint says what to do about it.
	Hint string

	cause error
}

// Error says what was asked, what the answer was and what to do.
func (e *Error) Error() string {
	msg := "cannot " + e.Op + ": "
	if e.Status == 0 {
		msg += "PowerDNS can't be reached: " + e.Message
	} else {
		msg += fmt.Sprintf("PowerDNS answered %d %s", e.Status, http.StatusText(e.Status))
		if e.Message != "" && !strings.EqualFold(e.Message, http.StatusText(e.Status)) {
			msg += ": " + e.Message
		}
	}
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// Unwrap returns what caused the error.
func (e *Error) Unwrap() error { return e.cause }

// wrap what a call returned.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: fmt.Sprintf(format, args...), cause: err}
	pe := &powerdns.Error{}
	if !errors.As(err, &pe) {
		e.Message = err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			e.Message = "no answer in time"
		}
		e.Hint = "check the URL of the provider configuration and that the server runs"
		return e
	}
	e.Status, e.Message = pe.StatusCode, strings.TrimSpace(pe.Message)
	e.Hint = hint(e.Status, e.Message)
	return e
}

// hint says what to do about an answer.
func hint(status int, message string) string {
	switch status {
	case http.StatusBadRequest:
		return "the request was malformed: this is a fault of the provider"
	case http.StatusUnauthorized:
		return "check the API key in the Secret the provider configuration names"
	case http.StatusForbidden:
		return "check the server's webserver-allow-from"
	case http.StatusNotFound:
		return "the zone or what is in it does not exist on this server"
	case http.StatusConflict:
		return "it exists already"
	case http.StatusRequestEntityTooLarge:
		return "raise the server's webserver-max-bodysize"
	case http.StatusTooManyRequests:
		return "the server or a proxy before it limits requests: it is tried again later"
	case http.StatusUnprocessableEntity:
		if strings.Contains(message, "Not in expected format") {
			return "write the record as the server parsed it"
		}
		return "change the field the server names"
	default:
		if status >= http.StatusInternalServerError {
			return "it is tried again later; the server's log says why, on SQLite mostly a locked database"
		}
		return ""
	}
}

// status of the answer that caused an error, or zero.
func status(err error) int {
	e := &Error{}
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// IsNotFound says whether what was asked for does not exist.
func IsNotFound(err error) bool { return status(err) == http.StatusNotFound }

// IsConflict says whether what was to be created exists already.
func IsConflict(err error) bool { return status(err) == http.StatusConflict }

// IsInvalid says whether the server refused what it was sent.
func IsInvalid(err error) bool { return status(err) == http.StatusUnprocessableEntity }
