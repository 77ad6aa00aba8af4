package composing

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// existsIsReady are kinds without a status: there is nothing more to them than
// being there.
var existsIsReady = map[string]bool{
	"v1/ConfigMap":                                  true,
	"v1/LimitRange":                                 true,
	"v1/ResourceQuota":                              true,
	"v1/Secret":                                     true,
	"v1/ServiceAccount":                             true,
	"networking.k8s.io/v1/NetworkPolicy":            true,
	"rbac.authorization.k8s.io/v1/ClusterRole":      true,
	"rbac.authorization.k8s.io/v1/Role":             true,
	"rbac.authorization.k8s.io/v1/RoleBinding":      true,
	"protection.crossplane.io/v1beta1/Usage":        true,
	"protection.crossplane.io/v1beta1/ClusterUsage": true,
}

// What is said of a managed resource until there is something to manage.
const (
	reasonCreating = "Creating"
	notCreated     = "Not created yet"
)

// readiness of the composed resource of that key, with a reason and a message
// if it is not ready. A kind this function knows nothing about is ready when
// its Ready condition says so, and never without one.
func (r *Run) readiness(key string) (ready bool, reason, message string) {
	o := r.observed[key]
	switch {
	case o == nil:
		return false, reasonCreating, notCreated
	case o.DeletedAt() != "":
		return false, "Deleting", "Being deleted"
	case existsIsReady[o.APIVersion()+"/"+o.Kind()]:
		return true, "", ""
	case o.APIVersion() == "v1" && o.Kind() == "Namespace":
		if p := o.String("status", "phase"); p != "Active" {
			return false, ReasonNotReady, fmt.Sprintf("Namespace is %q, not Active", p)
		}
		return true, "", ""
	case isManaged(o.APIVersion()):
		// Ready says nothing about the last change; Synced does.
		if c, ok := o.Condition("Synced"); ok && c.Status == string(metav1.ConditionFalse) {
			return false, c.Reason, c.Message
		}
		if m := progress(o); m != "" {
			return false, ReasonNotReady, m
		}
		// The stages of a creation are told apart by nobody, and each would be
		// a change of status that every dependant is called for.
		if c, ok := o.Condition("Ready"); !ok || c.Reason == reasonCreating && c.Message == "" {
			return false, reasonCreating, notCreated
		}
	}
	c, ok := o.Condition("Ready")
	if !ok {
		return false, ReasonNotReady, "Has not reported whether it is ready"
	}
	if c.Status != string(metav1.ConditionTrue) {
		if c.Message == "" {
			c.Message = "Not ready: " + c.Reason
		}
		return false, c.Reason, c.Message
	}
	if g := o.Generation(); c.Generation != 0 && c.Generation < g {
		return false, "Updating", "Its last change has not been carried out yet"
	}
	return true, "", ""
}

// progress of a composite resource of ours that is not ready. Which of its many
// parts is being made is its own business, and would change this one's status as
// often; what went wrong is of interest all the way up.
func progress(o *Observed) string {
	step, reason := o.String("status", "blocking", "step"), o.String("status", "blocking", "reason")
	switch {
	case step == "":
		return ""
	case reason == reasonCreating || reason == ReasonWaiting:
		return "In step " + step
	default:
		return o.String("status", "summary")
	}
}

func isManaged(apiVersion string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return strings.HasSuffix(group, ".openova.io")
}
