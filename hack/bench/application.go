package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

const (
	quickstart = "examples/quickstart"
	tenant     = "acme"
	app        = "marketing-site"
	zone       = "acme.example"
	catalyst   = "catalyst.openova.io/v1alpha1"
	giteaAPI   = "/api/v1"
	dnsAPI     = "/api/v1/servers/localhost"
	// settle is how long everything else of the quickstart gets once the
	// Application is ready.
	settle = 5 * time.Second
	// recent is how long the API server remembers that a namespace was deleted,
	// and looks it up with every write to one of the same name
	// (k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle).
	recent = 31 * time.Second
)

// An outcome of one run of the quickstart.
type outcome struct {
	// ready is how long the run took, shell its calls made one after the other by
	// a shell script, same by a program that keeps its connections, script the
	// writes alone, and plain those of one that knows nothing but the API and does
	// not push.
	ready, shell, same, script, plain time.Duration
	// Gitea's time for the Application's repository: for all requests of the
	// run, for the same writes made one after the other, and the naive way.
	gitea, alone, naive time.Duration
	calls, writes       int
}

// measureApplication times the quickstart beside a script that makes the same
// writes one after the other, and then leaves the Application alone.
func measureApplication(ctx context.Context, o options) ([]table, error) {
	s, err := o.Plane.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.restore()

	runs := table{
		title:  "The quickstart, applied at once, beside a script that makes the same calls one after the other",
		header: []string{"Run", "Application ready", "Shell script", "Ratio", "Program", "Ratio", "Its writes alone", "Ratio", "Without push", "Ratio", "Gitea's time for the repository", "Calls", "Writes", "Same writes, by the program", "Naive way", "Program / naive"},
	}
	var quiet table
	for run := range o.Runs {
		if run > 0 {
			if err := pause(ctx, recent); err != nil {
				return nil, err
			}
		}
		out, log, err := s.quickstart(ctx)
		if err != nil {
			return nil, err
		}
		if o.Trace {
			trace(log)
		}
		if run == o.Runs-1 {
			if quiet, err = s.settled(ctx, o.Settled); err != nil {
				return nil, err
			}
		}
		if err := s.deleteQuickstart(ctx); err != nil {
			return nil, err
		}
		if out.shell, err = s.shell(ctx, log); err != nil {
			return nil, err
		}
		if out.same, _, err = s.script(ctx, log, script{reads: true, push: true}); err != nil {
			return nil, err
		}
		if out.script, out.alone, err = s.script(ctx, log, script{push: true}); err != nil {
			return nil, err
		}
		if out.plain, _, err = s.script(ctx, log, script{}); err != nil {
			return nil, err
		}
		if out.naive, err = s.naive(ctx, log); err != nil {
			return nil, err
		}
		runs.add(strconv.Itoa(run+1), seconds(out.ready), seconds(out.shell), ratio(out.ready, out.shell), seconds(out.same), ratio(out.ready, out.same), seconds(out.script), ratio(out.ready, out.script), seconds(out.plain), ratio(out.ready, out.plain),
			seconds(out.gitea), strconv.Itoa(out.calls), strconv.Itoa(out.writes), seconds(out.alone), seconds(out.naive), fmt.Sprintf("%.2f", out.alone.Seconds()/out.naive.Seconds()))
	}
	return []table{runs, quiet}, nil
}

// recorded is what the servers were asked during one run, and what was to be
// in the repository.
type recorded struct {
	gitea, powerdns []request
	content         gitea.RepositoryContentParameters
}

