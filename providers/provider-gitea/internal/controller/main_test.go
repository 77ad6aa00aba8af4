package controller_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/conditions"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/test/servers/gitea"
)

// server all tests of the package share.
var server *gitea.Server

func TestMain(m *testing.M) {
	os.Exit(gitea.Main(m, func(s *gitea.Server) { server = s }))
}

// A bench is a client of the server with all that passes between them in view.
type bench struct {
	connect.Session

	mu     sync.Mutex
	calls  []string
	events []event.Event
	// refuse answers in the server's place when it returns a status.
	refuse func(r *http.Request) int
}

func newBench(t *testing.T, opts ...clients.Option) *bench {
	t.Helper()
	b := &bench{}
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.calls = append(b.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v1"))
		refuse := b.refuse
		b.mu.Unlock()
		if refuse != nil {
			if code := refuse(r); code != 0 {
				http.Error(w, "injected", code)
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)

	c, err := clients.New(provider.Endpoint{URL: front.URL, Credentials: server.Token}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	s := runtime.NewScheme()
	_ = clientgoscheme.AddToScheme(s)
	_ = v1alpha1.AddToScheme(s)
	b.Session = connect.Session{Gitea: c, Kube: fake.NewClientBuilder().WithScheme(s).Build(), Record: b}
	return b
}

// Event records an event.
func (b *bench) Event(_ runtime.Object, e event.Event) { b.events = append(b.events, e) }

// WithAnnotations returns the recorder itself.
func (b *bench) WithAnnotations(...string) event.Recorder { return b }

// took returns and forgets the calls made.
func (b *bench) took() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls
	b.calls = nil
	return c
}

// told returns and forgets the events recorded.
func (b *bench) told() []string {
	out := []string{}
	for _, e := range b.events {
		out = append(out, string(e.Type)+" "+string(e.Reason)+": "+e.Message)
	}
	b.events = nil
	return out
}

func writes(calls []string) []string {
	out := []string{}
	for _, c := range calls {
		if !strings.HasPrefix(c, "GET ") {
			out = append(out, c)
		}
	}
	return out
}

// What a reconcile did.
const (
	created  = "created"
	updated  = "updated"
	upToDate = "up to date"
	deleted  = "deleted"
	gone     = "gone"
)

// reconcile once, as this repository's managed reconcilers do: that a creation
// was set out to is kept in an annotation, annotations set by it are lost.
func reconcile[S any, T interface {
	*S
	resource.ModernManaged
}](t *testing.T, b *bench, ext connect.External[T], mg T) (string, error) {
	t.Helper()
	ctx := t.Context()
	cond := conditions.ObservedGenerationPropagationManager{}.For(mg)
	e := ext(b.Session)
	o, err := e.Observe(ctx, mg)
	if err != nil {
		cond.MarkConditions(xpv1.ReconcileError(err))
		return "", err
	}
	if meta.WasDeleted(mg) {
		if !o.ResourceExists {
			return gone, nil
		}
		_, err := e.Delete(ctx, mg)
		return deleted, err
	}
	if !o.ResourceExists {
		meta.SetExternalCreatePending(mg, time.Now())
		saved, _ := mg.DeepCopyObject().(T)
		_, err := e.Create(ctx, mg)
		mg.SetAnnotations(saved.GetAnnotations())
		if err != nil {
			cond.MarkConditions(xpv1.Creating(), xpv1.ReconcileError(err))
			return created, err
		}
		cond.MarkConditions(xpv1.Creating(), xpv1.ReconcileSuccess())
		return created, nil
	}
	if o.ResourceUpToDate {
		cond.MarkConditions(xpv1.ReconcileSuccess())
		return upToDate, nil
	}
	if o.Diff == "" {
		t.Errorf("Observe(...): not up to date without a diff")
	}
	if _, err := e.Update(ctx, mg); err != nil {
		cond.MarkConditions(xpv1.ReconcileError(err))
		return updated, err
	}
	cond.MarkConditions(xpv1.ReconcileSuccess())
	return updated, nil
}

// settle reconciles until nothing is left to do and returns what was done.
func settle[S any, T interface {
	*S
	resource.ModernManaged
}](t *testing.T, b *bench, ext connect.External[T], mg T) []string {
	t.Helper()
	did := []string{}
	for range 6 {
		d, err := reconcile(t, b, ext, mg)
		if err != nil {
			t.Fatalf("reconcile(%T %s): %v", mg, meta.GetExternalName(mg), err)
		}
		did = append(did, d)
		if d == upToDate || d == gone {
			return did
		}
	}
	t.Fatalf("reconcile(%T %s): does not settle: %v", mg, meta.GetExternalName(mg), did)
	return nil
}

// object metadata of a managed resource with the external name.
func object(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: strings.ToLower(strings.ReplaceAll(name, "/", "-")), Namespace: "acme", Generation: 1,
		UID:         types.UID("uid-" + name),
		Annotations: map[string]string{meta.AnnotationKeyExternalName: name},
	}
}

// remove marks the managed resource as deleted.
func remove(mg resource.Managed) {
	now := metav1.Now()
	mg.SetDeletionTimestamp(&now)
}

// api calls the server behind everybody's back.
func api(t *testing.T, method, path string, body any, want int) []byte {
	t.Helper()
	code, out, err := server.API(t.Context(), method, path, body)
	if err != nil || code != want {
		t.Fatalf("%s %s: %d %v: %s", method, path, code, err, out)
	}
	return out
}

func apiGet[T any](t *testing.T, path string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(api(t, http.MethodGet, path, nil, http.StatusOK), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// anOrg makes an organization that goes away with the test.
func anOrg(t *testing.T, name string) string {
	t.Helper()
	api(t, http.MethodPost, "/orgs", map[string]any{"username": name}, http.StatusCreated)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for range 20 {
			_, out, _ := server.API(ctx, http.MethodGet, "/orgs/"+name+"/repos", nil)
			repos := []struct {
				Name string `json:"name"`
			}{}
			_ = json.Unmarshal(out, &repos)
			for _, r := range repos {
				_, _, _ = server.API(ctx, http.MethodDelete, "/repos/"+name+"/"+r.Name, nil)
			}
			if len(repos) == 0 {
				break
			}
		}
		_, _, _ = server.API(ctx, http.MethodDelete, "/orgs/"+name, nil)
	})
	return name
}

// aRepo makes a repository in a new organization.
func aRepo(t *testing.T, org string, init bool) clients.Repo {
	t.Helper()
	anOrg(t, org)
	api(t, http.MethodPost, "/orgs/"+org+"/repos", map[string]any{"name": "app", "auto_init": init, "default_branch": "develop", "private": true}, http.StatusCreated)
	return clients.Repo{Owner: org, Name: "app"}
}

// git runs git and returns what it said.
func git(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func put(t *testing.T, b *bench, o client.Object) {
	t.Helper()
	if err := b.Kube.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// noAge turns sharing of listings off: a test looks more often than a poll.
func noAge() clients.Option { return clients.WithSnapshotAge(0) }
