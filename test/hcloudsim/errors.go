package hcloudsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// An apiError is what the API answers in place of a result.
type apiError struct {
	Status  int
	Code    string
	Message string
	Details any
}

// Error is the message a User of the API sees.
func (e *apiError) Error() string { return fmt.Sprintf("%s (%s)", e.Message, e.Code) }

// A field names one input and what is wrong with it.
type field struct {
	Name     string   `json:"name"`
	Messages []string `json:"messages,omitempty"`
}

type fieldDetails struct {
	Fields []field `json:"fields"`
}

// Statuses by code. An operation may say otherwise with fail.
// Source: https://docs.hetzner.cloud/reference/cloud#errors
var statuses = map[string]int{
	"json_error":                            http.StatusBadRequest,
	"unauthorized":                          http.StatusUnauthorized,
	"token_readonly":                        http.StatusUnauthorized,
	"forbidden":                             http.StatusForbidden,
	"maintenance":                           http.StatusForbidden,
	"resource_limit_exceeded":               http.StatusForbidden,
	"not_found":                             http.StatusNotFound,
	"method_not_allowed":                    http.StatusMethodNotAllowed,
	"uniqueness_error":                      http.StatusConflict,
	"conflict":                              http.StatusConflict,
	"deprecated_api_endpoint":               http.StatusGone,
	"resource_unavailable":                  http.StatusPreconditionFailed,
	"primary_ip_version_mismatch":           http.StatusPreconditionFailed,
	"source_port_already_used":              http.StatusPreconditionFailed,
	"invalid_input":                         http.StatusUnprocessableEntity,
	"service_error":                         http.StatusUnprocessableEntity,
	"unsupported_error":                     http.StatusUnprocessableEntity,
	"locked":                                http.StatusLocked,
	"resource_locked":                       http.StatusLocked,
	"protected":                             http.StatusLocked,
	"rate_limit_exceeded":                   http.StatusTooManyRequests,
	"server_error":                          http.StatusInternalServerError,
	"bad_gateway":                           http.StatusBadGateway,
	"unavailable":                           http.StatusServiceUnavailable,
	"timeout":                               http.StatusGatewayTimeout,
	"resource_in_use":                       http.StatusUnprocessableEntity,
	"must_be_unassigned":                    http.StatusUnprocessableEntity,
	"placement_error":                       http.StatusUnprocessableEntity,
	"primary_ip_datacenter_mismatch":        http.StatusUnprocessableEntity,
	"firewall_resource_not_found":           http.StatusNotFound,
	"load_balancer_not_attached_to_network": http.StatusUnprocessableEntity,
}

// fail with a code, and the status that belongs to it: 422 when the table of
// statuses does not know it, because operations' own errors are 422.
func fail(code, format string, args ...any) *apiError {
	status, ok := statuses[code]
	if !ok {
		status = http.StatusUnprocessableEntity
	}
	return &apiError{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid input in a field.
func invalid(name, format string, args ...any) *apiError {
	msg := fmt.Sprintf(format, args...)
	e := fail("invalid_input", "invalid input in field '%s': %s", name, msg)
	e.Details = fieldDetails{Fields: []field{{Name: name, Messages: []string{msg}}}}
	return e
}

func notFound(what string, id any) *apiError {
	return fail("not_found", "%s with ID '%v' not found", strings.ReplaceAll(what, "_", " "), id)
}

func notUnique(name, format string, args ...any) *apiError {
	e := fail("uniqueness_error", format, args...)
	e.Details = fieldDetails{Fields: []field{{Name: name}}}
	return e
}

func limitExceeded(name string, limit int) *apiError {
	e := fail("resource_limit_exceeded", "%s limit of %d exceeded", name, limit)
	e.Details = map[string]any{"limits": []field{{Name: name + "_limit"}}}
	return e
}

func (e *apiError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status)
	//nolint:errchkjson // The User hung up, or a details type of this package is wrong and a test says so.
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": e.Code, "message": e.Message, "details": e.Details,
	}})
}
