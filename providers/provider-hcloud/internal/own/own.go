// Package own keeps what is generated for a managed resource: in a Secret of its
// own, and never a second time.
package own

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// Secret the managed resource writes to, as far as it is there. It is an error
// if there is one that belongs to somebody else.
func Secret(ctx context.Context, kube client.Client, mg resource.ModernManaged, gvk schema.GroupVersionKind) (*corev1.Secret, error) {
	s, err := Brought(ctx, kube, mg, gvk)
	if err == nil && s.GetResourceVersion() != "" && !metav1.IsControlledBy(s, mg) {
		return nil, foreign(s, gvk)
	}
	return s, err
}

func foreign(s *corev1.Secret, gvk schema.GroupVersionKind) error {
	return errors.Errorf("Secret %q of spec.writeConnectionSecretToRef exists and is not this %s's", s.Name, gvk.Kind)
}

// Brought is the same, but may also be one that somebody has brought from where
// it was kept before: of the same type, with these keys in it, and nobody's.
func Brought(ctx context.Context, kube client.Client, mg resource.ModernManaged, gvk schema.GroupVersionKind, keys ...string) (*corev1.Secret, error) {
	if mg.GetWriteConnectionSecretToReference() == nil {
		return nil, errors.Errorf("spec.writeConnectionSecretToRef is required: it is where what the %s generates goes", gvk.Kind)
	}
	want := resource.LocalConnectionSecretFor(mg, gvk)
	s := &corev1.Secret{}
	err := kube.Get(ctx, client.ObjectKeyFromObject(want), s)
	if kerrors.IsNotFound(err) {
		return want, nil
	}
	if err != nil {
		return nil, errors.Wrapf(err, "cannot get Secret %q", want.Name)
	}
	brought := metav1.GetControllerOf(s) == nil && s.Type == resource.SecretTypeConnection &&
		!slices.ContainsFunc(keys, func(k string) bool { return len(s.Data[k]) == 0 })
	if !brought && !metav1.IsControlledBy(s, mg) {
		return nil, foreign(s, gvk)
	}
	return s, nil
}

// TakeOver a Secret that was brought. What is in it does not change.
func TakeOver(ctx context.Context, kube client.Client, mg resource.ModernManaged, gvk schema.GroupVersionKind, keys ...string) error {
	s, err := Brought(ctx, kube, mg, gvk, keys...)
	if err != nil || metav1.IsControlledBy(s, mg) {
		return err
	}
	meta.AddOwnerReference(s, meta.AsController(meta.TypedReferenceTo(mg, gvk)))
	return errors.Wrapf(kube.Update(ctx, s), "cannot take over Secret %q", s.Name)
}

// Write a Secret. crossplane-runtime has made it by then, empty. The API server
// refuses to create what exists and to update what has changed since it was
// read, so that nothing is ever written over, however often this is tried and
// however old what was read.
func Write(ctx context.Context, kube client.Client, s *corev1.Secret) error {
	if s.GetResourceVersion() == "" {
		return errors.Wrapf(kube.Create(ctx, s), "cannot create Secret %q", s.Name)
	}
	return errors.Wrapf(kube.Update(ctx, s), "cannot update Secret %q", s.Name)
}
