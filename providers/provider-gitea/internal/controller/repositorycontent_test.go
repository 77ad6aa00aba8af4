package controller_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repositorycontent"
)

func newContent(r clients.Repo, branch string, files ...v1alpha1.RepositoryFile) *v1alpha1.RepositoryContent {
	mg := &v1alpha1.RepositoryContent{ObjectMeta: object("content"), Spec: v1alpha1.RepositoryContentSpec{ForProvider: v1alpha1.RepositoryContentParameters{
		Owner: &r.Owner, Repository: &r.Name, Files: files,
	}}}
	if branch != "" {
		mg.Spec.ForProvider.Branch = &branch
	}
	return mg
}

func file(path, content string) v1alpha1.RepositoryFile {
	return v1alpha1.RepositoryFile{Path: path, Content: content}
}

func onceFile(path, content string) v1alpha1.RepositoryFile {
	return v1alpha1.RepositoryFile{Path: path, Content: content, WriteOnce: new(true)}
}

// read returns the file on the branch, or false.
func read(t *testing.T, r clients.Repo, branch, path string) (string, bool) {
	t.Helper()
	code, out, err := server.API(t.Context(), http.MethodGet, "/repos/"+r.String()+"/raw/"+path+"?ref="+branch, nil)
	if err != nil || (code != http.StatusOK && code != http.StatusNotFound) {
		t.Fatalf("raw %s: %d %v %s", path, code, err, out)
	}
	return string(out), code == http.StatusOK
}

// write a file behind everybody's back.
func write(t *testing.T, r clients.Repo, branch, path, content string) {
	t.Helper()
	code, out, err := server.API(t.Context(), http.MethodGet, "/repos/"+r.String()+"/contents/"+path+"?ref="+branch, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"branch": branch, "content": base64.StdEncoding.EncodeToString([]byte(content)), "message": "by hand"}
	if code == http.StatusNotFound {
		api(t, http.MethodPost, "/repos/"+r.String()+"/contents/"+path, body, http.StatusCreated)
		return
	}
	_, sha, _ := strings.Cut(string(out), `"sha":"`)
	body["sha"] = sha[:40]
	api(t, http.MethodPut, "/repos/"+r.String()+"/contents/"+path, body, http.StatusOK)
}

// erase a file behind everybody's back.
func erase(t *testing.T, r clients.Repo, branch, path string) {
	t.Helper()
	_, out, _ := server.API(t.Context(), http.MethodGet, "/repos/"+r.String()+"/contents/"+path+"?ref="+branch, nil)
	_, sha, _ := strings.Cut(string(out), `"sha":"`)
	api(t, http.MethodDelete, "/repos/"+r.String()+"/contents/"+path, map[string]any{"branch": branch, "sha": sha[:40]}, http.StatusOK)
}

func commits(t *testing.T, r clients.Repo, branch string) int {
	t.Helper()
	return len(apiGet[[]struct{}](t, "/repos/"+r.String()+"/commits?stat=false&files=false&verification=false&sha="+branch))
}

func paths(owned []v1alpha1.OwnedFile) []string {
	out := []string{}
	for _, o := range owned {
		out = append(out, o.Path)
	}
	return out
}

func TestRepositoryContentLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-life", false)
	mg := newContent(r, "develop", file("kustomization.yaml", "a: 1\n"), file("empty", ""), file("overlays/dev/values.yaml", "ünïcode\x00\n"), onceFile("secrets/README.md", "yours\n"))
	mg.Spec.ForProvider.Message = new("Set up")
	mg.Spec.ForProvider.Author = &v1alpha1.CommitAuthor{Name: "Catalyst", Email: "catalyst@example.org"}

	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("Files are written to an empty repository.\n-want, +got:\n%s", diff)
	}
	if got := writes(b.took()); len(got) != 1 {
		t.Errorf("All files are written at once: %v", got)
	}
	at := mg.Status.AtProvider
	if at.Commit == "" || at.Commit != at.Head || at.Branch != "develop" {
		t.Errorf("atProvider is not filled in: %+v", at)
	}
	if diff := cmp.Diff([]string{"empty", "kustomization.yaml", "overlays/dev/values.yaml", "secrets/README.md"}, paths(at.Owned)); diff != "" {
		t.Errorf("-want owned, +got:\n%s", diff)
	}
	if got, _ := read(t, r, "develop", "overlays/dev/values.yaml"); got != "ünïcode\x00\n" {
		t.Errorf("Bytes are kept: %q", got)
	}
	last := apiGet[struct {
		Commit struct {
			Message string `json:"message"`
			Author  struct {
				Email string `json:"email"`
			} `json:"author"`
		} `json:"commit"`
	}](t, "/repos/content-life/app/git/commits/develop")
	if last.Commit.Message != "Set up\n" || last.Commit.Author.Email != "catalyst@example.org" {
		t.Errorf("Message and author are used: %+v", last)
	}

	settle(t, b, repositorycontent.External, mg)
	if diff := cmp.Diff([]string{"GET /repos/content-life/app/git/refs/heads"}, b.took()); diff != "" {
		t.Errorf("Settled content costs one GET.\n-want, +got:\n%s", diff)
	}

	// People's files are left alone, ours are restored.
	write(t, r, "develop", "people.md", "ours\n")
	write(t, r, "develop", "secrets/README.md", "changed\n")
	b.took()
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("Files of people are no drift.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(2, len(b.took())); diff != "" {
		t.Errorf("A branch that moved costs one more GET.\n-want, +got:\n%s", diff)
	}
	n := commits(t, r, "develop")
	write(t, r, "develop", "kustomization.yaml", "a: 666\n")
	erase(t, r, "develop", "empty")
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "files[empty] absent") || !strings.Contains(got[0], "files[kustomization.yaml] blob") {
		t.Errorf("Drift is told in one event: %v", got)
	}
	if got := commits(t, r, "develop"); got != n+3 {
		t.Errorf("Drift is corrected in one commit: %d commits, then %d", n, got)
	}
	if got, _ := read(t, r, "develop", "kustomization.yaml"); got != "a: 1\n" {
		t.Errorf("%q", got)
	}
	if got, _ := read(t, r, "develop", "secrets/README.md"); got != "changed\n" {
		t.Errorf("A file written once belongs to people: %q", got)
	}
	erase(t, r, "develop", "secrets/README.md")
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("A file written once and removed by people stays away.\n-want, +got:\n%s", diff)
	}

	// What is no longer wanted goes, unless people changed it.
	mg.Spec.ForProvider.Files = []v1alpha1.RepositoryFile{file("kustomization.yaml", "a: 2\n"), onceFile("new/once", "x")}
	mg.Generation++
	write(t, r, "develop", "overlays/dev/values.yaml", "taken over\n")
	settle(t, b, repositorycontent.External, mg)
	if got := b.told(); len(got) != 0 {
		t.Errorf("A changed wish is no drift: %v", got)
	}
	if _, ok := read(t, r, "develop", "empty"); ok {
		t.Errorf("What is owned and no longer wanted is pruned.")
	}
	if got, _ := read(t, r, "develop", "overlays/dev/values.yaml"); got != "taken over\n" {
		t.Errorf("A concurrent commit of people is not lost: %q", got)
	}
	if got, _ := read(t, r, "develop", "people.md"); got != "ours\n" {
		t.Errorf("%q", got)
	}

	// Status is lost, as after a restore.
	mg.Status = v1alpha1.RepositoryContentStatus{}
	erase(t, r, "develop", "new/once")
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("What is owned is known again.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"kustomization.yaml", "new/once"}, paths(mg.Status.AtProvider.Owned)); diff != "" {
		t.Errorf("-want owned, +got:\n%s", diff)
	}

	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, ok := read(t, r, "develop", "kustomization.yaml"); ok {
		t.Errorf("What is owned is removed.")
	}
	if got, _ := read(t, r, "develop", "people.md"); got != "ours\n" {
		t.Errorf("What is not owned stays: %q", got)
	}
	if _, err := repositorycontent.External(b.Session).Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
	api(t, http.MethodDelete, "/repos/content-life/app", nil, http.StatusNoContent)
	if diff := cmp.Diff([]string{gone}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("It goes with its repository.\n-want, +got:\n%s", diff)
	}
}

func TestRepositoryContentAdopts(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-adopt", false)
	first := newContent(r, "", file("a", "1\n"), file("b", "2\n"))
	settle(t, b, repositorycontent.External, first)
	n := commits(t, r, "develop")

	again := newContent(r, "", file("a", "1\n"), file("b", "2\n"))
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repositorycontent.External, again)); diff != "" {
		t.Errorf("Equal content is adopted without a write.\n-want, +got:\n%s", diff)
	}
	if _, err := repositorycontent.External(b.Session).Create(t.Context(), again); err != nil {
		t.Errorf("Create(...): %v", err)
	}
	if got := commits(t, r, "develop"); got != n {
		t.Errorf("A second creation writes nothing: %d commits, then %d", n, got)
	}
}

