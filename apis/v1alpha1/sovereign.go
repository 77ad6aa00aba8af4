package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DomainMode says who delegates a Sovereign's domain.
// +kubebuilder:validation:Enum=Pool;BYOManual;BYORegistrar
type DomainMode string

// Modes of a domain.
const (
	// DomainPool is a label in a zone on the same PowerDNS, which is delegated
	// from there.
	DomainPool DomainMode = "Pool"
	// DomainBYOManual is a domain of one's own. Somebody enters its delegation
	// where it was registered.
	DomainBYOManual DomainMode = "BYOManual"
	// DomainBYORegistrar is a domain of one's own. Its registrar is told to
	// delegate it.
	DomainBYORegistrar DomainMode = "BYORegistrar"
)

// SovereignSpec is what a Sovereign consists of.
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.adopt) || has(self.adopt) && self.adopt == oldSelf.adopt",message="spec.adopt is immutable: what was adopted is found by it",fieldPath=".adopt"
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() && has(oldSelf.value().adopt) || !has(self.adopt) || !has(self.adopt.hostClusters) || self.adopt.hostClusters.all(c, self.regions.exists(r, r.hostClusters.exists(h, c.name == 'hz-' + r.code + '-' + h.buildingBlock + '-prod')))",message="spec.adopt.hostClusters must name host clusters of spec.regions: hz-<code>-<buildingBlock>-prod",fieldPath=".adopt.hostClusters",optionalOldSelf=true
// +kubebuilder:validation:XValidation:rule="!has(self.adopt) || !has(self.adopt.zone) || self.adopt.zone.name == self.domain.name",message="spec.adopt.zone.name must be spec.domain.name",fieldPath=".adopt.zone.name"
// +kubebuilder:validation:XValidation:rule="self.regions.map(r, size(r.hostClusters)).sum() <= 6",message="spec.regions must not have more than 6 host clusters in all: a composite resource composes at most 40 resources"
type SovereignSpec struct {
	// Domain of the Sovereign.
	Domain SovereignDomain `json:"domain"`

	// KeycloakTopology is per-organization, a Keycloak for each Organization,
	// or shared-sovereign, one for all. Immutable.
	// +kubebuilder:validation:Enum=per-organization;shared-sovereign
	// +kubebuilder:default=per-organization
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.keycloakTopology is immutable: it is set when the Sovereign is provisioned"
	KeycloakTopology string `json:"keycloakTopology,omitempty"`

	// Provider of the servers. Only hetzner is built.
	// +kubebuilder:validation:Enum=hetzner
	// +kubebuilder:default=hetzner
	Provider string `json:"provider,omitempty"`

	// ProviderConfig is the name of the ClusterProviderConfig of the Hetzner
	// project.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:default=default
	ProviderConfig string `json:"providerConfig,omitempty"`

	// Regions of the Sovereign. The Sovereign's names point to the first mgt
	// host cluster of them, or to the first of all if there is none.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=6
	// +listType=map
	// +listMapKey=code
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.all(b, a.code == b.code || !isCIDR(a.network.cidr) || !isCIDR(b.network.cidr) || !cidr(a.network.cidr).containsCIDR(b.network.cidr)))",message="spec.regions[].network.cidr must not overlap: give each region a network of its own, e.g. 10.0.0.0/16 and 10.1.0.0/16"
	Regions []SovereignRegion `json:"regions"`

	// Kubernetes of the host clusters.
	// +kubebuilder:default={version: "v1.31.4+k3s1"}
	Kubernetes KubernetesSpec `json:"kubernetes,omitempty"`

	// SSH says who may log in to the servers, and from where.
	SSH SovereignSSH `json:"ssh"`

	// Git is where the Sovereign's repositories are.
	// +kubebuilder:default={providerConfig: default}
	Git SovereignGit `json:"git,omitempty"`

	// BootstrapKit of the Sovereign.
	// +optional
	BootstrapKit *BootstrapKit `json:"bootstrapKit,omitempty"`

	// Sovereignty is Tethered, while the Sovereign still takes software from
	// where it was provisioned, or Sovereign.
	// +kubebuilder:validation:Enum=Tethered;Sovereign
	// +kubebuilder:default=Tethered
	Sovereignty string `json:"sovereignty,omitempty"`

	// DeletionPolicy says what deleting the Sovereign does while Organizations
	// name it, or while resolvers expect the domain to be signed because of DS
	// records that somebody has to remove: Refuse the deletion, or Cascade: delete
	// the Organizations first, each by its own deletionPolicy, and go without asking
	// resolvers.
	// +kubebuilder:validation:Enum=Refuse;Cascade
	// +kubebuilder:default=Refuse
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// Adopt what exists already at Hetzner and in PowerDNS, by id, in place of
	// making it: status.handover.adopt of the Sovereign it was made by, or what
	// another tool says. It stays once it is set.
	// +optional
	Adopt *SovereignIDs `json:"adopt,omitempty"`
}

