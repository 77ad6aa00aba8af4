package provider

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	commonv1alpha1 "github.com/openova-io/catalyst/apis/common/v1alpha1"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

func TestResolve(t *testing.T) {
	secret := func(namespace string) commonv1alpha1.ProviderCredentials {
		return commonv1alpha1.ProviderCredentials{
			Source: xpv2.CredentialsSourceSecret,
			CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
				SecretReference: xpv2.SecretReference{Namespace: namespace, Name: "creds"}, Key: "token",
			}},
		}
	}
	environment := commonv1alpha1.ProviderCredentials{Source: xpv2.CredentialsSourceEnvironment, CommonCredentialSelectors: xpv2.CommonCredentialSelectors{Env: &xpv2.EnvSelector{Name: "TOKEN"}}}
	type want struct {
		Endpoint Endpoint
		Error    string
	}
	cases := map[string]struct {
		reason  string
		kind    string
		creds   commonv1alpha1.ProviderCredentials
		data    string
		deleted bool
		want    want
	}{
		"Cluster": {
			reason: "A cluster scoped configuration may read its credentials anywhere",
			kind:   KindClusterProviderConfig, creds: secret("elsewhere"), data: " s3cret\n",
			want: want{Endpoint: Endpoint{URL: "https://git.example.org", Credentials: "s3cret"}},
		},
		"Namespaced": {
			reason: "A namespaced one reads them in its own namespace",
			kind:   KindProviderConfig, creds: secret("acme"), data: "s3cret",
			want: want{Endpoint: Endpoint{URL: "https://git.example.org", Credentials: "s3cret"}},
		},
		"ForeignSecret": {
			reason: "Nobody reads another namespace's Secret through the provider",
			kind:   KindProviderConfig, creds: secret("globex"), data: "s3cret",
			want: want{Error: `ProviderConfig "own": spec.credentials.secretRef.namespace is "globex", must be "acme", the namespace of the provider configuration`},
		},
		"ProviderEnvironment": {
			reason: "Nobody reads the provider's own environment",
			kind:   KindProviderConfig, creds: environment,
			want: want{Error: `ProviderConfig "own": spec.credentials.source is "Environment", must be Secret in a namespaced provider configuration`},
		},
		"Empty": {
			reason: "Credentials that are empty are a mistake, not a login without a password",
			kind:   KindClusterProviderConfig, creds: secret("elsewhere"), data: "\n",
			want: want{Error: `credentials of ClusterProviderConfig "own" are empty`},
		},
		"UnknownKind": {
			reason: "There are two kinds of configuration",
			kind:   "StoreConfig",
			want:   want{Error: `spec.providerConfigRef.kind is "StoreConfig", must be ProviderConfig or ClusterProviderConfig`},
		},
		"Deleted": {
			reason: "What is being deleted reaches its server although nothing can be recorded any more",
			kind:   KindClusterProviderConfig, creds: secret("elsewhere"), data: "s3cret", deleted: true,
			want: want{Endpoint: Endpoint{URL: "https://git.example.org", Credentials: "s3cret"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			spec := commonv1alpha1.ProviderConfigSpec{URL: "https://git.example.org/", Credentials: tc.creds}
			kube := &test.MockClient{
				MockGet: func(_ context.Context, _ client.ObjectKey, obj client.Object) error {
					switch o := obj.(type) {
					case *gitea.ProviderConfig:
						o.Spec.ProviderConfigSpec = spec
					case *gitea.ClusterProviderConfig:
						o.Spec.ProviderConfigSpec = spec
					case *corev1.Secret:
						o.Data = map[string][]byte{"token": []byte(tc.data)}
					case *gitea.ProviderConfigUsage:
						if tc.deleted {
							return errors.New("the namespace is being deleted")
						}
						o.ProviderConfigReference = xpv2.ProviderConfigReference{Name: "own", Kind: tc.kind}
						o.OwnerReferences = []metav1.OwnerReference{{UID: "uid", Controller: new(true)}}
					}
					return nil
				},
				MockUpdate: test.NewMockUpdateFn(nil),
			}
			r := &Resolver{
				Kube:             kube,
				Usage:            resource.NewProviderConfigUsageTracker(kube, &gitea.ProviderConfigUsage{}),
				NewConfig:        func() Config { return &gitea.ProviderConfig{} },
				NewClusterConfig: func() Config { return &gitea.ClusterProviderConfig{} },
			}
			mg := &gitea.Team{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", UID: "uid"}}
			mg.SetProviderConfigReference(&xpv2.ProviderConfigReference{Name: "own", Kind: tc.kind})
			if tc.deleted {
				mg.SetDeletionTimestamp(new(metav1.Now()))
			}

			got := want{}
			var err error
			if got.Endpoint, err = r.Resolve(context.Background(), mg); err != nil {
				got.Error = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestEndpointKey(t *testing.T) {
	one := Endpoint{URL: "https://a", Credentials: "bc"}
	cases := map[string]struct {
		reason string
		other  Endpoint
		same   bool
	}{
		"Same":        {reason: "Equal endpoints share a client", other: Endpoint{URL: "https://a", Credentials: "bc"}, same: true},
		"Credentials": {reason: "Other credentials are another client", other: Endpoint{URL: "https://a", Credentials: "x"}},
		"Shifted":     {reason: "Where one part ends and the next begins matters", other: Endpoint{URL: "https://ab", Credentials: "c"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.same, one.Key() == tc.other.Key()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestCredentialsAreReadOnce(t *testing.T) {
	reads := 0
	r := &Resolver{Kube: &test.MockClient{MockGet: func(_ context.Context, _ client.ObjectKey, o client.Object) error {
		reads++
		o.(*corev1.Secret).Data = map[string][]byte{"token": []byte("s3cret")}
		return nil
	}}}
	cfg := &gitea.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{UID: "uid", Generation: 1}}
	cfg.Spec.Credentials = commonv1alpha1.ProviderCredentials{
		Source: xpv2.CredentialsSourceSecret,
		CommonCredentialSelectors: xpv2.CommonCredentialSelectors{SecretRef: &xpv2.SecretKeySelector{
			SecretReference: xpv2.SecretReference{Namespace: "catalyst-system", Name: "creds"}, Key: "token",
		}},
	}
	steps := []struct {
		reason string
		change func()
		want   int
	}{
		{reason: "The first reconcile reads", change: func() {}, want: 1},
		{reason: "The next one uses what was read", change: func() {}, want: 1},
		{reason: "A configuration that was edited may name another Secret", change: func() { cfg.Generation++ }, want: 2},
		{reason: "A configuration that was created again is another one", change: func() { cfg.UID = "other" }, want: 3},
		{reason: "What was read long ago may have been rotated", change: func() {
			r.read.Store(cfg.GetUID(), credentials{generation: cfg.GetGeneration(), data: "old"})
		}, want: 4},
	}
	for _, s := range steps {
		s.change()
		got, err := r.credentials(context.Background(), cfg)
		if err != nil {
			t.Fatalf("%s: credentials(...): %v", s.reason, err)
		}
		if diff := cmp.Diff("s3cret", got); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", s.reason, diff)
		}
		if diff := cmp.Diff(s.want, reads); diff != "" {
			t.Errorf("%s: reads: -want, +got:\n%s", s.reason, diff)
		}
	}
}
