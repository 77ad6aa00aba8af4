package hcloudsim

import (
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

type (
	serviceRequest = schema.LoadBalancerActionAddServiceRequest
	service        = schema.LoadBalancerService
)

// newService has the defaults of its protocol.
func newService(protocol string) service {
	s := service{Protocol: protocol}
	check := &schema.LoadBalancerServiceHealthCheck{Protocol: "tcp", Interval: 15, Timeout: 10, Retries: 3}
	switch protocol {
	case "http":
		s.ListenPort, s.DestinationPort = 80, 80
	case "https":
		s.ListenPort, s.DestinationPort = 443, 80
	}
	if protocol != "tcp" {
		s.HTTP = &schema.LoadBalancerServiceHTTP{CookieName: "HCLBSTICKY", CookieLifetime: 300, Certificates: []int64{}, TimeoutIdle: 50}
		check.Protocol = "http"
		check.HTTP = newHTTPCheck()
	}
	s.HealthCheck = check
	return s
}

func newHTTPCheck() *schema.LoadBalancerServiceHealthCheckHTTP {
	return &schema.LoadBalancerServiceHealthCheckHTTP{Path: "/", StatusCodes: []string{"2??", "3??"}}
}

// or keeps what a request leaves out.
func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

// service checks one that is to be added.
func (l *loadBalancer) service(c *call, r serviceRequest) (service, error) {
	if err := oneOf("protocol", r.Protocol, "tcp", "http", "https"); err != nil {
		return service{}, err
	}
	if limit := l.size().MaxServices; len(l.Services) >= limit {
		return service{}, limitExceeded("load_balancer_services", limit)
	}
	s := newService(r.Protocol)
	if r.Protocol == "tcp" && (r.ListenPort == nil || r.DestinationPort == nil) {
		return s, invalid("listen_port", "listen_port and destination_port are required for tcp")
	}
	s.ListenPort, s.DestinationPort = or(r.ListenPort, s.ListenPort), or(r.DestinationPort, s.DestinationPort)
	if slices.ContainsFunc(l.Services, func(o service) bool { return o.ListenPort == s.ListenPort }) {
		return s, fail("source_port_already_used", "listen port %d is already used", s.ListenPort)
	}
	s.HealthCheck.Port = s.DestinationPort
	mergeService(&s, r)
	return s, checkService(c, s)
}

// mergeService writes what a request says into the service.
func mergeService(s *service, r serviceRequest) {
	s.DestinationPort = or(r.DestinationPort, s.DestinationPort)
	s.Proxyprotocol = or(r.Proxyprotocol, s.Proxyprotocol)
	if r.HTTP != nil && s.HTTP != nil {
		s.HTTP.CookieName = or(r.HTTP.CookieName, s.HTTP.CookieName)
		s.HTTP.CookieLifetime = or(r.HTTP.CookieLifetime, s.HTTP.CookieLifetime)
		s.HTTP.Certificates = or(r.HTTP.Certificates, s.HTTP.Certificates)
		s.HTTP.RedirectHTTP = or(r.HTTP.RedirectHTTP, s.HTTP.RedirectHTTP)
		s.HTTP.StickySessions = or(r.HTTP.StickySessions, s.HTTP.StickySessions)
		s.HTTP.TimeoutIdle = or(r.HTTP.TimeoutIdle, s.HTTP.TimeoutIdle)
	}
	if r.HealthCheck != nil {
		mergeCheck(s.HealthCheck, r.HealthCheck)
	}
}

func mergeCheck(h *schema.LoadBalancerServiceHealthCheck, r *schema.LoadBalancerActionAddServiceRequestHealthCheck) {
	if r.Protocol != "" {
		h.Protocol = r.Protocol
	}
	h.Port, h.Interval = or(r.Port, h.Port), or(r.Interval, h.Interval)
	h.Timeout, h.Retries = or(r.Timeout, h.Timeout), or(r.Retries, h.Retries)
	if h.Protocol == "tcp" {
		h.HTTP = nil
		return
	}
	if h.HTTP == nil {
		h.HTTP = newHTTPCheck()
	}
	if r.HTTP == nil {
		return
	}
	h.HTTP.Domain, h.HTTP.Path = or(r.HTTP.Domain, h.HTTP.Domain), or(r.HTTP.Path, h.HTTP.Path)
	h.HTTP.Response, h.HTTP.TLS = or(r.HTTP.Response, h.HTTP.Response), or(r.HTTP.TLS, h.HTTP.TLS)
	h.HTTP.StatusCodes = or(r.HTTP.StatusCodes, h.HTTP.StatusCodes)
}

// checkService against what the API allows.
func checkService(c *call, s service) error {
	const lastPort = 65535
	h := s.HealthCheck
	for _, n := range []struct {
		name        string
		n, from, to int
	}{
		{"listen_port", s.ListenPort, 1, lastPort},
		{"destination_port", s.DestinationPort, 1, lastPort},
		{"health_check.port", h.Port, 1, lastPort},
		{"health_check.interval", h.Interval, 3, 60},
		{"health_check.timeout", h.Timeout, 1, 60},
		{"health_check.retries", h.Retries, 1, 5},
	} {
		if err := between(n.name, n.n, n.from, n.to); err != nil {
			return err
		}
	}
	if h.Timeout > h.Interval {
		return invalid("health_check.timeout", "must not be longer than the interval")
	}
	if err := oneOf("health_check.protocol", h.Protocol, "tcp", "http"); err != nil {
		return err
	}
	if s.HTTP == nil {
		return nil
	}
	if s.HTTP.RedirectHTTP && s.Protocol != "https" {
		return invalid("http.redirect_http", "is only available for https")
	}
	for _, id := range s.HTTP.Certificates {
		if _, ok := find[*certificate](c.p, "certificates", id); !ok {
			return notFound("certificate", id)
		}
	}
	return nil
}

func addService(c *call) (answer, error) {
	req, err := decode[serviceRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	s, err := l.service(c, req)
	if err != nil {
		return answer{}, err
	}
	return c.act("add_service", func() { l.Services = append(l.Services, s) })
}

// updateService merges: what is left out stays. A changed protocol starts from
// that protocol's defaults.
func updateService(c *call) (answer, error) {
	req, err := decode[serviceRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	i := slices.IndexFunc(l.Services, func(s service) bool { return s.ListenPort == or(req.ListenPort, 0) })
	if i < 0 {
		return answer{}, fail("not_found", "service with listen port %d not found", or(req.ListenPort, 0))
	}
	s := l.Services[i]
	if req.Protocol != "" && req.Protocol != s.Protocol {
		if err := oneOf("protocol", req.Protocol, "tcp", "http", "https"); err != nil {
			return answer{}, err
		}
		s = newService(req.Protocol)
		s.ListenPort, s.DestinationPort = l.Services[i].ListenPort, l.Services[i].DestinationPort
		s.HealthCheck = l.Services[i].HealthCheck
	}
	s = cloneService(s)
	mergeService(&s, req)
	if err := checkService(c, s); err != nil {
		return answer{}, err
	}
	return c.act("update_service", func() { l.Services[i] = s })
}

// cloneService so that a merge does not reach the stored one.
func cloneService(s service) service {
	if s.HTTP != nil {
		s.HTTP = new(*s.HTTP)
	}
	if s.HealthCheck != nil {
		s.HealthCheck = new(*s.HealthCheck)
		if s.HealthCheck.HTTP != nil {
			s.HealthCheck.HTTP = new(*s.HealthCheck.HTTP)
		}
	}
	return s
}

func deleteService(c *call) (answer, error) {
	req, err := decode[schema.LoadBalancerDeleteServiceRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	i := slices.IndexFunc(l.Services, func(s service) bool { return s.ListenPort == req.ListenPort })
	if i < 0 {
		return answer{}, fail("not_found", "service with listen port %d not found", req.ListenPort)
	}
	return c.act("delete_service", func() { l.Services = slices.Delete(l.Services, i, i+1) })
}