// SovereignDomain is the domain of a Sovereign.
// +kubebuilder:validation:XValidation:rule="self.mode != 'Pool' || !has(self.parentServers)",message="spec.domain.parentServers is for spec.domain.mode BYOManual or BYORegistrar: in mode Pool the parent zone is on the same PowerDNS"
// +kubebuilder:validation:XValidation:rule="self.mode != 'BYORegistrar' || has(self.registrar)",message="spec.domain.registrar is required with spec.domain.mode BYORegistrar: name the registrar's type and its credentials, or set spec.domain.mode to BYOManual and enter the delegation by hand"
// +kubebuilder:validation:XValidation:rule="self.mode == 'BYORegistrar' || !has(self.registrar)",messageExpression="'spec.domain.registrar is for spec.domain.mode BYORegistrar, not ' + self.mode"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.registrar) || has(self.registrar)",message="spec.domain.registrar can't be removed: what was set there would stay"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Pool' || has(self.parentZone)",message="spec.domain.parentZone is required with spec.domain.mode Pool"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Pool' || !has(self.parentZone) || self.name.endsWith('.' + self.parentZone) && !self.name.substring(0, self.name.size() - self.parentZone.size() - 1).contains('.')",messageExpression="'spec.domain.name ' + self.name + ' must be one label in spec.domain.parentZone ' + self.parentZone"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Pool' || !(self.name.split('.')[0] in ['api','admin','console','gitea','harbor','keycloak','www','mail','smtp','imap','vpn','openova','catalyst','docs','status','app','system','openbao','vault','flux','k8s'])",messageExpression="'spec.domain.name ' + self.name + ' is reserved: its first label must not be api, admin, console, gitea, harbor, keycloak, www, mail, smtp, imap, vpn, openova, catalyst, docs, status, app, system, openbao, vault, flux or k8s'"
type SovereignDomain struct {
	// Name of the domain, e.g. omantel.omani.works. Immutable.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain.name is immutable: everything in the Sovereign is named after it"
	Name string `json:"name"`

	// Mode is Pool, a label in a zone on the same PowerDNS, BYOManual, a domain of
	// one's own whose delegation somebody enters, or BYORegistrar, one whose
	// registrar is told. Immutable.
	// +kubebuilder:default=Pool
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain.mode is immutable"
	Mode DomainMode `json:"mode,omitempty"`

	// ParentZone the domain is delegated from in mode Pool, e.g. omani.works.
	// Immutable.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain.parentZone is immutable"
	ParentZone string `json:"parentZone,omitempty"`

	// Nameservers that serve the domain.
	// +kubebuilder:default={"ns1.openova.io","ns2.openova.io","ns3.openova.io"}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain.nameservers is immutable: they are written when the zone is created"
	// +listType=set
	Nameservers []string `json:"nameservers,omitempty"`

	// Registrar of the domain in mode BYORegistrar.
	// +optional
	Registrar *SovereignRegistrar `json:"registrar,omitempty"`

	// ParentServers are asked in the modes BYOManual and BYORegistrar whether the
	// domain is delegated, each with its port, e.g. 192.0.2.53:53. When left out, they are found by the
	// NS records of the zone above. Set it where that zone is not known to the
	// resolver of the cluster.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=260
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([0-9A-Za-z._-]+|[[][0-9A-Fa-f:.]+[]]):[0-9]{1,5}$')",messageExpression="'spec.domain.parentServers ' + self + ' must be an address or name with a port, e.g. 192.0.2.53:53, [2001:db8::53]:53 or ns1.example.org:53'"
	ParentServers []string `json:"parentServers,omitempty"`

	// DSTTL is for how many seconds resolvers may hold the DS records that the
	// parent zone gets in mode Pool. Deleting the Sovereign takes that long: its
	// keys go when no resolver expects them any more.
	// +kubebuilder:default=3600
	// +kubebuilder:validation:Minimum=5
	// +kubebuilder:validation:Maximum=86400
	DSTTL int64 `json:"dsTTL,omitempty"`
}

