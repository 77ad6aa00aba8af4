// Package extruntime is Crossplane's External package runtime: it does for each
// function and provider revision what Crossplane's own runtime does, with
// processes in place of Deployments.
package extruntime

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/pki"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

const (
	pkgAPI     = "pkg.crossplane.io/v1"
	pkgBetaAPI = "pkg.crossplane.io/v1beta1"
	extAPI     = "apiextensions.crossplane.io/v1alpha1"

	kindFunctionRevision = "FunctionRevision"
	kindProviderRevision = "ProviderRevision"

	labelPackage = "pkg.crossplane.io/package"

	condRevisionHealthy = "RevisionHealthy"
	condRuntimeHealthy  = "RuntimeHealthy"
	condRuntimeActive   = "RuntimeActive"

	reasonHealthy   = "HealthyPackageRevision"
	reasonUnhealthy = "UnhealthyPackageRevision"
	reasonActive    = "ActiveRuntime"
	reasonAwaiting  = "AwaitingActivation"

	resync = 5 * time.Second
	settle = 50 * time.Millisecond
)

// A Program can be run for a package.
type Program struct {
	// Name is the last element of the package's repository.
	Name string
	Port int
	// Spec of the process. Its certificates are in the supplied folder. For a
	// provider, its kubeconfig is at the supplied path.
	Spec func(certs, kubeconfig string) proc.Spec
}

// A Supervisor runs processes.
type Supervisor interface {
	Ensure(ctx context.Context, s proc.Spec)
	Remove(name string)
	Status(name string) (proc.Status, bool)
	Changed() <-chan struct{}
}

// Options of a Runtime.
type Options struct {
	Kube       *kube.Client
	Supervisor Supervisor
	State      home.State
	Namespace  string
	CASecret   string
	Log        io.Writer

	// Programs returns what there is to run at this moment.
	Programs func() []Program

	// Kubeconfig writes the kubeconfig of a component that runs under the
	// supplied ServiceAccount and returns its path.
	Kubeconfig func(ctx context.Context, component string, sa types.NamespacedName) (string, error)
}

// A Runtime runs packages.
type Runtime struct {
	Options

	ca      *pki.CA
	running map[string]bool
	kick    chan struct{}
	done    chan struct{}
	lastErr string

	mu   sync.Mutex
	idle map[string]bool
}

// New returns a Runtime.
func New(o Options) *Runtime {
	return &Runtime{Options: o, running: map[string]bool{}, idle: map[string]bool{}, kick: make(chan struct{}, 1), done: make(chan struct{})}
}

// Done is closed once the runtime has ended.
func (r *Runtime) Done() <-chan struct{} { return r.done }

// Idle reports whether a program is installed and healthy but doesn't run,
// because none of the kinds it reconciles is activated.
func (r *Runtime) Idle(program string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()

	return r.idle[program]
}

func (r *Runtime) setIdle(program string, idle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.idle[program] = idle
}

// Kick makes the runtime look at all revisions soon.
func (r *Runtime) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run until the context is cancelled.
func (r *Runtime) Run(ctx context.Context) {
	defer close(r.done)

	for _, kind := range []string{kindFunctionRevision, kindProviderRevision} {
		go r.watch(ctx, pkgAPI, kind)
	}

	go r.watch(ctx, extAPI, "ManagedResourceDefinition")

	for ctx.Err() == nil {
		err := r.reconcile(ctx)
		r.report(err)

		// Somebody else wrote a revision between our read and our write.
		if kerrors.IsConflict(unwrap(err)) {
			continue
		}

		select {
		case <-ctx.Done():
		case <-r.kick:
		case <-r.Supervisor.Changed():
		case <-time.After(resync):
		}

		// Events come in bursts.
		time.Sleep(settle)
	}
}

