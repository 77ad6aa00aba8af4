package controller_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/webhook"
)

func TestWebhookLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "hook-life", true)
	signed := make(chan string, 10)
	key := ""
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		m := hmac.New(sha256.New, []byte(key))
		_, _ = m.Write(body)
		if hex.EncodeToString(m.Sum(nil)) == q.Header.Get("X-Gitea-Signature") {
			signed <- "signed"
			return
		}
		signed <- "signed otherwise"
	}))
	defer receiver.Close()
	deliver := func(want string) {
		t.Helper()
		write(t, r, "develop", "x", time.Now().String())
		select {
		case got := <-signed:
			if got != want {
				t.Errorf("delivery is %s", got)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("no delivery")
		}
		select {
		case <-signed:
			t.Errorf("delivered twice")
		case <-time.After(300 * time.Millisecond):
		}
	}

	secret := &corev1.Secret{ObjectMeta: object("hook-secret"), Data: map[string][]byte{"key": []byte("first")}}
	put(t, b, secret)
	mg := &v1alpha1.Webhook{ObjectMeta: object("projector"), Spec: v1alpha1.WebhookSpec{ForProvider: v1alpha1.WebhookParameters{
		Owner: &r.Owner, Repository: &r.Name, URL: receiver.URL, Events: []string{"push", "pull_request"},
		SecretSecretRef: &xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: "hook-secret"}, Key: "key"},
	}}}
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("A new webhook is made once.\n-want, +got:\n%s", diff)
	}
	key = "first"
	deliver("signed")
	b.took()
	settle(t, b, webhook.External, mg)
	if diff := cmp.Diff([]string{"GET /repos/hook-life/app/hooks"}, b.took()); diff != "" {
		t.Errorf("A settled webhook costs one GET.\n-want, +got:\n%s", diff)
	}

	secret.Data["key"] = []byte("second")
	if err := b.Kube.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("A changed secret is pushed.\n-want, +got:\n%s", diff)
	}
	key = "second"
	deliver("signed")
	for _, e := range b.told() {
		if strings.Contains(e, "second") || strings.Contains(e, "first") {
			t.Errorf("A secret is in an event: %s", e)
		}
	}

	hooks := apiGet[[]clients.Hook](t, "/repos/hook-life/app/hooks")
	if len(hooks) != 1 {
		t.Fatalf("want one webhook, got %d", len(hooks))
	}
	api(t, http.MethodPatch, "/repos/hook-life/app/hooks/"+itoa(hooks[0].ID), map[string]any{"active": false, "events": []string{"issues"}, "branch_filter": "main", "config": map[string]string{"url": "http://127.0.0.1:1/evil"}}, http.StatusOK)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "evil") || !strings.Contains(got[0], "active false") {
		t.Errorf("Drift is told in one event: %v", got)
	}
	hooks = apiGet[[]clients.Hook](t, "/repos/hook-life/app/hooks")
	if len(hooks) != 1 || hooks[0].BranchFilter != "main" {
		t.Errorf("What is not managed is left alone: %+v", hooks)
	}

	// A creation that was interrupted before its status was kept, and the
	// duplicate of a replacement that was interrupted.
	again := mg.DeepCopy()
	again.Status = v1alpha1.WebhookStatus{}
	api(t, http.MethodPost, "/repos/hook-life/app/hooks", map[string]any{"type": "gitea", "name": "projector", "config": map[string]string{"url": receiver.URL, "content_type": "json"}, "active": true}, http.StatusCreated)
	settle(t, b, webhook.External, again)
	if hooks = apiGet[[]clients.Hook](t, "/repos/hook-life/app/hooks"); len(hooks) != 1 {
		t.Errorf("There is one webhook in the end: %+v", hooks)
	}

	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := webhook.External(b.Session).Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
	api(t, http.MethodDelete, "/repos/hook-life/app", nil, http.StatusNoContent)
	if diff := cmp.Diff([]string{gone}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("It goes with its repository.\n-want, +got:\n%s", diff)
	}
}

func TestWebhookOfOrganization(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "hook-org")
	api(t, http.MethodPost, "/orgs/hook-org/hooks", map[string]any{"type": "gitea", "config": map[string]string{"url": "http://127.0.0.1:1/x", "content_type": "json"}, "events": []string{"repository"}, "active": true}, http.StatusCreated)
	mg := &v1alpha1.Webhook{ObjectMeta: object("org"), Spec: v1alpha1.WebhookSpec{ForProvider: v1alpha1.WebhookParameters{
		Owner: &org, URL: "http://127.0.0.1:1/x", Events: []string{"repository"}, ContentType: new("json"),
	}}}
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("An equal webhook without a name is adopted and named.\n-want, +got:\n%s", diff)
	}
	if hooks := apiGet[[]clients.Hook](t, "/orgs/hook-org/hooks"); len(hooks) != 1 || hooks[0].Name != "org" {
		t.Errorf("%+v", hooks)
	}
	mg.Spec.ForProvider.SecretSecretRef = &xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: "none"}, Key: "key"}
	if _, err := reconcile(t, b, webhook.External, mg); err == nil || !strings.Contains(err.Error(), `there is no Secret "none" with a key "key"`) {
		t.Errorf("A missing secret is named, got: %v", err)
	}
	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, webhook.External, mg)); diff != "" {
		t.Errorf("A missing secret keeps nothing from being deleted.\n-want, +got:\n%s", diff)
	}
}
