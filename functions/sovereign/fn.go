// Package sovereign is the composition function of Sovereigns.
package sovereign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/tenancy"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// Conditions and reasons of a Sovereign.
const (
	// ConditionAccepted says whether the Sovereign can be carried out as it was
	// asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted       = "Accepted"
	ReasonInvalid        = "Invalid"
	ReasonAddressUnknown = "AddressUnknown"
	ReasonKeyUnknown     = "KeyUnknown"
	ReasonSecretMissing  = "SecretMissing"
)

// Keys of composed resources.
const (
	keyGuardPrefix   = "guard-"
	keyNamespace     = "namespace"
	keySSHKeyPrefix  = "ssh-key-"
	keyClusterPrefix = "host-cluster-"
	keyZone          = "zone"
	keyKSK           = "ksk"
	keyZSK           = "zsk"
	keyNamePrefix    = "name-"
	keyParentNS      = "parent-ns"
	keyParentDS      = "parent-ds"
	keyDelegation    = "delegation"
	keyRegistrar     = "registrar"
	keyGitPrefix     = "git-"
	keyKit           = "bootstrap-kit"
	keyBootstrap     = "bootstrap"
	keyTeardown      = "teardown"
)

// A sovereign that is composed.
type sovereign struct {
	*v1alpha1.Sovereign

	run    *composing.Run
	status *v1alpha1.SovereignStatus
}

// Compose a Sovereign: what keeps it alive and the order of its deletion first,
// then its namespace, its host clusters and its domain.
func Compose(r *composing.Run, sov *v1alpha1.Sovereign) error {
	st := &v1alpha1.SovereignStatus{Namespace: hetzner.Namespace(sov.GetName())}
	r.Status(st, &st.Progress)
	s := &sovereign{Sovereign: sov, run: r, status: st}

	orgs := slices.DeleteFunc(tenancy.All(r, v1alpha1.KindOrganization, ""), func(o *composing.Observed) bool {
		return o.String("spec", "sovereignRef", "name") != sov.GetName()
	})
	sovereigns := tenancy.All(r, v1alpha1.KindSovereign, "")
	sources, credentials := s.requireSecrets(), s.requireCredentials()
	if r.Unresolved() {
		return nil
	}
	st.Organizations = len(orgs)
	if err := s.guard(tenancy.Names(orgs), s.sharing(sovereigns)); err != nil {
		return err
	}
	s.order()
	if err := s.check(); err != nil {
		r.Step("Accepted").Fail(ReasonInvalid, err.Error())
		r.Condition(ConditionAccepted, false, ReasonInvalid, err.Error())
		s.report()
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "The Sovereign can be carried out as asked for")

	ns := r.Step("Namespace")
	if err := ns.Desire(keyNamespace, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: st.Namespace, Labels: s.labels()}}); err != nil {
		return err
	}
	if err := s.teardown(ns); err != nil {
		return err
	}
	if err := s.secrets(ns, sources); err != nil {
		return err
	}
	if err := s.hostClusters(ns); err != nil {
		return err
	}
	if err := s.dns(ns, credentials); err != nil {
		return err
	}
	if err := s.git(ns, s.seeds(sovereigns)); err != nil {
		return err
	}
	s.report()
	return nil
}

func (s *sovereign) labels() map[string]string {
	return map[string]string{naming.LabelSovereign: s.GetName(), naming.LabelManagedBy: naming.ManagedBy}
}

func (s *sovereign) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: s.status.Namespace, Labels: s.labels()}
}

// teardown composes what holds the Sovereign when it is deleted and takes it down
// layer by layer: functions do not run then. Nothing else waits for it.
func (s *sovereign) teardown(ns *composing.Step) error {
	return s.run.Step("Teardown").DesireAfter(ns, keyTeardown, &hcloud.Teardown{
		ObjectMeta: s.meta(s.GetName()),
		Spec:       hcloud.TeardownSpec{ForProvider: hcloud.TeardownParameters{Organizations: string(cmp.Or(s.Spec.DeletionPolicy, v1alpha1.DeletionRefuse))}},
	})
}

