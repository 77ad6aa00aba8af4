package registrar

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A Cause is what kind of error it is, whatever the registrar calls it.
type Cause string

// Causes of errors. They are also reasons of the condition Ready.
const (
	// Unauthorized says that the credentials are wrong.
	Unauthorized Cause = "RegistrarUnauthorized"
	// Forbidden says that the account may not do it.
	Forbidden Cause = "RegistrarForbidden"
	// UnknownDomain says that the account has no such domain.
	UnknownDomain Cause = "RegistrarUnknownDomain"
	// Limited says that the account has made too many requests.
	Limited Cause = "RegistrarLimited"
	// Unavailable says that there was no answer, or none that can be relied on.
	Unavailable Cause = "RegistrarUnavailable"
	// Refused says that the registrar does not take what it was told.
	Refused Cause = "RegistrarRefused"
	// Impossible says that the registrar's API has no way to do it.
	Impossible Cause = "RegistrarCannot"
)

// An Error is why a registrar did not do what it was asked. It is the same for the
// same cause, and holds no credentials.
type Error struct {
	// Registrar that was asked.
	Registrar string
	// Op is what it was asked to do.
	Op string
	// Cause of the error.
	Cause Cause
	// Status of the answer. Zero when there was none.
	Status int
	// Message of the registrar, or of the connection to it.
	Message string
	// Hint says what to do about it.
	Hint string
	// After is for how long the account should not ask again.
	After time.Duration
}

// Error says what was asked, what the answer was and what to do.
func (e *Error) Error() string {
	msg := "cannot " + e.Op + ": "
	switch {
	case e.Cause == Impossible:
		msg += e.Registrar + " cannot do it: " + e.Message
	case e.Status == 0:
		msg += e.Registrar + " can't be reached: " + e.Message
	case e.Message == "":
		msg += fmt.Sprintf("%s answered %d %s", e.Registrar, e.Status, http.StatusText(e.Status))
	default:
		msg += fmt.Sprintf("%s answered %d: %s", e.Registrar, e.Status, e.Message)
	}
	if e.Hint != "" {
		msg += " (" + e.Hint + ")"
	}
	return msg
}

// CauseOf an error, or the empty string if no registrar is the cause.
func CauseOf(err error) Cause {
	e := &Error{}
	if errors.As(err, &e) {
		return e.Cause
	}
	return ""
}

// impossible says what could be done instead.
func (a *account) impossible(op, why, instead string) error {
	return &Error{Registrar: a.name, Op: op, Cause: Impossible, Message: why, Hint: instead}
}

// fail with an answer, for a cause, with what the registrar says.
func (a *account) fail(op string, r *answer, c Cause, message string) *Error {
	e := &Error{Registrar: a.name, Op: op, Cause: c, Status: r.status, Message: a.scrub(message), Hint: a.hint(c)}
	if c == Limited {
		e.After = retryAfter(r.header)
	}
	return e
}

// causeOf a status.
func causeOf(status int) Cause {
	switch {
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound:
		return UnknownDomain
	case status == http.StatusTooManyRequests:
		return Limited
	case status >= http.StatusInternalServerError:
		return Unavailable
	default:
		return Refused
	}
}

func (a *account) hint(c Cause) string {
	switch c {
	case Unauthorized:
		return "check the Secret that credentialsSecretRef names"
	case Forbidden:
		switch a.name {
		case GoDaddy:
			return "GoDaddy opens its API to accounts with ten domains or more, or in its Premier club; set the mode BYOManual otherwise"
		case Namecheap, Dynadot:
			return "check that the API is enabled and that the addresses the provider comes from are on the account's list"
		default:
			return "check what the credentials may do"
		}
	case UnknownDomain:
		return "check that the domain is in the account the credentials are of; a name below a registered domain is delegated in the zone of that domain"
	case Limited, Unavailable:
		return "it is tried again later"
	default:
		return ""
	}
}

// retryAfter that a server asked for, in seconds.
func retryAfter(h http.Header) time.Duration {
	d, err := time.ParseDuration(cmp.Or(h.Get("Retry-After"), "0") + "s")
	if err != nil || d < 0 {
		return 0
	}
	return min(d, maxRetryAfter)
}

// scrub what a server or a library says of all that is secret, and make it one
// line of bounded length. Secrets go first: one that is cut would not be found.
func (a *account) scrub(text string) string {
	for _, s := range a.secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, "[redacted]")
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(text); len(r) > maxMessage {
		text = string(r[:maxMessage]) + "…"
	}
	return text
}

// longestFirst, so that a secret which is part of another does not leave the rest.
func longestFirst(secrets []string) []string {
	out := slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return s == "" })
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// reason for which there was no answer, without the URL, which may hold
// credentials, and without what changes from one try to the next.
func reason(err error) string {
	var d *net.DNSError
	var n net.Error
	switch {
	case errors.As(err, &d) && d.IsNotFound:
		return "no such host"
	case errors.As(err, &n) && n.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return "no TLS connection that can be trusted"
	default:
		return "the connection broke"
	}
}