// SovereignRegistrar is where a Sovereign's domain is registered, or, at
// Cloudflare, where the zone above it is.
type SovereignRegistrar struct {
	// Type of the registrar. Cloudflare also sets the DS records of a domain that
	// lies in one of the account's zones. In all other cases somebody has to enter
	// them: the step Delegation says which. Immutable.
	// +kubebuilder:validation:Enum=Cloudflare;GoDaddy;Namecheap;OVH;Dynadot
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain.registrar.type is immutable: what was set at one registrar could not be undone at another"
	Type string `json:"type"`

	// CredentialsSecretRef names a key of a Secret in the namespace
	// catalyst-system that opens the registrar's API. Cloudflare: a token. GoDaddy:
	// key:secret. Namecheap: apiUser:apiKey:clientIP or
	// apiUser:apiKey:userName:clientIP. OVH:
	// applicationKey:applicationSecret:consumerKey. Dynadot: the key.
	CredentialsSecretRef SecretKeyReference `json:"credentialsSecretRef"`

	// Endpoint of the API when it is not the usual one, such as
	// https://api.ote-godaddy.com or https://ca.api.ovh.com/1.0.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^https://[0-9A-Za-z.-]+(:[0-9]{1,5})?(/[0-9A-Za-z._/-]*)?$') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])(:[0-9]{1,5})?(/[0-9A-Za-z._/-]*)?$')",messageExpression="'spec.domain.registrar.endpoint ' + self + ' must be an https URL without user, query or fragment, or an http URL of localhost, 127.0.0.1 or [::1]: credentials are sent there'"
	Endpoint string `json:"endpoint,omitempty"`
}

// SovereignRegion is a region of a Sovereign.
type SovereignRegion struct {
	// Code of the region: fsn Falkenstein, nbg Nuremberg, hel Helsinki, ash
	// Ashburn, hil Hillsboro or sin Singapore.
	// +kubebuilder:validation:Enum=fsn;nbg;hel;ash;hil;sin
	Code string `json:"code"`

	// Network of the region.
	// +kubebuilder:default={cidr: "10.0.0.0/16"}
	Network SovereignNetwork `json:"network,omitempty"`

	// HostClusters of the region, one per building block.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	// +listType=map
	// +listMapKey=buildingBlock
	HostClusters []SovereignHostCluster `json:"hostClusters"`
}

// SovereignNetwork is the private network of a region.
type SovereignNetwork struct {
	// CIDR of the network, IPv4. The mgt host cluster has the second 256
	// addresses of it, rtz the third, dmz the fourth. Immutable.
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:default="10.0.0.0/16"
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked() && cidr(self).ip().family() == 4 && cidr(self).prefixLength() <= 22 && ['10.0.0.0/8','172.16.0.0/12','192.168.0.0/16'].exists(p, cidr(p).containsCIDR(self))",messageExpression="'network.cidr ' + self + ' must be a private IPv4 network of at most 22 bits, e.g. 10.0.0.0/16'"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="network.cidr is immutable: servers keep their addresses"
	CIDR string `json:"cidr,omitempty"`
}