func TestRepositoryContentInitialBranches(t *testing.T) {
	b := newBench(t, noAge())
	// Git sorts folders as if their names ended in a slash.
	files := []v1alpha1.RepositoryFile{file("a.b", "1\n"), file("a/c/d", "2\n"), file("a-b", "ünï\x00\n"), file("empty", "")}
	branches := func(r clients.Repo) map[string]string {
		out := map[string]string{}
		for _, ref := range apiGet[[]struct {
			Name   string `json:"name"`
			Commit struct {
				ID string `json:"id"`
			} `json:"commit"`
		}](t, "/repos/"+r.String()+"/branches") {
			out[ref.Name] = ref.Commit.ID
		}
		return out
	}
	cases := map[string]struct {
		reason    string
		refuse    int
		writes    int
		started   bool
		byDefault string
	}{
		"Push":     {reason: "The first commit and all branches are one push", writes: 1, started: true, byDefault: "main"},
		"Disabled": {reason: "Where Git over HTTP is turned off the content is written all the same", refuse: http.StatusForbidden, writes: 2, byDefault: "develop"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := aRepo(t, "content-initial-"+strings.ToLower(name), false)
			b.refuse = func(q *http.Request) int {
				if strings.HasSuffix(q.URL.Path, "/git-receive-pack") {
					return tc.refuse
				}
				return 0
			}
			b.took()
			mg := newContent(r, "develop", files...)
			mg.Spec.ForProvider.InitialBranches = []string{"main", "staging"}
			mg.Spec.ForProvider.Message = new("Set up")
			if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if got := writes(b.took()); len(got) != tc.writes {
				t.Errorf("%s: writes: %v", tc.reason, got)
			}
			c := mg.Status.AtProvider.Commit
			want, started := map[string]string{"develop": c}, []string(nil)
			if tc.started {
				want["main"], want["staging"] = c, c
				started = []string{"main", "staging"}
			}
			if diff := cmp.Diff(want, branches(r)); diff != "" {
				t.Errorf("%s: branches: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(started, mg.Status.AtProvider.InitialBranches); diff != "" {
				t.Errorf("%s: what status says of them: -want, +got:\n%s", tc.reason, diff)
			}
			for _, f := range files {
				if got, _ := read(t, r, "develop", f.Path); got != f.Content {
					t.Errorf("%s: %s is %q", tc.reason, f.Path, got)
				}
			}
			got := apiGet[struct {
				Default string `json:"default_branch"`
			}](t, "/repos/"+r.String())
			if diff := cmp.Diff(tc.byDefault, got.Default); diff != "" {
				t.Errorf("%s: default branch: -want, +got:\n%s", tc.reason, diff)
			}
			dir := t.TempDir()
			git(t, dir, nil, "clone", "-q", "--branch", "develop", strings.Replace(server.URL, "://", "://platform:"+server.Token+"@", 1)+"/"+r.String()+".git", ".")
			git(t, dir, nil, "fsck", "--strict")
			if got := git(t, dir, nil, "log", "--format=%an <%ae> %s"); got != "platform <platform@example.org> Set up\n" {
				t.Errorf("%s: the commit is %q", tc.reason, got)
			}
		})
	}
}

// Somebody may fill the repository while the first commit is on its way.
func TestRepositoryContentInitialBranchesRace(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-initial-race", false)
	once := false
	b.refuse = func(q *http.Request) int {
		if strings.HasSuffix(q.URL.Path, "/git-receive-pack") && !once {
			once = true
			write(t, r, "develop", "people", "by hand\n")
		}
		return 0
	}
	mg := newContent(r, "develop", file("a", "1\n"))
	mg.Spec.ForProvider.InitialBranches = []string{"main"}
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repositorycontent.External, mg)); diff != "" {
		t.Errorf("A commit made in between is built upon.\n-want, +got:\n%s", diff)
	}
	for path, want := range map[string]string{"a": "1\n", "people": "by hand\n"} {
		if got, _ := read(t, r, "develop", path); got != want {
			t.Errorf("%s: want %q, got %q", path, want, got)
		}
	}
	if diff := cmp.Diff([]string(nil), mg.Status.AtProvider.InitialBranches); diff != "" {
		t.Errorf("No branch was made that status should tell of: -want, +got:\n%s", diff)
	}
}

// A server that is killed right after a first commit takes the repository for
// empty, and refuses branches in it, until there is another commit.
func TestRepositoryContentForgotten(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-forgotten", false)
	settle(t, b, repositorycontent.External, newContent(r, "develop", file("a", "1\n")))
	if err := server.Forget(t.Context(), r.Owner, r.Name); err != nil {
		t.Fatal(err)
	}
	b.took()

	again := newContent(r, "develop", file("a", "1\n"))
	settle(t, b, repositorycontent.External, again)
	if got := writes(b.took()); len(got) != 1 {
		t.Errorf("One commit reminds the server: %v", got)
	}
	api(t, http.MethodPost, "/repos/"+r.String()+"/branches", map[string]any{"new_branch_name": "main", "old_ref_name": "develop"}, http.StatusCreated)
	if got, _ := read(t, r, "develop", "a"); got != "1\n" {
		t.Errorf("Bytes are kept: %q", got)
	}
}

