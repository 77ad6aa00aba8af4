package kube

import (
	"context"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

const warmEvery = 100 * time.Millisecond

// Warm asks for each custom resource as soon as its definition is established,
// until ctx ends. The API server prepares to serve one when it is first asked, and
// has whoever asks come back a second later: a program that asks for many, one
// after another, waits as many seconds.
func (c *Client) Warm(ctx context.Context) {
	h, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return
	}

	asked := map[string]bool{}

	for {
		// Who waits for a definition reports what is wrong with it.
		crds, _ := c.List(ctx, apiextensionsv1.SchemeGroupVersion.String(), "CustomResourceDefinition") //nolint:errcheck // See above.
		for i := range crds {
			if p := served(&crds[i]); p != "" && !asked[p] {
				asked[p] = true

				go ask(ctx, h, strings.TrimSuffix(c.Config.Host, "/")+p)
			}
		}

		select {
		case <-ctx.Done():
			return
		case <-time.After(warmEvery):
		}
	}
}

// served is the path that a custom resource is served at, or nothing as long as
// its definition is not established.
func served(crd *unstructured.Unstructured) string {
	if e, ok := GetCondition(crd, string(apiextensionsv1.Established)); !ok || e.Status != "True" {
		return ""
	}

	str := func(fields ...string) string { s, _, _ := unstructured.NestedString(crd.Object, fields...); return s } //nolint:errcheck // The API server vouches for its type.
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")                                     //nolint:errcheck // As above.

	for _, v := range versions {
		if m, ok := v.(map[string]any); ok && m["served"] == true {
			version, _ := m["name"].(string) //nolint:errcheck // As above.
			return path.Join("/apis", str("spec", "group"), version, str("spec", "names", "plural"))
		}
	}

	return ""
}

func ask(ctx context.Context, h *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"?limit=1", nil)
	if err != nil {
		return
	}

	if res, err := h.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}
