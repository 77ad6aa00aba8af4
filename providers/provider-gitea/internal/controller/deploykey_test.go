package controller_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/deploykey"
)

func newDeployKey(r clients.Repo, title string) *v1alpha1.DeployKey {
	mg := &v1alpha1.DeployKey{ObjectMeta: object(title), Spec: v1alpha1.DeployKeySpec{ForProvider: v1alpha1.DeployKeyParameters{
		Owner: &r.Owner, Repository: &r.Name,
	}}}
	mg.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: title}
	return mg
}

func secretOf(t *testing.T, b *bench, name string) *corev1.Secret {
	t.Helper()
	s := &corev1.Secret{}
	if err := b.Kube.Get(t.Context(), types.NamespacedName{Namespace: "acme", Name: name}, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// sshEnv makes git use the key in the Secret, and only hosts it knows.
func sshEnv(t *testing.T, s *corev1.Secret) []string {
	t.Helper()
	dir := t.TempDir()
	for _, k := range []string{"identity", "known_hosts"} {
		if err := os.WriteFile(filepath.Join(dir, k), s.Data[k], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"GIT_SSH_COMMAND=ssh -F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=" + filepath.Join(dir, "known_hosts") + " -i " + filepath.Join(dir, "identity")}
}

func TestDeployKeyLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "key-life", true)
	mg := newDeployKey(r, "flux")
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, deploykey.External, mg)); diff != "" {
		t.Errorf("A new key is made once.\n-want, +got:\n%s", diff)
	}
	if mg.Status.AtProvider.KnownHosts != "Scanned" || mg.Status.AtProvider.ID == 0 {
		t.Errorf("atProvider is not filled in: %+v", mg.Status.AtProvider)
	}
	s := secretOf(t, b, "flux")
	dir := t.TempDir()
	git(t, dir, sshEnv(t, s), "clone", "-q", mg.Status.AtProvider.SSHURL, ".")
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Errorf("The key opens the repository: %v", err)
	}
	b.took()
	settle(t, b, deploykey.External, mg)
	if diff := cmp.Diff([]string{"GET /repos/key-life/app/keys"}, b.took()); diff != "" {
		t.Errorf("A settled key costs one GET.\n-want, +got:\n%s", diff)
	}

	mg.Spec.ForProvider.ReadOnly = new(false)
	mg.Generation++
	settle(t, b, deploykey.External, mg)
	after := secretOf(t, b, "flux")
	if diff := cmp.Diff(s.Data, after.Data); diff != "" {
		t.Errorf("A key that may write is the same key.\n-want, +got:\n%s", diff)
	}
	git(t, dir, nil, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "--allow-empty", "-m", "pushed")
	git(t, dir, sshEnv(t, after), "push", "-q", "origin", "HEAD:pushed")

	if err := b.Kube.Delete(t.Context(), after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, deploykey.External, mg)); diff != "" {
		t.Errorf("A lost Secret rotates the key.\n-want, +got:\n%s", diff)
	}
	rotated := secretOf(t, b, "flux")
	if bytes.Equal(rotated.Data["identity"], s.Data["identity"]) {
		t.Errorf("The key is another one.")
	}
	git(t, t.TempDir(), sshEnv(t, rotated), "clone", "-q", mg.Status.AtProvider.SSHURL, ".")
	for _, e := range b.told() {
		if strings.Contains(e, "PRIVATE KEY") {
			t.Errorf("A private key is in an event.")
		}
	}

	api(t, http.MethodDelete, "/repos/key-life/app/keys/"+itoa(mg.Status.AtProvider.ID), nil, http.StatusNoContent)
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, deploykey.External, mg)); diff != "" {
		t.Errorf("A key removed on the server is registered again.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(rotated.Data, secretOf(t, b, "flux").Data); diff != "" {
		t.Errorf("It is the same key.\n-want, +got:\n%s", diff)
	}

	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, deploykey.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := deploykey.External(b.Session).Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestDeployKeyInterrupted(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "key-stop", true)
	mg := newDeployKey(r, "flux")
	b.refuse = func(q *http.Request) int {
		if q.Method == http.MethodPost {
			return http.StatusInternalServerError
		}
		return 0
	}
	if _, err := reconcile(t, b, deploykey.External, mg); err == nil {
		t.Fatal("want an error")
	}
	before := secretOf(t, b, "flux")
	b.refuse = nil
	settle(t, b, deploykey.External, mg)
	if diff := cmp.Diff(before.Data, secretOf(t, b, "flux").Data); diff != "" {
		t.Errorf("The key made before the interruption is used.\n-want, +got:\n%s", diff)
	}

	other := newDeployKey(r, "other")
	put(t, b, &corev1.Secret{ObjectMeta: object("other"), Data: map[string][]byte{"mine": []byte("x")}})
	if _, err := reconcile(t, b, deploykey.External, other); err == nil || !strings.Contains(err.Error(), "is not a connection Secret") {
		t.Errorf("Somebody's Secret is not overwritten, got: %v", err)
	}
}

func TestDeployKeyKnownHosts(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "key-hosts", true)
	b.KnownHosts = "git.example.org ssh-ed25519 AAAA\n"
	mg := newDeployKey(r, "flux")
	settle(t, b, deploykey.External, mg)
	if got := string(secretOf(t, b, "flux").Data["known_hosts"]); got != b.KnownHosts || mg.Status.AtProvider.KnownHosts != "Configured" {
		t.Errorf("Configured host keys are used: %q, %s", got, mg.Status.AtProvider.KnownHosts)
	}
}
