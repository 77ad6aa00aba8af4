# shellcheck shell=bash
# What the steps ask of Flux. Sourced after lib.sh.
repo=umbrella/intranet
app() { kubectl get application intranet -n umbrella -o jsonpath="$1"; }

# state WANT: fail unless the Application is in that state in its Environment.
state() { same "state in umbrella-dev" "$1" "$(app '{.status.environments[0].state}')"; }

# runs_head: fail unless what runs is the head of the branch.
runs_head() {
  state Running
  same "revision in umbrella-dev" "develop@sha1:$(head_of $repo develop)" "$(app '{.status.environments[0].revision}')"
}

# fetch: have Flux look at the repository now, as `flux reconcile` does.
fetch() {
  kubectl annotate gitrepository intranet-umbrella-dev -n umbrella --overwrite "reconcile.fluxcd.io/requestedAt=$(date +%s%N)"
}

# commit PATH MESSAGE: replace a file on branch develop by what comes in, as a
# person would.
commit() {
  local sha content
  sha="$(gitea "/repos/$repo/contents/$1?ref=develop" | jq -r .sha)"
  content="$(base64 -w0)"
  gitea "/repos/$repo/contents/$1" -X PUT -d "{\"branch\":\"develop\",\"sha\":\"$sha\",\"message\":\"$2\",\"content\":\"$content\"}" | jq -e .commit.sha
}