func (r *Runtime) report(err error) {
	msg := ""
	if err != nil {
		msg = err.Error()
	}

	if msg != "" && msg != r.lastErr {
		_, _ = fmt.Fprintf(r.Log, "%s package runtime: %s\n", time.Now().UTC().Format(time.RFC3339), msg)
	}

	r.lastErr = msg
}

// watch kicks the runtime on each change of the supplied kind.
func (r *Runtime) watch(ctx context.Context, apiVersion, kind string) {
	for ctx.Err() == nil {
		l := &unstructured.UnstructuredList{}
		l.SetAPIVersion(apiVersion)
		l.SetKind(kind + "List")

		w, err := r.Kube.Watch(ctx, l)
		if err == nil {
			for range w.ResultChan() {
				r.Kick()
			}
		}

		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// reconcile all revisions once. It keeps going after a failure, so that one
// broken package doesn't stop the others.
func (r *Runtime) reconcile(ctx context.Context) error {
	var (
		revisions []unstructured.Unstructured
		mrds      []unstructured.Unstructured
	)

	for _, kind := range []string{kindFunctionRevision, kindProviderRevision} {
		l, err := r.Kube.List(ctx, pkgAPI, kind)
		if err != nil {
			return err
		}

		revisions = append(revisions, l...)
	}

	mrds, err := r.Kube.List(ctx, extAPI, "ManagedResourceDefinition")
	if err != nil {
		return err
	}

	var first error

	wanted := map[string]bool{}

	for i := range revisions {
		name, err := r.revision(ctx, &revisions[i], mrds)
		if err != nil && first == nil {
			first = err
		}

		if name != "" {
			wanted[name] = true
		}
	}

	for name := range r.running {
		if !wanted[name] {
			r.Supervisor.Remove(name)
			delete(r.running, name)
		}
	}

	for name := range wanted {
		r.running[name] = true
	}

	return first
}

// revision does what Crossplane's runtime hooks do. It returns the name of the
// program that must run for the revision, if any.
func (r *Runtime) revision(ctx context.Context, rev *unstructured.Unstructured, mrds []unstructured.Unstructured) (string, error) {
	if rev.GetDeletionTimestamp() != nil || rev.GetAnnotations()["crossplane.io/paused"] == "true" {
		return "", nil
	}

	before := rev.DeepCopy()

	state, _, _ := unstructured.NestedString(rev.Object, "spec", "desiredState")
	if state != "Active" {
		return "", r.update(ctx, before, rev, kube.Condition{Type: condRuntimeHealthy, Status: "True", Reason: reasonHealthy})
	}

	image, _, _ := unstructured.NestedString(rev.Object, "spec", "image")
	name := ProgramName(image)
	programs := r.Programs()

	i := slices.IndexFunc(programs, func(p Program) bool { return p.Name == name })
	if i < 0 {
		return "", r.update(ctx, before, rev, unhealthy(fmt.Sprintf("This checkout has no program for package %q", name)))
	}

	p := programs[i]

	run, err := r.activate(ctx, rev, p, mrds)
	if err != nil {
		uerr := r.update(ctx, before, rev, unhealthy(err.Error()))
		if uerr != nil {
			return p.Name, uerr
		}

		return p.Name, fmt.Errorf("cannot run package %q: %w", name, err)
	}

	cs := idleConditions(rev)
	r.setIdle(p.Name, !run && len(cs) > 1)

	if !run {
		return "", r.update(ctx, before, rev, cs...)
	}

	return p.Name, r.update(ctx, before, rev, r.health(p.Name)...)
}

// activate prepares a revision and starts its program. It returns false if the
// program must not run yet.
func (r *Runtime) activate(ctx context.Context, rev *unstructured.Unstructured, p Program, mrds []unstructured.Unstructured) (bool, error) {
	pkg := rev.GetLabels()[labelPackage]
	server, clnt := pkg+"-tls-server", pkg+"-tls-client"

	setStatus(rev, server, "tlsServerSecretName")
	setStatus(rev, clnt, "tlsClientSecretName")

	// Production names come first, loopback is where the process listens.
	names := []string{pkg, pkg + "." + r.Namespace, pkg + "." + r.Namespace + ".svc", "localhost", "127.0.0.1"}

	fingerprint, err := r.certificates(ctx, rev, server, p.Name, pki.Request{CommonName: pkg, Names: names})
	if err != nil {
		return false, err
	}

	if rev.GetKind() == kindFunctionRevision {
		setStatus(rev, fmt.Sprintf("dns:///127.0.0.1:%d", p.Port), "endpoint")
		r.start(ctx, p, fingerprint, "")

		return true, nil
	}

	if _, err := r.certificates(ctx, rev, clnt, p.Name+"-client", pki.Request{CommonName: pkg, Names: []string{rev.GetName()}}); err != nil {
		return false, err
	}

	// Crossplane starts a provider once its CRDs are there.
	if c, _ := kube.GetCondition(rev, condRevisionHealthy); c.Status != "True" {
		return false, nil
	}

	awaiting := awaitsActivation(rev, mrds)

	account, err := r.accountName(ctx, rev)
	if err != nil {
		return false, err
	}

	if err := r.account(ctx, rev, account, awaiting); err != nil {
		return false, err
	}

	if awaiting {
		return false, nil
	}

	path, err := r.Kubeconfig(ctx, p.Name, types.NamespacedName{Namespace: r.Namespace, Name: account})
	if err != nil {
		return false, err
	}

	r.start(ctx, p, fingerprint, path)

	return true, nil
}

func (r *Runtime) start(ctx context.Context, p Program, fingerprint, kubeconfig string) {
	spec := p.Spec(r.State.Certs(p.Name), kubeconfig)
	spec.Fingerprint += "/" + fingerprint
	r.Supervisor.Ensure(ctx, spec)
}

// idleConditions say why an active revision has no process.
func idleConditions(rev *unstructured.Unstructured) []kube.Condition {
	if c, _ := kube.GetCondition(rev, condRevisionHealthy); c.Status != "True" {
		return []kube.Condition{unhealthy("Package revision is not healthy yet")}
	}

	return []kube.Condition{
		{Type: condRuntimeHealthy, Status: "True", Reason: reasonHealthy},
		{
			Type: condRuntimeActive, Status: "False", Reason: reasonAwaiting,
			Message: "Package runtime is not started; awaiting the first ManagedResourceDefinition to be activated",
		},
	}
}

// health of a running program.
func (r *Runtime) health(program string) []kube.Condition {
	st, ok := r.Supervisor.Status(program)
	if ok && st.State == proc.StateReady {
		return []kube.Condition{
			{Type: condRuntimeHealthy, Status: "True", Reason: reasonHealthy},
			{Type: condRuntimeActive, Status: "True", Reason: reasonActive},
		}
	}

	msg := fmt.Sprintf("Process %s is not ready: %s", program, st.State)
	if st.LastExit != "" {
		msg += ", last time it " + st.LastExit
	}

	return []kube.Condition{unhealthy(msg)}
}

func unhealthy(message string) kube.Condition {
	return kube.Condition{Type: condRuntimeHealthy, Status: "False", Reason: reasonUnhealthy, Message: message}
}

// update a revision's status if it changed.
func (r *Runtime) update(ctx context.Context, before, rev *unstructured.Unstructured, cs ...kube.Condition) error {
	for _, c := range cs {
		if _, err := kube.SetCondition(rev, c, time.Now()); err != nil {
			return err
		}
	}

	same := func(fields ...string) bool {
		a, _, _ := unstructured.NestedFieldNoCopy(before.Object, fields...)
		b, _, _ := unstructured.NestedFieldNoCopy(rev.Object, fields...)

		return fmt.Sprint(a) == fmt.Sprint(b)
	}
	if same("status") {
		return nil
	}

	if err := r.Kube.Status().Update(ctx, rev); err != nil {
		return fmt.Errorf("cannot update the status of %s %q: %w", rev.GetKind(), rev.GetName(), err)
	}

	return nil
}

// certificates ensures a TLS Secret signed by Crossplane's root CA and writes
// it to files. It returns the certificate's fingerprint.
func (r *Runtime) certificates(ctx context.Context, rev *unstructured.Unstructured, secret, folder string, req pki.Request) (string, error) {
	if r.ca == nil {
		data, err := r.Kube.Secret(ctx, types.NamespacedName{Namespace: r.Namespace, Name: r.CASecret})
		if err != nil {
			return "", fmt.Errorf("cannot get the root CA: %w", err)
		}

		if r.ca, err = pki.ParseCA(data["tls.crt"], data["tls.key"]); err != nil {
			return "", err
		}
	}

	nn := types.NamespacedName{Namespace: r.Namespace, Name: secret}

	obj := &corev1.Secret{}
	if err := client.IgnoreNotFound(r.Kube.Get(ctx, nn, obj)); err != nil {
		return "", fmt.Errorf("cannot get Secret %q: %w", nn, err)
	}

	data := obj.Data

	if !r.ca.Signed(data["tls.crt"], req.Names...) || !ownedBy(obj, rev) {
		var err error
		if data, err = r.issue(ctx, rev, nn, req, data); err != nil {
			return "", err
		}
	}

	for file, content := range data {
		if err := home.WriteFile(filepath.Join(r.State.Certs(folder), file), content); err != nil {
			return "", err
		}
	}

	sum := sha256.Sum256(data["tls.crt"])

	return hex.EncodeToString(sum[:4]), nil
}

// issue a certificate into a Secret that belongs to the supplied revision. A
// Secret taken over from an older revision keeps its certificate.
func (r *Runtime) issue(ctx context.Context, rev *unstructured.Unstructured, nn types.NamespacedName, req pki.Request, old map[string][]byte) (map[string][]byte, error) {
	data := old

	if !r.ca.Signed(old["tls.crt"], req.Names...) {
		p, err := r.ca.Issue(req)
		if err != nil {
			return nil, err
		}

		data = map[string][]byte{"tls.crt": p.CertPEM, "tls.key": p.KeyPEM, "ca.crt": r.ca.CertPEM}
	}

	encoded := map[string]any{}
	for k, v := range data {
		encoded[k] = base64.StdEncoding.EncodeToString(v)
	}

	err := r.Kube.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"metadata":   map[string]any{"name": nn.Name, "namespace": nn.Namespace, "ownerReferences": owners(rev)},
		"data":       encoded,
	}})

	return data, err
}

