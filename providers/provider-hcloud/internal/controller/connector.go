package controller

import (
	"context"
	"maps"
	"slices"

	sdk "github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/fieldpath"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjetconfig "github.com/crossplane/upjet/v2/pkg/config"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"
	"github.com/crossplane/upjet/v2/pkg/terraform"

	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
)

// A connector connects managed resources of one kind to their project. It
// stands between crossplane-runtime and upjet and sees to what upjet doesn't:
// secrets that have to be there, budgets, and creates that were interrupted.
type connector struct {
	kube       client.Client
	config     *upjetconfig.Resource
	operations *upjet.OperationTrackerStore
	project    func(ctx context.Context, mg resource.ModernManaged) (*clients.Client, error)
}

// Connect to the project that the managed resource lives in.
func (c *connector) Connect(ctx context.Context, mg object) (managed.ExternalClient, error) {
	if err := c.requireSecrets(ctx, mg); err != nil {
		return nil, err
	}
	project, err := c.project(ctx, mg)
	if err != nil {
		return nil, err
	}
	e := &external{project: project, config: c.config, tracker: c.operations.Tracker(mg)}
	e.connect = func(ctx context.Context, mg object) (managed.ExternalClient, error) {
		return c.upjet(project, mg).Connect(ctx, mg)
	}
	return e, nil
}

// upjet's connector for one managed resource.
func (c *connector) upjet(project *clients.Client, mg object) managed.ExternalConnector {
	setup := func(context.Context, client.Client, resource.Managed) (terraform.Setup, error) {
		return project.Setup(), nil
	}
	if c.config.ShouldUseTerraformPluginFrameworkClient() {
		return upjet.NewTerraformPluginFrameworkConnector(c.kube, setup, c.config, c.operations,
			upjet.WithTerraformPluginFrameworkLogger(quiet()),
			upjet.WithTerraformPluginFrameworkManagementPolicies(true))
	}
	cfg := c.config
	if meta.WasDeleted(mg) {
		cfg = withoutPlan(cfg)
	}
	return upjet.NewTerraformPluginSDKConnector(c.kube, setup, cfg, c.operations,
		upjet.WithTerraformPluginSDKLogger(quiet()),
		upjet.WithTerraformPluginSDKManagementPolicies(true))
}

// withoutPlan forgets what was to change about a resource that is deleted.
// Terraform would delete it and then carry on with a replacement that was
// refused before: create it again, with the changed arguments only. It isn't
// asked either: references are not resolved any more, and without them it may
// be impossible to say.
func withoutPlan(cfg *upjetconfig.Resource) *upjetconfig.Resource {
	out := *cfg
	res := *cfg.TerraformResource
	res.CustomizeDiff = nil
	out.TerraformResource = &res
	out.TerraformCustomDiff = func(*sdk.InstanceDiff, *sdk.InstanceState, *sdk.ResourceConfig) (*sdk.InstanceDiff, error) {
		return sdk.NewInstanceDiff(), nil
	}
	return &out
}

// requireSecrets refuses a managed resource whose Secrets are not there yet.
// upjet takes a missing Secret for an empty one and would create a server
// without its user data. What is deleted needs them no more.
func (c *connector) requireSecrets(ctx context.Context, mg object) error {
	mapping := mg.GetConnectionDetailsMapping()
	if len(mapping) == 0 || meta.WasDeleted(mg) {
		return nil
	}
	paved, err := fieldpath.PaveObject(mg)
	if err != nil {
		return errors.Wrap(err, "cannot read the managed resource's fields")
	}
	for _, path := range slices.Sorted(maps.Values(mapping)) {
		for _, prefix := range []string{"spec.initProvider.", "spec.forProvider."} {
			found, err := paved.ExpandWildcards(prefix + path)
			if err != nil {
				return errors.Wrapf(err, "cannot read %s%s", prefix, path)
			}
			for _, p := range found {
				if err := c.requireSecret(ctx, mg.GetNamespace(), paved, p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *connector) requireSecret(ctx context.Context, namespace string, paved *fieldpath.Paved, path string) error {
	ref := xpv1.LocalSecretKeySelector{}
	if err := paved.GetValueInto(path, &ref); err != nil {
		return errors.Wrapf(err, "cannot read %s", path)
	}
	s := &corev1.Secret{}
	if err := c.kube.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, s); err != nil {
		return errors.Wrapf(err, "%s: cannot get Secret %q", path, ref.Name)
	}
	if len(s.Data[ref.Key]) == 0 {
		return errors.Errorf("%s: Secret %q has nothing under key %q", path, ref.Name, ref.Key)
	}
	return nil
}
