package plane

import (
	"github.com/openova-io/catalyst/hack/local/internal/home"
	"github.com/openova-io/catalyst/hack/local/internal/proc"
)

// hcloudSim stands in for Hetzner's API. It keeps what it was told in a file,
// as Hetzner would over a restart of ours.
func (d *plan) hcloudSim(f Program) (proc.Spec, error) {
	token, err := d.secretOf(hcloudToken, hcloudTokenBytes)
	if err != nil {
		return proc.Spec{}, err
	}

	addr := home.Addr(d.cfg.Ports().HcloudSim())

	return proc.Spec{
		Name: HcloudSim, Path: f.Path, Fingerprint: f.Fingerprint, Port: d.cfg.Ports().HcloudSim(),
		Args: []string{
			"--listen=" + addr,
			"--state=" + d.state.Path("hcloudsim.json"),
			// The order of things is Hetzner's; it only takes less time.
			"--action-duration=200ms",
			"--token=local=" + token,
		},
		Env:   []string{"GOGC=50"},
		Hooks: proc.Hooks{Probe: probeHTTP("http://" + addr + "/_sim/health")},
	}, nil
}
