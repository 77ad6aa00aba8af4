// Package sequences holds a test: random sequences of what people do to a
// HostCluster, carried out by the real functions and the real provider on a
// stand-in for Hetzner's API that fails in every way it can.
package sequences