// SovereignHostCluster is a host cluster of a Sovereign.
// +kubebuilder:validation:XValidation:rule="self.controlPlane.count + self.workers.max <= 99",message="controlPlane.count and workers.max must not exceed 99 together: a network at Hetzner has at most 100 members, and the load balancer is one of them",fieldPath=".workers.max"
type SovereignHostCluster struct {
	// BuildingBlock is the security zone: mgt management, rtz restricted trust
	// or dmz edge.
	// +kubebuilder:validation:Enum=mgt;rtz;dmz
	BuildingBlock string `json:"buildingBlock"`

	// ControlPlane of the cluster.
	// +kubebuilder:default={serverType: cx42, count: 1}
	ControlPlane ControlPlaneSpec `json:"controlPlane,omitempty"`

	// Workers of the cluster.
	// +kubebuilder:default={serverType: cx32, count: 2, min: 0, max: 10}
	Workers WorkersSpec `json:"workers,omitempty"`
}

// SovereignGit is where a Sovereign's repositories are.
type SovereignGit struct {
	// ProviderConfig is the name of the ClusterProviderConfig of the Gitea.
	// Sovereigns that name the same one share its organizations. Immutable.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:default=default
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.git.providerConfig is immutable: what is there would be left behind"
	ProviderConfig string `json:"providerConfig,omitempty"`
}

// BootstrapKit is what runs on every Sovereign. A test holds the names below
// and the table of slots together.
// +kubebuilder:validation:XValidation:rule="!has(self.versions) || self.versions.all(k, k in ['cilium','cert-manager','flux','crossplane','sealed-secrets','spire','self-sovereign-cutover','nats-jetstream','openbao','keycloak','gitea','powerdns','external-dns','catalyst-platform','crossplane-claims','external-secrets','cnpg','valkey','seaweedfs','harbor','opentelemetry','alloy','loki','mimir','tempo','grafana','langfuse','kyverno','reloader','keda','vpa','trivy','falco','sigstore','syft-grype','velero','coraza','cluster-autoscaler-hcloud'])",messageExpression="'spec.bootstrapKit.versions: ' + self.versions.filter(k, !(k in ['cilium','cert-manager','flux','crossplane','sealed-secrets','spire','self-sovereign-cutover','nats-jetstream','openbao','keycloak','gitea','powerdns','external-dns','catalyst-platform','crossplane-claims','external-secrets','cnpg','valkey','seaweedfs','harbor','opentelemetry','alloy','loki','mimir','tempo','grafana','langfuse','kyverno','reloader','keda','vpa','trivy','falco','sigstore','syft-grype','velero','coraza','cluster-autoscaler-hcloud']))[0] + ' is no slot, must be any of cilium, cert-manager, flux, crossplane, sealed-secrets, spire, self-sovereign-cutover, nats-jetstream, openbao, keycloak, gitea, powerdns, external-dns, catalyst-platform, crossplane-claims, external-secrets, cnpg, valkey, seaweedfs, harbor, opentelemetry, alloy, loki, mimir, tempo, grafana, langfuse, kyverno, reloader, keda, vpa, trivy, falco, sigstore, syft-grype, velero, coraza or cluster-autoscaler-hcloud'",fieldPath=".versions"
// +kubebuilder:validation:XValidation:rule="!has(self.sizes) || self.sizes.all(k, k in ['cilium','cert-manager','flux','crossplane','sealed-secrets','spire','self-sovereign-cutover','nats-jetstream','openbao','keycloak','gitea','powerdns','external-dns','catalyst-platform','crossplane-claims','external-secrets','cnpg','valkey','seaweedfs','harbor','opentelemetry','alloy','loki','mimir','tempo','grafana','langfuse','kyverno','reloader','keda','vpa','trivy','falco','sigstore','syft-grype','velero','coraza','cluster-autoscaler-hcloud'])",messageExpression="'spec.bootstrapKit.sizes: ' + self.sizes.filter(k, !(k in ['cilium','cert-manager','flux','crossplane','sealed-secrets','spire','self-sovereign-cutover','nats-jetstream','openbao','keycloak','gitea','powerdns','external-dns','catalyst-platform','crossplane-claims','external-secrets','cnpg','valkey','seaweedfs','harbor','opentelemetry','alloy','loki','mimir','tempo','grafana','langfuse','kyverno','reloader','keda','vpa','trivy','falco','sigstore','syft-grype','velero','coraza','cluster-autoscaler-hcloud']))[0] + ' is no slot, must be any of cilium, cert-manager, flux, crossplane, sealed-secrets, spire, self-sovereign-cutover, nats-jetstream, openbao, keycloak, gitea, powerdns, external-dns, catalyst-platform, crossplane-claims, external-secrets, cnpg, valkey, seaweedfs, harbor, opentelemetry, alloy, loki, mimir, tempo, grafana, langfuse, kyverno, reloader, keda, vpa, trivy, falco, sigstore, syft-grype, velero, coraza or cluster-autoscaler-hcloud'",fieldPath=".sizes"
type BootstrapKit struct {
	// Versions of slots by name without bp-, in place of those that Catalyst was
	// built with, e.g. cilium: 1.1.2.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, self[k].matches('^[0-9]+\\\\.[0-9]+\\\\.[0-9]+(-[0-9A-Za-z.-]+)?$'))",message="spec.bootstrapKit.versions must be exact versions such as 1.1.2"
	Versions map[string]SlotVersion `json:"versions,omitempty"`

	// PullSecretRef names a Secret of type kubernetes.io/dockerconfigjson in the
	// namespace catalyst-system that opens the registry of the kit's charts. The
	// cluster the Sovereign's names point to has it as ghcr-pull in flux-system.
	// +optional
	PullSecretRef *LocalReference `json:"pullSecretRef,omitempty"`

	// CloudCredentialsRef names a key of a Secret in the namespace
	// catalyst-system that has a token for the Hetzner project, for what the
	// Sovereign runs itself, such as cluster-autoscaler. The cluster the
	// Sovereign's names point to has it as hcloud-token of cloud-credentials in
	// flux-system.
	// +optional
	CloudCredentialsRef *SecretKeyReference `json:"cloudCredentialsRef,omitempty"`

	// Sizes of slots by name without bp-: what their workload requests, in place
	// of what the Blueprint says, e.g. keycloak: {cpu: 500m, memory: 1Gi}.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	Sizes map[string]SlotSize `json:"sizes,omitempty"`
}

