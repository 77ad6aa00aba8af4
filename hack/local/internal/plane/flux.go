package plane

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/kube"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

//go:embed manifests/flux.yaml
var fluxManifest []byte

// FluxNamespace is where Flux's controllers run.
const FluxNamespace = "flux-system"

const (
	establishTimeout = 30 * time.Second
	establishPoll    = 50 * time.Millisecond
)

// sourceController clones repositories with the deploy keys of Applications and
// serves what it found.
func (d *plan) sourceController() proc.Spec {
	p := d.cfg.Ports()
	artifacts := home.Addr(p.SourceArtifacts())

	return d.fluxController(SourceController, "source", p.SourceController(), []string{
		"--storage-path=" + d.fluxDir(SourceController, "artifacts"),
		"--storage-addr=" + artifacts,
		// There is no Service network here; who fetches an artifact is on this
		// machine.
		"--storage-adv-addr=" + artifacts,
	}, probeHTTP("http://"+artifacts+"/"))
}

// kustomizeController applies overlays. It has no default account: Flux uses
// that one for kubeconfigs as well, and would then act in a vcluster as an
// account that nobody made there.
func (d *plan) kustomizeController() proc.Spec {
	port := d.cfg.Ports().KustomizeController()

	return d.fluxController(KustomizeController, "kustomize", port, nil, probeHTTP("http://"+home.Addr(port)+"/readyz"))
}

// fluxController reconciles the kinds in one of the folders of Flux's. It runs
// once there is an object of theirs: each takes more than 100 MB to do nothing.
func (d *plan) fluxController(name, kinds string, port int, args []string, probe func(context.Context) error) proc.Spec {
	return proc.Spec{
		Name: name, Path: d.cfg.Programs[name], Port: port,
		Needs: []string{APIServer},
		Idle:  "starts with the first object of its kinds",
		Args: append([]string{
			"--watch-all-namespaces",
			"--enable-leader-election=false",
			"--health-addr=" + home.Addr(port),
			// Nobody scrapes metrics here, and there is no
			// notification-controller to send events to.
			"--metrics-addr=0",
			"--events-addr=",
		}, args...),
		Env: []string{
			"KUBECONFIG=" + d.state.KubeconfigFor(name),
			"RUNTIME_NAMESPACE=" + FluxNamespace,
			"HOME=" + d.fluxDir(name),
			// kustomize-controller deletes what it takes for its own remains in
			// the folder for temporary files, another control plane's too.
			"TMPDIR=" + d.fluxDir(name, "tmp"),
			"TUF_ROOT=" + d.fluxDir(name, "sigstore"),
			"GOGC=50",
		},
		Hooks: proc.Hooks{
			Before: func(ctx context.Context) error { return d.prepareFlux(ctx, name) },
			Wanted: func(ctx context.Context) error { return d.awaitObject(ctx, d.cfg.inFolder("flux", "crds", kinds)) },
			Probe:  probe,
		},
	}
}

func (d *plan) fluxDir(controller string, elem ...string) string {
	return d.state.Path(append([]string{"flux", controller}, elem...)...)
}

// prepareFlux applies Flux's kinds, accounts and roles, as its installation
// does. Both controllers watch sources, and neither starts without their kinds.
func (d *plan) prepareFlux(ctx context.Context, controller string) error {
	for _, dir := range []string{"artifacts", "tmp"} {
		if err := os.MkdirAll(d.fluxDir(controller, dir), home.DirMode); err != nil {
			return fmt.Errorf("cannot create the directory of %s: %w", controller, err)
		}
	}

	k, err := kube.New(d.state.Kubeconfig())
	if err != nil {
		return err
	}

	d.flux.Lock()
	defer d.flux.Unlock()

	if err := k.ApplyYAML(ctx, fluxManifest); err != nil {
		return fmt.Errorf("cannot create Flux's accounts: %w", err)
	}

	for _, of := range []string{"source", "kustomize"} {
		if err := installCRDs(ctx, k, d.cfg.inFolder("flux", "crds", of)); err != nil {
			return err
		}
	}

	return d.kubeconfigFor(ctx, k, controller, types.NamespacedName{Namespace: FluxNamespace, Name: controller})
}

// awaitObject waits until there is an object of one of the kinds that a folder
// defines.
func (d *plan) awaitObject(ctx context.Context, dir string) error {
	crds, err := readCRDs(dir)
	if err != nil {
		return err
	}

	k, err := kube.New(d.state.Kubeconfig())
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	first := make(chan error, len(crds))

	for _, crd := range crds {
		gvk, err := definedKind(crd)
		if err != nil {
			return err
		}

		go func() { first <- k.AwaitAny(ctx, gvk) }()
	}

	return <-first
}

// definedKind is what a CustomResourceDefinition defines, at the first version
// it serves.
func definedKind(crd *unstructured.Unstructured) (schema.GroupVersionKind, error) {
	d := &apiextensionsv1.CustomResourceDefinition{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(crd.Object, d); err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("cannot read CustomResourceDefinition %q: %w", crd.GetName(), err)
	}

	for _, v := range d.Spec.Versions {
		if v.Served {
			return schema.GroupVersionKind{Group: d.Spec.Group, Version: v.Name, Kind: d.Spec.Names.Kind}, nil
		}
	}

	return schema.GroupVersionKind{}, fmt.Errorf("CustomResourceDefinition %q serves no version", crd.GetName())
}

// installCRDs applies the CustomResourceDefinitions of a folder and waits until
// the API server serves them.
func installCRDs(ctx context.Context, k *kube.Client, dir string) error {
	crds, err := readCRDs(dir)
	if err != nil {
		return err
	}

	if err := k.Apply(ctx, crds...); err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, establishTimeout)
	defer cancel()

	for _, crd := range crds {
		if err := awaitEstablished(ctx, k, crd); err != nil {
			return err
		}
	}

	return nil
}

// readCRDs of a folder.
func readCRDs(dir string) ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot find custom resource definitions: %w", err)
	}

	if len(files) == 0 {
		return nil, errors.New("there are no custom resource definitions in " + dir)
	}

	var crds []*unstructured.Unstructured

	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("cannot read custom resource definition: %w", err)
		}

		objs, err := kube.Decode(raw)
		if err != nil {
			return nil, err
		}

		crds = append(crds, objs...)
	}

	return crds, nil
}

func awaitEstablished(ctx context.Context, k *kube.Client, crd *unstructured.Unstructured) error {
	for {
		if err := k.Get(ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
			return fmt.Errorf("cannot get CustomResourceDefinition %q: %w", crd.GetName(), err)
		}

		if c, _ := kube.GetCondition(crd, "Established"); c.Status == "True" {
			return nil
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("CustomResourceDefinition %q isn't established: %w", crd.GetName(), ctx.Err())
		case <-time.After(establishPoll):
		}
	}
}
