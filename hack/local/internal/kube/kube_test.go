package kube

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func TestAwaitAny(t *testing.T) {
	c := &Client{WithWatch: fake.NewClientBuilder().Build()}
	gvk := schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	done := make(chan error, 1)

	go func() { done <- c.AwaitAny(t.Context(), gvk) }()

	select {
	case err := <-done:
		t.Fatalf("AwaitAny(...) returned before there was an object: %v", err)
	case <-time.After(50 * time.Millisecond):
	}

	if err := c.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "first"}}); err != nil {
		t.Fatal(err)
	}

	if err := <-done; err != nil {
		t.Errorf("AwaitAny(...): %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if err := c.AwaitAny(ctx, gvk); err == nil {
		t.Error("AwaitAny(...) that is given up: want an error, got none")
	}
}

func TestDecode(t *testing.T) {
	cases := map[string]struct {
		reason  string
		raw     string
		want    []string
		wantErr bool
	}{
		"Two":      {reason: "All documents are returned in order", raw: "kind: A\n---\nkind: B\n", want: []string{"A", "B"}},
		"Empty":    {reason: "Empty documents and comments are left out", raw: "# nothing\n---\n\n---\nkind: A\n", want: []string{"A"}},
		"Nothing":  {reason: "An empty file holds nothing", raw: ""},
		"NotYAML":  {reason: "Garbage is an error", raw: "{", wantErr: true},
		"NoObject": {reason: "A list isn't an object", raw: "- a\n", wantErr: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			objs, err := Decode([]byte(tc.raw))
			if (err != nil) != tc.wantErr {
				t.Fatalf("%s\nDecode(...): want error %t, got %v", tc.reason, tc.wantErr, err)
			}

			var got []string
			for _, o := range objs {
				got = append(got, o.GetKind())
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nDecode(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSetCondition(t *testing.T) {
	const (
		then = "2026-01-01T00:00:00Z"
		now  = "2026-01-02T00:00:00Z"
	)

	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}

	healthy := map[string]any{"type": "Healthy", "status": "True", "reason": "Up", "lastTransitionTime": then, "observedGeneration": int64(0)}
	other := map[string]any{"type": "Other", "status": "True"}

	cases := map[string]struct {
		reason  string
		have    []any
		set     Condition
		want    []any
		changed bool
	}{
		"New": {
			reason:  "A condition that isn't there is added",
			have:    []any{other},
			set:     Condition{Type: "Healthy", Status: "True", Reason: "Up"},
			want:    []any{other, map[string]any{"type": "Healthy", "status": "True", "reason": "Up", "lastTransitionTime": now, "observedGeneration": int64(0)}},
			changed: true,
		},
		"Same": {
			reason: "A condition that is as it should be isn't touched",
			have:   []any{healthy},
			set:    Condition{Type: "Healthy", Status: "True", Reason: "Up"},
			want:   []any{healthy},
		},
		"Message": {
			reason:  "Another message isn't a transition",
			have:    []any{healthy},
			set:     Condition{Type: "Healthy", Status: "True", Reason: "Up", Message: "m"},
			want:    []any{map[string]any{"type": "Healthy", "status": "True", "reason": "Up", "message": "m", "lastTransitionTime": then, "observedGeneration": int64(0)}},
			changed: true,
		},
		"Transition": {
			reason:  "Another status is",
			have:    []any{healthy, other},
			set:     Condition{Type: "Healthy", Status: "False", Reason: "Down"},
			want:    []any{map[string]any{"type": "Healthy", "status": "False", "reason": "Down", "lastTransitionTime": now, "observedGeneration": int64(0)}, other},
			changed: true,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			u := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"conditions": tc.have}}}

			changed, err := SetCondition(u, tc.set, at)
			if err != nil {
				t.Fatalf("SetCondition(...): %v", err)
			}

			if diff := cmp.Diff(tc.changed, changed); diff != "" {
				t.Errorf("%s\nSetCondition(...): -want changed, +got:\n%s", tc.reason, diff)
			}

			got, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nSetCondition(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestKubeconfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "kubeconfig")

	k := Kubeconfig{Server: "https://127.0.0.1:16443", CA: []byte("ca"), User: "ns:sa", Token: "t", Context: "catalyst-local"}
	if err := k.Write(path); err != nil {
		t.Fatalf("Write(...): %v", err)
	}

	cfg, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatalf("LoadFromFile(...): %v", err)
	}

	got := map[string]string{
		"context": cfg.CurrentContext,
		"server":  cfg.Clusters[cfg.Contexts[cfg.CurrentContext].Cluster].Server,
		"token":   cfg.AuthInfos[cfg.Contexts[cfg.CurrentContext].AuthInfo].Token,
	}
	want := map[string]string{"context": "catalyst-local", "server": "https://127.0.0.1:16443", "token": "t"}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Write(...) is read back by kubectl: -want, +got:\n%s", diff)
	}
}