// accountName is the name of the ServiceAccount a provider runs under: that of
// the DeploymentRuntimeConfig which the ImageConfig with the longest prefix of its
// image names, or else the revision's own.
func (r *Runtime) accountName(ctx context.Context, rev *unstructured.Unstructured) (string, error) {
	configs, err := r.Kube.List(ctx, pkgBetaAPI, "ImageConfig")
	if err != nil {
		return "", err
	}

	image, _, _ := unstructured.NestedString(rev.Object, "status", "resolvedImage")
	config, longest := "", 0

	for i := range configs {
		name, _, _ := unstructured.NestedString(configs[i].Object, "spec", "runtime", "configRef", "name")
		matches, _, _ := unstructured.NestedSlice(configs[i].Object, "spec", "matchImages")

		for _, m := range matches {
			match, _ := m.(map[string]any)

			prefix, _ := match["prefix"].(string)
			if name != "" && strings.HasPrefix(image, prefix) && len(prefix) > longest {
				config, longest = name, len(prefix)
			}
		}
	}

	if config == "" {
		return rev.GetName(), nil
	}

	rc := &unstructured.Unstructured{}
	rc.SetAPIVersion(pkgBetaAPI)
	rc.SetKind("DeploymentRuntimeConfig")

	if err := r.Kube.Get(ctx, types.NamespacedName{Name: config}, rc); err != nil {
		return "", fmt.Errorf("cannot get DeploymentRuntimeConfig %q: %w", config, err)
	}

	if name, _, _ := unstructured.NestedString(rc.Object, "spec", "serviceAccountTemplate", "metadata", "name"); name != "" {
		return name, nil
	}

	return rev.GetName(), nil
}

