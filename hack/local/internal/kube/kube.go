// Package kube talks to the local control plane's API server.
package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/hack/local/internal/home"
)

const (
	fieldOwner = client.FieldOwner("catalyst-local")
	tokenLife  = 365 * 24 * time.Hour
	decodeSize = 4096
	qps        = 200
	burst      = 400
	rewatch    = time.Second
)

// A Client of the API server.
type Client struct {
	client.WithWatch

	Config *rest.Config
}

// New returns a client that uses the supplied kubeconfig.
func New(kubeconfig string) (*Client, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("cannot load kubeconfig: %w", err)
	}

	cfg.QPS, cfg.Burst = qps, burst
	cfg.WarningHandler = rest.NoWarnings{}

	c, err := client.NewWithWatch(cfg, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("cannot create a Kubernetes client: %w", err)
	}

	return &Client{WithWatch: c, Config: cfg}, nil
}

// Decode a stream of YAML documents.
func Decode(raw []byte) ([]*unstructured.Unstructured, error) {
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), decodeSize)

	var out []*unstructured.Unstructured

	for {
		u := &unstructured.Unstructured{}

		err := d.Decode(&u.Object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}

		if err != nil {
			return nil, fmt.Errorf("cannot decode YAML: %w", err)
		}

		if len(u.Object) > 0 {
			out = append(out, u)
		}
	}
}

// Apply the supplied objects, server side.
func (c *Client) Apply(ctx context.Context, objs ...*unstructured.Unstructured) error {
	for _, o := range objs {
		if err := c.WithWatch.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), fieldOwner, client.ForceOwnership); err != nil {
			return fmt.Errorf("cannot apply %s %q: %w", o.GetKind(), o.GetName(), err)
		}
	}

	return nil
}

// ApplyYAML applies a stream of YAML documents.
func (c *Client) ApplyYAML(ctx context.Context, raw []byte) error {
	objs, err := Decode(raw)
	if err != nil {
		return err
	}

	return c.Apply(ctx, objs...)
}

// ApplySecret applies an opaque Secret.
func (c *Client) ApplySecret(ctx context.Context, nn types.NamespacedName, data map[string]string) error {
	sd := map[string]any{}
	for k, v := range data {
		sd[k] = v
	}

	return c.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata":   map[string]any{"name": nn.Name, "namespace": nn.Namespace},
		"stringData": sd,
	}})
}

// Secret returns the data of a Secret.
func (c *Client) Secret(ctx context.Context, nn types.NamespacedName) (map[string][]byte, error) {
	s := &corev1.Secret{}
	if err := c.Get(ctx, nn, s); err != nil {
		return nil, fmt.Errorf("cannot get Secret %q: %w", nn, err)
	}

	return s.Data, nil
}

// List objects of the supplied kind.
func (c *Client) List(ctx context.Context, apiVersion, kind string) ([]unstructured.Unstructured, error) {
	l := &unstructured.UnstructuredList{}
	l.SetAPIVersion(apiVersion)
	l.SetKind(kind + "List")

	if err := c.WithWatch.List(ctx, l); err != nil {
		return nil, fmt.Errorf("cannot list %ss: %w", kind, err)
	}

	return l.Items, nil
}

// Token requests a token of the supplied ServiceAccount.
func (c *Client) Token(ctx context.Context, sa types.NamespacedName) (string, error) {
	secs := int64(tokenLife / time.Second)
	tr := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &secs}}
	obj := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: sa.Name, Namespace: sa.Namespace}}

	if err := c.SubResource("token").Create(ctx, obj, tr); err != nil {
		return "", fmt.Errorf("cannot request a token of ServiceAccount %q: %w", sa, err)
	}

	return tr.Status.Token, nil
}

// A Kubeconfig to be written.
type Kubeconfig struct {
	Server  string
	CA      []byte
	User    string
	Cert    []byte
	Key     []byte
	Token   string
	Context string
}

// Write the kubeconfig to the supplied path.
func (k Kubeconfig) Write(path string) error {
	ctx := k.Context
	if ctx == "" {
		ctx = "catalyst"
	}

	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[ctx] = &clientcmdapi.Cluster{Server: k.Server, CertificateAuthorityData: k.CA}
	cfg.AuthInfos[k.User] = &clientcmdapi.AuthInfo{ClientCertificateData: k.Cert, ClientKeyData: k.Key, Token: k.Token}
	cfg.Contexts[ctx] = &clientcmdapi.Context{Cluster: ctx, AuthInfo: k.User}
	cfg.CurrentContext = ctx

	raw, err := clientcmd.Write(*cfg)
	if err != nil {
		return fmt.Errorf("cannot encode the kubeconfig of %q: %w", k.User, err)
	}

	if err := home.WriteFile(path, raw); err != nil {
		return fmt.Errorf("cannot store the kubeconfig of %q: %w", k.User, err)
	}

	return nil
}

// A Condition of an object's status.
type Condition struct {
	Type    string
	Status  string
	Reason  string
	Message string
}

// GetCondition returns the condition of the supplied type, and whether there is
// one.
func GetCondition(u *unstructured.Unstructured, typ string) (Condition, bool) {
	cs, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range cs {
		m, ok := c.(map[string]any)
		if !ok || m["type"] != typ {
			continue
		}

		str := func(k string) string { s, _ := m[k].(string); return s }

		return Condition{Type: typ, Status: str("status"), Reason: str("reason"), Message: str("message")}, true
	}

	return Condition{}, false
}

// SetCondition sets a condition. It returns false if it was set already. The
// transition time changes with the condition's status only.
func SetCondition(u *unstructured.Unstructured, c Condition, now time.Time) (bool, error) {
	if old, ok := GetCondition(u, c.Type); ok && old == c {
		return false, nil
	}

	cs, _, err := unstructured.NestedSlice(u.Object, "status", "conditions")
	if err != nil {
		return false, fmt.Errorf("cannot read the conditions of %q: %w", u.GetName(), err)
	}

	n := map[string]any{
		"type":               c.Type,
		"status":             c.Status,
		"reason":             c.Reason,
		"lastTransitionTime": now.UTC().Format(time.RFC3339),
		"observedGeneration": u.GetGeneration(),
	}
	if c.Message != "" {
		n["message"] = c.Message
	}

	found := false

	for i := range cs {
		m, ok := cs[i].(map[string]any)
		if !ok || m["type"] != c.Type {
			continue
		}

		if m["status"] == c.Status {
			n["lastTransitionTime"] = m["lastTransitionTime"]
		}

		cs[i], found = n, true
	}

	if !found {
		cs = append(cs, n)
	}

	if err := unstructured.SetNestedSlice(u.Object, cs, "status", "conditions"); err != nil {
		return false, fmt.Errorf("cannot set the conditions of %q: %w", u.GetName(), err)
	}

	return true, nil
}

// AwaitAny waits until there is an object of the supplied kind.
func (c *Client) AwaitAny(ctx context.Context, gvk schema.GroupVersionKind) error {
	l := &metav1.PartialObjectMetadataList{}
	l.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))

	for {
		// A watch from no version in particular begins with what there is.
		// It ends every few minutes, and when the API server does.
		if w, err := c.Watch(ctx, l); err == nil {
			added := firstAdded(ctx, w)
			w.Stop()

			if added {
				return nil
			}
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rewatch):
		}
	}
}

// firstAdded tells whether the first event of a watch is an object that was
// added.
func firstAdded(ctx context.Context, w watch.Interface) bool {
	select {
	case <-ctx.Done():
		return false
	case e, ok := <-w.ResultChan():
		return ok && e.Type == watch.Added
	}
}