// SlotSize is what the workload of a slot requests.
// +kubebuilder:validation:MinProperties=1
type SlotSize struct {
	// CPU in cores, e.g. 500m.
	// +optional
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// Memory in bytes, e.g. 1Gi.
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`
}

// SlotVersion is the version of a Blueprint in a slot.
// +kubebuilder:validation:MaxLength=64
type SlotVersion string

// SovereignSSH says who may log in to servers, and from where.
type SovereignSSH struct {
	// PublicKeys that open the servers.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+( .*)?$`
	// +listType=set
	PublicKeys []string `json:"publicKeys"`

	// AllowedCIDRs may reach port 22. Empty closes the port.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked()",messageExpression="'ssh.allowedCIDRs ' + self + ' must be a network such as 192.0.2.0/24 or 2001:db8::/32'"
	// +listType=set
	AllowedCIDRs []string `json:"allowedCIDRs,omitempty"`
}

// SovereignStatus is what became of the Sovereign.
type SovereignStatus struct {
	Progress `json:",inline"`

	// Phase of the Sovereign: Pending, Bootstrapping, Ready or Degraded.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// Namespace of the Sovereign's infrastructure.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// LoadBalancer that the Sovereign's names point to.
	// +optional
	LoadBalancer *LoadBalancerAddresses `json:"loadBalancer,omitempty"`

	// ConsoleURL of the Sovereign.
	// +optional
	ConsoleURL string `json:"consoleURL,omitempty"`

	// Delegation of the domain.
	// +optional
	Delegation *DelegationStatus `json:"delegation,omitempty"`

	// ZoneSerial is the serial number of the zone.
	// +optional
	ZoneSerial int `json:"zoneSerial,omitempty"`

	// HostClusters of the Sovereign.
	// +optional
	// +listType=map
	// +listMapKey=name
	HostClusters []SovereignHostClusterStatus `json:"hostClusters,omitempty"`

	// BootstrapKit as far as it is in Git.
	// +optional
	BootstrapKit *BootstrapKitStatus `json:"bootstrapKit,omitempty"`

	// Organizations that name the Sovereign.
	// +optional
	Organizations int `json:"organizations"`

	// Handover is what another Crossplane needs to take the Sovereign over.
	// +optional
	Handover *HandoverStatus `json:"handover,omitempty"`
}