func TestRepositoryContentWriteOncePolicy(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-once", false)
	mg := newContent(r, "develop", file("a", "1\n"))
	mg.Spec.ManagementPolicies = xpv1.ManagementPolicies{xpv1.ManagementActionObserve, xpv1.ManagementActionCreate}
	settle(t, b, repositorycontent.External, mg)
	write(t, r, "develop", "b", "2\n")
	erase(t, r, "develop", "a")
	e := repositorycontent.External(b.Session)
	o, err := e.Observe(t.Context(), mg)
	if err != nil || !o.ResourceExists {
		t.Errorf("What was created once is not created again: %+v %v", o, err)
	}
	if got := mg.GetCondition(xpv1.TypeReady); got.Status != "True" {
		t.Errorf("What nobody wants restored is ready: %+v", got)
	}
}

func TestRepositoryContentRaces(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-race", false)
	mg := newContent(r, "develop", file("a", "1\n"), file("b", "1\n"))
	settle(t, b, repositorycontent.External, mg)
	mg.Spec.ForProvider.Files = []v1alpha1.RepositoryFile{file("a", "2\n"), file("b", "2\n"), file("c", "2\n")}
	mg.Generation++

	once := false
	b.refuse = func(q *http.Request) int {
		if q.Method == http.MethodPost && !once {
			once = true
			write(t, r, "develop", "c", "by hand\n")
			write(t, r, "develop", "a", "by hand\n")
			write(t, r, "develop", "people", "by hand\n")
		}
		return 0
	}
	did := settle(t, b, repositorycontent.External, mg)
	if diff := cmp.Diff([]string{updated, upToDate}, did); diff != "" {
		t.Errorf("A commit made in between is noticed and built upon.\n-want, +got:\n%s", diff)
	}
	for path, want := range map[string]string{"a": "2\n", "b": "2\n", "c": "2\n", "people": "by hand\n"} {
		if got, _ := read(t, r, "develop", path); got != want {
			t.Errorf("%s: want %q, got %q", path, want, got)
		}
	}
	out := git(t, t.TempDir(), nil, "clone", "-q", "--branch", "develop", strings.Replace(server.URL, "://", "://platform:"+server.Token+"@", 1)+"/content-race/app.git", ".")
	_ = out
}

func TestRepositoryContentRefused(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "content-refused", true)
	cases := map[string]struct {
		reason string
		mg     *v1alpha1.RepositoryContent
		want   string
	}{
		"Parent":    {"A path outside the repository is refused.", newContent(r, "develop", file("a/../../x", "")), "not a path inside the repository"},
		"Absolute":  {"An absolute path is refused.", newContent(r, "develop", file("/etc/passwd", "")), "not a path inside the repository"},
		"Git":       {"A path into .git is refused.", newContent(r, "develop", file("a/.GIT/hooks/x", "")), "not a path inside the repository"},
		"Backslash": {"A backslash is refused.", newContent(r, "develop", file(`a\..\x`, "")), "not a path inside the repository"},
		"Twice":     {"A path given twice is refused.", newContent(r, "develop", file("a", "1"), file("a", "2")), "given twice"},
		"Folder":    {"A file can't be a folder.", newContent(r, "develop", file("a", "1"), file("a/b", "2")), `"a" is a file and the directory of "a/b"`},
		"NoBranch":  {"A missing branch is named.", newContent(r, "nope", file("a", "1")), `cannot commit to branch "nope": it does not exist`},
		"NoRepo":    {"A missing repository is named.", newContent(clients.Repo{Owner: r.Owner, Name: "none"}, "develop", file("a", "1")), "repository content-refused/none does not exist"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := reconcile(t, b, repositorycontent.External, tc.mg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nwant %q, got: %v", tc.reason, tc.want, err)
			}
			remove(tc.mg)
			if diff := cmp.Diff([]string{gone}, settle(t, b, repositorycontent.External, tc.mg)); diff != "" {
				t.Errorf("What was never created can be deleted.\n-want, +got:\n%s", diff)
			}
		})
	}

	api(t, http.MethodPost, "/repos/content-refused/app/branch_protections", map[string]any{"rule_name": "develop", "enable_push": false, "block_admin_merge_override": true}, http.StatusCreated)
	mg := newContent(r, "develop", file("a", "1"))
	if _, err := reconcile(t, b, repositorycontent.External, mg); err == nil || !clients.IsStatus(err, http.StatusForbidden) {
		t.Errorf("A protected branch refuses, got: %v", err)
	}
}