func (s *site) quickstart(ctx context.Context) (outcome, recorded, error) {
	s.gitea.take()
	s.powerdns.take()
	begin := time.Now()
	applied, err := exec.CommandContext(ctx, "kubectl", "apply", "-f", quickstart).CombinedOutput()
	// The Organization may make the namespace while kubectl is about to.
	if err != nil && strings.Contains(string(applied), "AlreadyExists") {
		applied, err = exec.CommandContext(ctx, "kubectl", "apply", "-f", quickstart).CombinedOutput()
	}
	if err != nil {
		return outcome{}, recorded{}, errors.Wrapf(err, "cannot apply the quickstart: %s", applied)
	}
	xr := object(catalyst, "Application", tenant, app)
	if _, err := until(ctx, "the Application is ready", look, func(ctx context.Context) (bool, error) { return s.ready(ctx, xr) }); err != nil {
		return outcome{}, recorded{}, err
	}
	out := outcome{ready: time.Since(begin)}
	org := object(catalyst, "Organization", "", tenant)
	if _, err := until(ctx, "the Organization is ready", look, func(ctx context.Context) (bool, error) { return s.ready(ctx, org) }); err != nil {
		return outcome{}, recorded{}, err
	}
	if err := pause(ctx, settle); err != nil {
		return outcome{}, recorded{}, err
	}
	log := recorded{gitea: s.gitea.take(), powerdns: s.powerdns.take()}
	content := &gitea.RepositoryContent{}
	if err := s.kube.Get(ctx, client.ObjectKey{Namespace: tenant, Name: app}, content); err != nil {
		return outcome{}, recorded{}, errors.Wrap(err, "cannot get the repository's content")
	}
	log.content = content.Spec.ForProvider
	own := ofRepository(log.gitea)
	out.gitea, out.calls = total(own), len(own)
	out.writes = len(writes(own))
	return out, log, nil
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.1f", a.Seconds()/b.Seconds()) }

// trace prints what a run asked of the servers.
func trace(log recorded) {
	all := slices.SortedFunc(slices.Values(slices.Concat(log.gitea, log.powerdns)), func(a, b request) int { return a.at.Compare(b.at) })
	for _, r := range all {
		fmt.Printf("%6d ms %5d ms  %d %-6s %s %.200s\n", r.at.Sub(all[0].at).Milliseconds(), r.took.Milliseconds(), r.status, r.method, r.path, r.body)
	}
}

// ofRepository are the requests about the Application's repository.
func ofRepository(rs []request) []request {
	return slices.DeleteFunc(slices.Clone(rs), func(r request) bool { return !isOfRepository(r) })
}

func isOfRepository(r request) bool {
	if strings.HasPrefix(r.path, giteaAPI+"/repos/"+tenant+"/"+app) || strings.HasPrefix(r.path, "/"+tenant+"/"+app+".git/") {
		return true
	}
	return r.path == giteaAPI+"/orgs/"+tenant+"/repos" && r.method == http.MethodPost && strings.Contains(string(r.body), `"`+app+`"`)
}

// settled leaves the Application alone and counts what is asked meanwhile.
func (s *site) settled(ctx context.Context, during time.Duration) (table, error) {
	s.gitea.take()
	s.powerdns.take()
	if err := pause(ctx, during); err != nil {
		return table{}, err
	}
	t := table{title: fmt.Sprintf("The settled quickstart, left alone for %s", during), header: []string{"Server", "GETs", "GETs a minute", "Writes"}}
	for name, rs := range map[string][]request{"Gitea": s.gitea.take(), "PowerDNS": s.powerdns.take()} {
		t.add(name, strconv.Itoa(count(rs, http.MethodGet)), fmt.Sprintf("%.1f", float64(count(rs, http.MethodGet))/during.Minutes()), strconv.Itoa(len(writes(rs))))
		for _, r := range writes(rs) {
			fmt.Printf("a write to a settled Application: %s %s: %d\n", r.method, r.path, r.status)
		}
	}
	slices.SortFunc(t.rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return t, nil
}

func (s *site) deleteQuickstart(ctx context.Context) error {
	// The Organization refuses until its children are gone, and goes then.
	out, err := exec.CommandContext(ctx, "kubectl", "delete", "-f", quickstart, "--wait=false").CombinedOutput()
	if err != nil && !strings.Contains(string(out), "still has") {
		return errors.Wrapf(err, "cannot delete the quickstart: %s", out)
	}
	_, err = until(ctx, "the quickstart is gone", look, func(ctx context.Context) (bool, error) {
		for _, o := range [][4]string{{catalyst, "Organization", "", tenant}, {"v1", "Namespace", "", tenant}, {"powerdns.openova.io/v1alpha1", "Zone", "catalyst-system", zone}} {
			if ok, err := s.gone(ctx, object(o[0], o[1], o[2], o[3])); !ok {
				return false, err
			}
		}
		return true, nil
	})
	return err
}

// A script makes calls of a run again.
type script struct {
	// reads are made too, but for those that only repeat the one before: a script
	// that waits does not ask any faster.
	reads bool
	// push the first commit and the branches, as the run did. Calls of the API make
	// them otherwise.
	push bool
}

// calls of the script among those of a run. Writes that were refused are not
// repeated.
func (c script) calls(log []request) []request {
	var out []request
	for i, r := range log {
		polled := i > 0 && log[i-1].method == r.method && log[i-1].path == r.path
		if isWrite(r.method) && r.status < http.StatusMultipleChoices || c.reads && !isWrite(r.method) && !polled {
			out = append(out, r)
		}
	}
	return out
}

// asked is what a server was asked.
type asked struct {
	server *proxy
	log    []request
}

func (s *site) servers(log recorded) []asked {
	return []asked{{s.gitea, log.gitea}, {s.powerdns, log.powerdns}}
}

// script makes the calls of a run again, one after the other, and tells how
// long that took, and how long those of the Application's repository. It knows all
// names and identifiers beforehand.
func (s *site) script(ctx context.Context, log recorded, c script) (all, repository time.Duration, err error) {
	begin := time.Now()
	for _, of := range s.servers(log) {
		for _, r := range c.calls(of.log) {
			at := time.Now()
			switch {
			case !isWrite(r.method):
				// A read may find nothing: the run looked before it wrote as well.
				_, _ = of.server.ask(ctx, r.method, r.path, nil)
			case isPush(r.path) && !c.push:
				err = s.fill(ctx, log.content)
			default:
				err = of.server.call(ctx, r.method, r.path, r.body)
			}
			if err != nil {
				return 0, 0, err
			}
			if isOfRepository(r) {
				repository += time.Since(at)
			}
		}
	}
	all = time.Since(begin)
	return all, repository, s.clean(ctx)
}

// fill the repository with calls of the API: one commit, then branch by branch.
func (s *site) fill(ctx context.Context, content gitea.RepositoryContentParameters) error {
	repo := giteaAPI + "/repos/" + tenant + "/" + app
	type file struct {
		Operation string `json:"operation"`
		Path      string `json:"path"`
		Content   string `json:"content"`
	}
	body := struct {
		Branch  string `json:"branch"`
		Message string `json:"message"`
		Files   []file `json:"files"`
	}{Branch: *content.Branch, Message: "Fill"}
	for _, f := range content.Files {
		body.Files = append(body.Files, file{Operation: "create", Path: f.Path, Content: base64.StdEncoding.EncodeToString([]byte(f.Content))})
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return errors.Wrap(err, "cannot encode a commit")
	}
	if err := s.gitea.call(ctx, http.MethodPost, repo+"/contents", raw); err != nil {
		return err
	}
	for _, b := range content.InitialBranches {
		if err := s.gitea.call(ctx, http.MethodPost, repo+"/branches", fmt.Appendf(nil, `{"new_branch_name":%q,"old_ref_name":%q}`, b, *content.Branch)); err != nil {
			return err
		}
	}
	return nil
}

// clean up after the script.
func (s *site) clean(ctx context.Context) error {
	raw, err := s.gitea.ask(ctx, http.MethodGet, giteaAPI+"/orgs/"+tenant+"/repos", nil)
	if err != nil {
		return err
	}
	var repos []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &repos); err != nil {
		return errors.Wrap(err, "cannot read the list of repositories")
	}
	for _, r := range repos {
		if err := s.gitea.call(ctx, http.MethodDelete, giteaAPI+"/repos/"+tenant+"/"+r.Name, nil); err != nil {
			return err
		}
	}
	if err := s.gitea.call(ctx, http.MethodDelete, giteaAPI+"/orgs/"+tenant, nil); err != nil {
		return err
	}
	return s.powerdns.call(ctx, http.MethodDelete, dnsAPI+"/zones/"+zone+".", nil)
}

// naive makes the Application's repository as one would at first: initialised
// by Gitea, then a commit for each file, then branches and protections.
func (s *site) naive(ctx context.Context, log recorded) (time.Duration, error) {
	const org = "bench-naive"
	repo := giteaAPI + "/repos/" + org + "/" + app
	if err := s.gitea.call(ctx, http.MethodPost, giteaAPI+"/orgs", []byte(`{"username":"`+org+`"}`)); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := s.gitea.call(ctx, http.MethodPost, giteaAPI+"/orgs/"+org+"/repos", []byte(`{"name":"`+app+`","private":true,"auto_init":true,"default_branch":"develop"}`)); err != nil {
		return 0, err
	}
	for _, f := range log.content.Files {
		one := fmt.Sprintf(`{"branch":"develop","message":"Add %s","content":%q}`, f.Path, base64.StdEncoding.EncodeToString([]byte(f.Content)))
		if err := s.gitea.call(ctx, http.MethodPost, repo+"/contents/"+f.Path, []byte(one)); err != nil {
			return 0, err
		}
	}
	for _, b := range log.content.InitialBranches {
		if err := s.gitea.call(ctx, http.MethodPost, repo+"/branches", fmt.Appendf(nil, `{"new_branch_name":%q,"old_ref_name":"develop"}`, b)); err != nil {
			return 0, err
		}
	}
	for _, r := range writes(ofRepository(log.gitea)) {
		if r.status >= http.StatusMultipleChoices || !strings.HasSuffix(r.path, "/branch_protections") {
			continue
		}
		if err := s.gitea.call(ctx, r.method, repo+"/branch_protections", r.body); err != nil {
			return 0, err
		}
	}
	took := time.Since(begin)
	if err := s.gitea.call(ctx, http.MethodDelete, repo, nil); err != nil {
		return 0, err
	}
	return took, s.gitea.call(ctx, http.MethodDelete, giteaAPI+"/orgs/"+org, nil)
}
