package controller

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
)

// clockSkew between this program and Hetzner.
const clockSkew = 30 * time.Second

// AnnotationCreateLost is when a create was begun whose outcome is not known.
const AnnotationCreateLost = "hcloud.openova.io/create-lost"

// collections of the API by the Terraform resource, for resources whose
// identifier the server chooses but whose name is theirs alone.
var collections = map[string]string{
	"hcloud_firewall":             "firewalls",
	"hcloud_floating_ip":          "floating_ips",
	"hcloud_load_balancer":        "load_balancers",
	"hcloud_managed_certificate":  "certificates",
	"hcloud_network":              "networks",
	"hcloud_placement_group":      "placement_groups",
	"hcloud_primary_ip":           "primary_ips",
	"hcloud_server":               "servers",
	"hcloud_ssh_key":              "ssh_keys",
	"hcloud_uploaded_certificate": "certificates",
	"hcloud_volume":               "volumes",
	"hcloud_zone":                 "zones",
}

func errNotOurs(m resource.Managed) error {
	return errors.Errorf("%T is not a managed resource of this provider", m)
}

// adopt finds what an interrupted create left behind: created under the
// resource's name since it was begun, as far as clocks agree, and with its
// labels. Somebody else may have taken the name a moment before, which the create
// that was lost would have been told. What was deleted behind our back and created
// anew has the identifier of what it was. It tells whether it found anything.
func (e *external) adopt(ctx context.Context, mg object) (bool, error) {
	collection, ok := collections[e.config.Name]
	if !ok {
		return false, nil
	}
	if meta.ExternalCreateIncomplete(mg) {
		lost(mg)
	}
	begun, err := time.Parse(time.RFC3339, mg.GetAnnotations()[AnnotationCreateLost])
	if err != nil {
		return false, nil //nolint:nilerr // No create was lost.
	}
	args, err := mg.GetMergedParameters(true)
	if err != nil {
		return false, errors.Wrap(err, "cannot read the managed resource's arguments")
	}
	name, _ := args["name"].(string)
	if name == "" {
		return false, nil
	}
	labels, _ := args["labels"].(map[string]any)
	id, err := e.find(ctx, collection, name, labels, begun.Add(-clockSkew))
	if err != nil && e.throttled() {
		return false, clients.ErrBudgetSpent
	}
	if err != nil || id == "" {
		return false, errors.Wrapf(err, "cannot look for what an interrupted create of %q left behind", name)
	}
	if id != meta.GetExternalName(mg) {
		// It had another: what it was before somebody deleted it.
		meta.SetExternalName(mg, id)
		e.tracker.SetTfState(nil)
	}
	meta.RemoveAnnotations(mg, AnnotationCreateLost)
	// What is found is found: the create is not under way any more.
	meta.SetExternalCreateSucceeded(mg, time.Now())
	return true, nil
}

// lost remembers that the create that is under way may have created something.
// The first one that was lost counts: later ones would have met its name.
func lost(mg resource.Managed) {
	if _, ok := mg.GetAnnotations()[AnnotationCreateLost]; !ok {
		meta.AddAnnotations(mg, map[string]string{AnnotationCreateLost: meta.GetExternalCreatePending(mg).UTC().Format(time.RFC3339)})
	}
}

func (e *external) find(ctx context.Context, collection, name string, labels map[string]any, since time.Time) (string, error) {
	req, err := e.project.NewRequest(ctx, http.MethodGet, "/"+collection+"?name="+url.QueryEscape(name), nil)
	if err != nil {
		return "", err
	}
	body := map[string]json.RawMessage{}
	if _, err := e.project.Do(req, &body); err != nil {
		return "", err
	}
	var found []struct {
		ID      int64             `json:"id"`
		Name    string            `json:"name"`
		Labels  map[string]string `json:"labels"`
		Created time.Time         `json:"created"`
	}
	if err := json.Unmarshal(body[collection], &found); err != nil {
		return "", errors.Wrapf(err, "cannot read the answer's %s", collection)
	}
	for _, f := range found {
		if f.Name == name && labelled(f.Labels, labels) && !f.Created.Before(since) {
			return strconv.FormatInt(f.ID, 10), nil
		}
	}
	return "", nil
}

func labelled(has map[string]string, want map[string]any) bool {
	for k, v := range want {
		if is, ok := has[k]; !ok || is != v {
			return false
		}
	}
	return true
}
