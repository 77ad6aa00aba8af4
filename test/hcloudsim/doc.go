// Package hcloudsim is a test double of Hetzner's Cloud API
// (https://docs.hetzner.cloud): it keeps state, answers as the API does, refuses
// what the API refuses, and fails on request. Nothing it says exists, and
// nothing here talks to Hetzner.
//
// It is built on hcloud-go's schema package, so what it writes is what the
// official client reads. Where the API's documentation and what Users of the
// API have met differ, the comment at that place says which was followed.
package hcloudsim