// BootstrapKitStatus is the bootstrap kit as far as it is in Git.
type BootstrapKitStatus struct {
	// Path of the kit in the repository system/catalyst-config.
	Path string `json:"path"`

	// Slots that are rendered.
	Slots int `json:"slots"`

	// Commit that last wrote the kit.
	// +optional
	Commit string `json:"commit,omitempty"`
}

// DelegationStatus is what the parent zone has to say of a domain.
type DelegationStatus struct {
	// State of the delegation: Published when the parent zone has the records
	// below, Pending until then. In mode BYOManual somebody enters them, and in mode
	// BYORegistrar what the registrar's API does not set; the step Delegation says
	// what to enter next.
	// +kubebuilder:validation:Enum=Pending;Published
	State string `json:"state"`

	// ParentZone the domain is delegated from.
	// +optional
	ParentZone string `json:"parentZone,omitempty"`

	// Nameservers of the domain: its NS records in the parent zone.
	// +optional
	// +listType=set
	Nameservers []string `json:"nameservers,omitempty"`

	// DS records of the domain in the parent zone. They must not be entered
	// before the NS records.
	// +optional
	// +listType=set
	DS []string `json:"ds,omitempty"`

	// FoundNameservers are those that the parent zone's servers name now. Not
	// known in mode Pool.
	// +optional
	// +listType=set
	FoundNameservers []string `json:"foundNameservers,omitempty"`

	// FoundDS are the DS records that the parent zone's servers have now. Not
	// known in mode Pool.
	// +optional
	// +listType=set
	FoundDS []string `json:"foundDS,omitempty"`

	// TTL is for how many seconds resolvers may hold what the parent zone's
	// servers say now. Not known in mode Pool.
	// +optional
	TTL int64 `json:"ttl,omitempty"`

	// RegistrarNameservers are those that the registrar has now. Only known in mode
	// BYORegistrar.
	// +optional
	// +listType=set
	RegistrarNameservers []string `json:"registrarNameservers,omitempty"`

	// DSByHand says that somebody has to enter the DS records, and to remove them
	// before the Sovereign goes: the registrar's API does not set them. Only known
	// in mode BYORegistrar.
	// +optional
	DSByHand bool `json:"dsByHand,omitempty"`

	// CachedUntil is until when resolvers may hold records that the parent
	// zone's servers had before. Not known in mode Pool.
	// +optional
	CachedUntil *metav1.Time `json:"cachedUntil,omitempty"`
}

// SovereignHostClusterStatus is a host cluster as its Sovereign sees it.
type SovereignHostClusterStatus struct {
	// Name of the host cluster.
	Name string `json:"name"`
	// Phase of the host cluster.
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// Address of its load balancer, IPv4.
	// +optional
	Address string `json:"address,omitempty"`
	// KubeconfigSecretRef names the Secret that opens the host cluster, in the
	// Sovereign's namespace.
	// +optional
	KubeconfigSecretRef *LocalReference `json:"kubeconfigSecretRef,omitempty"`
}

// A Sovereign is a cloud of its own: host clusters, a domain and what people
// need to run Organizations on it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=sovereigns,singular=sovereign,shortName=sov,categories={catalyst}
// +kubebuilder:printcolumn:name="PHASE",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="DOMAIN",type=string,JSONPath=`.spec.domain.name`
// +kubebuilder:printcolumn:name="ADDRESS",type=string,JSONPath=`.status.loadBalancer.ipv4`
// +kubebuilder:printcolumn:name="DNS",type=string,JSONPath=`.status.delegation.state`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="CONSOLE",type=string,JSONPath=`.status.consoleURL`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z][a-z0-9-]{2,31}$')",message="metadata.name must be a slug: 3 to 32 lower-case letters, digits and dashes, starting with a letter"
type Sovereign struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec SovereignSpec `json:"spec"`
	// +optional
	Status SovereignStatus `json:"status,omitempty"`
}

// SovereignList is a list of Sovereigns.
//
// +kubebuilder:object:root=true
type SovereignList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Sovereign `json:"items"`
}
