package zonemetadata

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

const zoneName = "example.org."

func newMetadata(kind string, values ...string) *v1alpha1.ZoneMetadata {
	return &v1alpha1.ZoneMetadata{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "m", Generation: 1},
		Spec:       v1alpha1.ZoneMetadataSpec{ForProvider: v1alpha1.ZoneMetadataParameters{Zone: "Example.org", Kind: kind, Metadata: values}},
	}
}

func TestLifecycle(t *testing.T) {
	b := testkit.New(t, nil, New)
	b.Zone(t, zoneName)
	mg := newMetadata("ALLOW-AXFR-FROM", "192.0.2.0/24", "AUTO-NS")
	b.Must(t, mg)
	if diff := cmp.Diff("example.org./ALLOW-AXFR-FROM", meta.GetExternalName(mg)); diff != "" {
		t.Errorf("external name: -want, +got:\n%s", diff)
	}
	if _, err := b.External().Create(t.Context(), mg); err != nil {
		t.Errorf("second create: %v", err)
	}

	testkit.Settle(mg)
	if err := b.Server.API.SetMetadata(t.Context(), zoneName, "ALLOW-AXFR-FROM", []string{"0.0.0.0/0"}); err != nil {
		t.Fatal(err)
	}
	b.Must(t, mg)
	want := []string{"Something else changed this; it was put right: metadata: found [0.0.0.0/0], restored [192.0.2.0/24 AUTO-NS]"}
	if diff := cmp.Diff(want, b.Events.Take()); diff != "" {
		t.Errorf("events of drift: -want, +got:\n%s", diff)
	}

	b.Proxy.Reset()
	b.Must(t, mg)
	if got := b.Proxy.Writes(); got != 0 {
		t.Errorf("want no write of what is as it should be, got %v", b.Proxy.Trace())
	}
	b.Gone(t, mg)

	b.Must(t, mg)
	if err := b.Server.API.DeleteZone(t.Context(), zoneName); err != nil {
		t.Fatal(err)
	}
	b.Gone(t, mg)
	if err := b.Reconcile(t, mg); err == nil || !strings.Contains(err.Error(), "zone example.org. does not exist on the server") {
		t.Errorf("want an error that names the zone, got %v", err)
	}
}

func TestBadInput(t *testing.T) {
	b := testkit.New(t, nil, New)
	b.Zone(t, zoneName)
	cases := map[string]struct {
		mg   *v1alpha1.ZoneMetadata
		want string
	}{
		"Unsupported": {mg: newMetadata("NO-SUCH-KIND", "1"), want: "Unsupported metadata kind"},
		"Empty":       {mg: newMetadata("ALSO-NOTIFY"), want: "spec.forProvider.metadata is empty"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := b.Reconcile(t, tc.mg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("want an error with %q, got %v", tc.want, err)
			}
		})
	}
}
