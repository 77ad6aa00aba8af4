package clients

import "github.com/prometheus/client_golang/prometheus"

// A Collector exports the budgets of a pool's projects.
type Collector struct {
	pool                    *Pool
	limit, remaining, reset *prometheus.Desc
}

// NewCollector returns a collector of the pool's budgets.
func NewCollector(p *Pool) *Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hcloud_api_budget_"+name, help, []string{"project"}, nil)
	}
	return &Collector{
		pool:      p,
		limit:     desc("limit", "Requests an hour that Hetzner's API grants to the project."),
		remaining: desc("remaining", "Requests that Hetzner's API still granted with its last answer."),
		reset:     desc("reset_timestamp_seconds", "When the project's budget is full again."),
	}
}

// Describe the metrics.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.limit
	ch <- c.remaining
	ch <- c.reset
}

// Collect the metrics.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for project, r := range c.pool.Readings() {
		if r.Limit == 0 {
			continue
		}
		ch <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, float64(r.Limit), project)
		ch <- prometheus.MustNewConstMetric(c.remaining, prometheus.GaugeValue, float64(r.Remaining), project)
		ch <- prometheus.MustNewConstMetric(c.reset, prometheus.GaugeValue, float64(r.ResetAt.Unix()), project)
	}
}
