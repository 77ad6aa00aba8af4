package clients

import (
	"context"
	"net/http"
	"sync/atomic"
)

// An Outcome tells what became of the changes asked of the API in a context.
type Outcome struct{ uncertain atomic.Bool }

// Uncertain says that the API carried out a change, or may have: it answered
// that it did, it answered nothing, or it failed in the middle.
func (o *Outcome) Uncertain() bool { return o.uncertain.Load() }

type outcomeKey struct{}

// Watch the outcome of the changes asked of the API in the returned context.
func Watch(ctx context.Context) (context.Context, *Outcome) {
	o := &Outcome{}
	return context.WithValue(ctx, outcomeKey{}, o), o
}

func outcomeOf(ctx context.Context) *Outcome {
	o, _ := ctx.Value(outcomeKey{}).(*Outcome)
	return o
}

func (o *Outcome) learn(req *http.Request, resp *http.Response) {
	if o == nil || req.Method == http.MethodGet {
		return
	}
	if resp == nil || resp.StatusCode < 300 || resp.StatusCode >= 500 {
		o.uncertain.Store(true)
	}
}
