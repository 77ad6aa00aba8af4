package tsigkey

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

func newKey(externalName string) *v1alpha1.TSIGKey {
	mg := &v1alpha1.TSIGKey{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "k", Generation: 1}}
	meta.SetExternalName(mg, externalName)
	return mg
}

func kube(data map[string][]byte) client.Client {
	return &test.MockClient{MockGet: test.NewMockGetFn(nil, func(o client.Object) error {
		o.(*corev1.Secret).Data = data //nolint:forcetypeassert // Nothing else is read.
		return nil
	})}
}

func TestLifecycle(t *testing.T) {
	data := map[string][]byte{"good": []byte("c2VjcmV0LXNlY3JldC1zZWNyZXQ=\n"), "bad": []byte("not base64!")}
	b := testkit.New(t, kube(data), New)
	mg := newKey("Transfer.Example")

	o := b.Must(t, mg)
	if len(o.ConnectionDetails["secret"]) == 0 || string(o.ConnectionDetails["name"]) != "transfer.example." || string(o.ConnectionDetails["algorithm"]) != "hmac-sha256" {
		t.Errorf("want connection details, got keys of %d items", len(o.ConnectionDetails))
	}
	generated := string(o.ConnectionDetails["secret"])
	if _, err := b.External().Create(t.Context(), mg); err != nil {
		t.Errorf("second create: %v", err)
	}
	if got := string(b.Must(t, mg).ConnectionDetails["secret"]); got != generated {
		t.Error("want a second create to keep the secret")
	}

	// Another algorithm keeps the secret.
	mg.Spec.ForProvider.Algorithm = "hmac-sha384"
	o = b.Must(t, mg)
	if string(o.ConnectionDetails["secret"]) != generated || string(o.ConnectionDetails["algorithm"]) != "hmac-sha384" {
		t.Error("want another algorithm with the same secret")
	}

	testkit.Settle(mg)
	mg.Generation++
	mg.Spec.ForProvider.Algorithm = "hmac-sha512"
	mg.Spec.ForProvider.KeySecretRef = &xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: "s"}, Key: "good"}
	o = b.Must(t, mg)
	if diff := cmp.Diff("c2VjcmV0LXNlY3JldC1zZWNyZXQ=", string(o.ConnectionDetails["secret"])); diff != "" {
		t.Errorf("secret: -want, +got:\n%s", diff)
	}
	if got := b.Events.Take(); len(got) != 0 {
		t.Errorf("want no event for a change of the spec, got %v", got)
	}

	testkit.Settle(mg)
	if err := b.Server.API.ChangeTSIGKey(t.Context(), "transfer.example.", "hmac-sha512", "b3RoZXItc2VjcmV0"); err != nil {
		t.Fatal(err)
	}
	b.Must(t, mg)
	want := []string{`Something else changed this; it was put right: secret: found "another one", restored "the one keySecretRef names"`}
	if diff := cmp.Diff(want, b.Events.Take()); diff != "" {
		t.Errorf("events of drift: -want, +got:\n%s", diff)
	}

	mg.Spec.ForProvider.KeySecretRef.Key = "bad"
	if err := b.Reconcile(t, mg); err == nil || !strings.Contains(err.Error(), "is not base64") || strings.Contains(err.Error(), "not base64!") {
		t.Errorf("want an error that names the Secret and keeps it, got %v", err)
	}
	b.Gone(t, &v1alpha1.TSIGKey{ObjectMeta: metav1.ObjectMeta{Annotations: mg.Annotations}})
}
