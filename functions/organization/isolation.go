package organization

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
)

const dnsPort = 53

// isolation bounds what runs in the Organization's namespace and whom it talks
// to: nobody, but itself and the cluster's DNS, unless somebody allows more.
func isolation(r *composing.Run, org *v1alpha1.Organization, namespace bool) error {
	s := r.Step("Isolation")
	objects := map[string]client.Object{
		"limits":               limits(org),
		"network-default-deny": networkPolicy(org, "default-deny", networkingv1.NetworkPolicySpec{}),
		"network-same-namespace": networkPolicy(org, "allow-same-namespace", networkingv1.NetworkPolicySpec{
			Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}}},
			Egress:  []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}}},
		}),
		"network-dns": networkPolicy(org, "allow-dns", networkingv1.NetworkPolicySpec{
			Egress: []networkingv1.NetworkPolicyEgressRule{{
				To: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: metav1.NamespaceSystem}}}},
				Ports: []networkingv1.NetworkPolicyPort{
					{Protocol: new(corev1.ProtocolUDP), Port: new(intstr.FromInt32(dnsPort))},
					{Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromInt32(dnsPort))},
				},
			}},
		}),
	}
	if q := quota(org); q != nil {
		objects["quota"] = q
	}
	if err := s.DesireAllWhen(namespace, waitsForNamespace, objects); err != nil {
		return err
	}
	r.RetireOthers("quota", "spec.quota was removed")
	return nil
}

func quota(org *v1alpha1.Organization) *corev1.ResourceQuota {
	if org.Spec.Quota == nil {
		return nil
	}
	hard := corev1.ResourceList{}
	for name, q := range map[corev1.ResourceName]*resource.Quantity{
		corev1.ResourceRequestsCPU:     org.Spec.Quota.CPU,
		corev1.ResourceRequestsMemory:  org.Spec.Quota.Memory,
		corev1.ResourceRequestsStorage: org.Spec.Quota.Storage,
	} {
		if q != nil {
			hard[name] = *q
		}
	}
	if org.Spec.Quota.Pods != nil {
		hard[corev1.ResourcePods] = *resource.NewQuantity(*org.Spec.Quota.Pods, resource.DecimalSI)
	}
	return &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "organization", Namespace: org.GetName(), Labels: labels(org)},
		Spec:       corev1.ResourceQuotaSpec{Hard: hard},
	}
}

// limits give a container that asks for nothing a modest share: with a quota
// in force it would be refused otherwise.
func limits(org *v1alpha1.Organization) *corev1.LimitRange {
	return &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "organization", Namespace: org.GetName(), Labels: labels(org)},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer,
			Default: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("1"),
				corev1.ResourceMemory: resource.MustParse("512Mi"),
			},
			DefaultRequest: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("50m"),
				corev1.ResourceMemory: resource.MustParse("64Mi"),
			},
		}}},
	}
}

func networkPolicy(org *v1alpha1.Organization, name string, spec networkingv1.NetworkPolicySpec) *networkingv1.NetworkPolicy {
	spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	if name != "default-deny" && spec.Ingress == nil {
		spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	}
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: org.GetName(), Labels: labels(org)},
		Spec:       spec,
	}
}