// account creates the ServiceAccount a provider runs under and a Deployment
// that refers to it. There's no controller that would make pods of the
// Deployment; Crossplane's RBAC manager looks for it to find out which account
// to grant the provider's permissions to.
func (r *Runtime) account(ctx context.Context, rev *unstructured.Unstructured, account string, awaiting bool) error {
	name := rev.GetName()
	labels := map[string]any{"pkg.crossplane.io/provider": rev.GetLabels()[labelPackage], "pkg.crossplane.io/revision": name}
	replicas := int64(1)

	if awaiting {
		replicas = 0
	}

	err := r.Kube.Apply(ctx,
		&unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1",
			"kind":       "ServiceAccount",
			"metadata":   map[string]any{"name": account, "namespace": r.Namespace, "ownerReferences": owners(rev)},
		}},
		&unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1",
			"kind":       "Deployment",
			"metadata": map[string]any{
				"name": name, "namespace": r.Namespace, "ownerReferences": owners(rev),
				"annotations": map[string]any{
					"kubernetes.io/description": "Names the ServiceAccount of a provider that runs as a local process. No pods are made of it.",
				},
			},
			"spec": map[string]any{
				"replicas": replicas,
				"selector": map[string]any{"matchLabels": labels},
				"template": map[string]any{
					"metadata": map[string]any{"labels": labels},
					"spec": map[string]any{
						"serviceAccountName": account,
						"containers":         []any{map[string]any{"name": "package-runtime", "image": ProgramName(name)}},
					},
				},
			},
		}},
	)
	if err != nil {
		return fmt.Errorf("cannot set up the account of the provider: %w", err)
	}

	return nil
}

