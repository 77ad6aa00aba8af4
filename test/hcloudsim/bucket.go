package hcloudsim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// A bucket holds the requests a project may still make. It starts full, gives
// one per request and refills at a steady rate.
// Source: https://docs.hetzner.cloud/reference/cloud#rate-limiting
type bucket struct {
	Limit  int       // requests it holds when full
	Rate   float64   // requests a second it gets back
	Tokens float64   // requests left, with the part of the next one
	At     time.Time // when Tokens was true
}

func newBucket(limit int, now time.Time) *bucket {
	const secondsAnHour = 3600
	return &bucket{Limit: limit, Rate: float64(limit) / secondsAnHour, Tokens: float64(limit), At: now}
}

// take one request. False when none is left; nothing is taken then.
func (b *bucket) take(now time.Time) bool {
	b.refill(now)
	if b.Tokens < 1 {
		return false
	}
	b.Tokens--
	return true
}

func (b *bucket) refill(now time.Time) {
	if d := now.Sub(b.At); d > 0 {
		b.Tokens = math.Min(float64(b.Limit), b.Tokens+d.Seconds()*b.Rate)
		b.At = now
	}
}

// reset is when the bucket is full again if nothing more is taken.
func (b *bucket) reset() time.Time {
	missing := float64(b.Limit) - b.Tokens
	return b.At.Add(time.Duration(missing / b.Rate * float64(time.Second)))
}

func (b *bucket) headers(h http.Header) {
	rateHeaders(h, b.Limit, int(b.Tokens), b.reset())
}

func rateHeaders(h http.Header, limit, remaining int, reset time.Time) {
	h.Set("Ratelimit-Limit", strconv.Itoa(limit))
	h.Set("Ratelimit-Remaining", strconv.Itoa(remaining))
	// Rounded up: a User who waits until then must find what was promised.
	h.Set("Ratelimit-Reset", strconv.FormatInt(reset.Add(time.Second-1).Unix(), 10))
}