// check whether the Sovereign can be carried out. The API server refuses most
// of what is wrong; this is for objects that were there before its rules.
func (s *sovereign) check() error {
	d := s.Spec.Domain
	if d.Mode == v1alpha1.DomainPool {
		label, ok := strings.CutSuffix(d.Name, "."+d.ParentZone)
		if !ok || d.ParentZone == "" || strings.Contains(label, ".") {
			return fmt.Errorf("spec.domain.name %q must be one label in spec.domain.parentZone %q", d.Name, d.ParentZone)
		}
		if slices.Contains(naming.ReservedLabels(), label) {
			return fmt.Errorf("spec.domain.name %q is reserved: its first label must not be any of %s", d.Name, strings.Join(naming.ReservedLabels(), ", "))
		}
	}
	if d.Mode == v1alpha1.DomainBYORegistrar && d.Registrar == nil {
		return fmt.Errorf("spec.domain.registrar is required with spec.domain.mode %s: name the registrar's type and its credentials, or set spec.domain.mode to %s and enter the delegation by hand", d.Mode, v1alpha1.DomainBYOManual)
	}
	if len(s.Spec.Regions) == 0 {
		return fmt.Errorf("spec.regions must name a region")
	}
	return nil
}

// maxNames in a message: enough to act on, and bounded.
const maxNames = 5

// guard refuses deletion of the Sovereign and of its namespace while
// Organizations name it, other Sovereigns use its Git organizations, or resolvers
// expect signatures by its keys because of records that nobody here can remove.
func (s *sovereign) guard(orgs, sharing []string) error {
	var parts []string
	if len(orgs) > 0 {
		parts = append(parts, fmt.Sprintf("%d Organizations (%s)", len(orgs), list(orgs)))
	}
	if len(sharing) > 0 {
		parts = append(parts, fmt.Sprintf("the Git organizations of %d other Sovereigns (%s)", len(sharing), list(sharing)))
	}
	if s.validated() {
		parts = append(parts, fmt.Sprintf("DS records at the registrar of %s, or resolvers that remember them", s.Spec.Domain.Name))
	}
	if len(parts) > 0 && s.Spec.DeletionPolicy != v1alpha1.DeletionCascade {
		reason := fmt.Sprintf("Sovereign %s still has %s. Delete them first, or set spec.deletionPolicy to Cascade", s.GetName(), strings.Join(parts, " and "))
		for _, of := range []struct{ key, apiVersion, kind, name string }{
			{"sovereign", v1alpha1.SchemeGroupVersion.String(), v1alpha1.KindSovereign, s.GetName()},
			{"namespace", "v1", "Namespace", s.status.Namespace},
		} {
			g := composing.Guard(of.key+"-"+of.name+"-in-use", "", of.apiVersion, of.kind, of.name, reason)
			if err := s.run.Desire(keyGuardPrefix+of.key, g); err != nil {
				return err
			}
		}
	}
	s.run.RetireOthers(keyGuardPrefix, "nothing stands in the way of deleting the Sovereign any more")
	return nil
}

func list(names []string) string {
	shown := strings.Join(names[:min(len(names), maxNames)], ", ")
	if len(names) > maxNames {
		shown += ", …"
	}
	return shown
}

// report what there is.
func (s *sovereign) report() {
	st := s.status
	st.Phase = s.run.Phase()
	st.ConsoleURL = "https://console." + s.Spec.Domain.Name
	st.LoadBalancer = s.address()
	st.ZoneSerial = s.run.Observed(keyZone).Int("status", "atProvider", "serial")
	for _, key := range s.run.ObservedKeys(keyClusterPrefix) {
		o := s.run.Observed(key)
		hc := v1alpha1.SovereignHostClusterStatus{
			Name:    o.Name(),
			Phase:   v1alpha1.Phase(o.String("status", "phase")),
			Address: o.String("status", "loadBalancer", "ipv4"),
		}
		if name := o.String("status", "kubeconfigSecretRef", "name"); name != "" {
			hc.KubeconfigSecretRef = &v1alpha1.LocalReference{Name: name}
		}
		st.HostClusters = append(st.HostClusters, hc)
	}
	st.Delegation = s.delegation()
	st.Handover = s.handover()
	if commit := s.run.Observed(keyKit).String("status", "atProvider", "commit"); commit != "" && st.BootstrapKit != nil {
		st.BootstrapKit.Commit = commit
	}
}