func owners(rev *unstructured.Unstructured) []any {
	return []any{map[string]any{
		"apiVersion":         rev.GetAPIVersion(),
		"kind":               rev.GetKind(),
		"name":               rev.GetName(),
		"uid":                string(rev.GetUID()),
		"controller":         true,
		"blockOwnerDeletion": true,
	}}
}

func ownedBy(obj, rev client.Object) bool {
	for _, o := range obj.GetOwnerReferences() {
		if o.UID == rev.GetUID() {
			return true
		}
	}

	return false
}

// awaitsActivation reports whether a provider that starts safely has no active
// managed resource yet. Once started, it's never stopped for that.
func awaitsActivation(rev *unstructured.Unstructured, mrds []unstructured.Unstructured) bool {
	caps, _, _ := unstructured.NestedStringSlice(rev.Object, "status", "capabilities")
	safe := slices.ContainsFunc(caps, func(c string) bool {
		return strings.ReplaceAll(strings.ToLower(c), "-", "") == "safestart"
	})

	if c, _ := kube.GetCondition(rev, condRuntimeActive); !safe || c.Reason == reasonActive {
		return false
	}

	owned := 0

	for i := range mrds {
		if !ownedBy(&mrds[i], rev) {
			continue
		}

		owned++

		if s, _, _ := unstructured.NestedString(mrds[i].Object, "spec", "state"); s == "Active" {
			return false
		}
	}

	return owned > 0
}

// ProgramName is the last element of an image's repository.
func ProgramName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	image = image[strings.LastIndex(image, "/")+1:]
	image, _, _ = strings.Cut(image, ":")

	return image
}

func setStatus(rev *unstructured.Unstructured, value, field string) {
	// It only fails if status isn't an object, which the API server refuses.
	_ = unstructured.SetNestedField(rev.Object, value, "status", field)
}

func unwrap(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error }) //nolint:errorlint // We unwrap.
		if !ok {
			return err
		}

		err = u.Unwrap()
	}
}
