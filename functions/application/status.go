package application

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
)

// report what is known about the Application from what was observed.
func (a *application) report() {
	repo := a.run.Observed(keyRepository)
	if repo != nil {
		a.status.Repository = &v1alpha1.ApplicationRepository{
			URL:         repo.String("status", "atProvider", "htmlURL"),
			CloneURL:    repo.String("status", "atProvider", "cloneURL"),
			EntryBranch: a.entryBranch(),
			Commit:      a.run.Observed(keyContent).String("status", "atProvider", "commit"),
		}
	}
	if a.blueprint != nil {
		a.status.Blueprint = &v1alpha1.ResolvedBlueprint{
			Namespace: a.blueprint.GetNamespace(),
			Name:      a.blueprint.GetName(),
			Version:   a.blueprint.Spec.Version,
		}
	}
	for _, e := range a.Spec.Environments {
		st := v1alpha1.ApplicationEnvironmentStatus{Name: e.Name, Branch: a.branch(e.Name)}
		st.State, st.Revision = a.stateIn(e)
		if a.domain != "" && len(a.run.ObservedKeys(keyHostPrefix+e.Name+"/")) > 0 {
			st.Host = naming.ApplicationHost(a.GetName(), e.Name, a.domain)
			a.status.Hosts = append(a.status.Hosts, st.Host)
		}
		a.status.Environments = append(a.status.Environments, st)
	}
}

// stateIn an Environment is what Flux says of it, on the worst of its host
// clusters. Without Flux or host clusters it ends where the platform's part
// ends: the branch.
func (a *application) stateIn(e v1alpha1.ApplicationEnvironment) (v1alpha1.ApplicationState, string) {
	revision, hostClusters := a.revision(e), a.placement(e).HostClusters
	if len(hostClusters) == 0 || !a.delivers(e.Name) {
		if revision == "" {
			return v1alpha1.StateInstalling, ""
		}
		return v1alpha1.StatePublished, revision
	}
	state := v1alpha1.StateRunning
	for _, hc := range hostClusters {
		k := a.run.Observed(keyDeliveryPrefix + e.Name + "/" + hc)
		applied, attempted := k.String("status", "lastAppliedRevision"), k.String("status", "lastAttemptedRevision")
		c, _ := k.Condition("Ready")
		// Before the first attempt it fails for want of a revision, which is
		// how every delivery begins.
		if attempted != "" && c.Status == string(metav1.ConditionFalse) {
			return v1alpha1.StateDegraded, applied
		}
		if applied == "" {
			return v1alpha1.StateInstalling, ""
		}
		revision = applied
		if attempted != applied {
			state = v1alpha1.StateUpdating
		}
	}
	return state, revision
}

// revision at the head of the Environment's branch, in Flux's notation.
func (a *application) revision(e v1alpha1.ApplicationEnvironment) string {
	branch := a.branch(e.Name)
	from, field := a.run.Observed(keyBranchPrefix+branch), "commit"
	if branch == a.entryBranch() {
		from, field = a.run.Observed(keyContent), "head"
	}
	if sha := from.String("status", "atProvider", field); sha != "" {
		return branch + "@sha1:" + sha
	}
	return ""
}

var _ composing.Composer[v1alpha1.Application] = Compose
