# shellcheck shell=bash
# What scenarios ask the real servers. Sourced by their steps; the control
# plane's addresses come from `hack/local env`.

set -euo pipefail

: "${CATALYST_GITEA_URL:?run: eval \"\$(go run ./hack/local env)\"}"

# gitea PATH [curl options]: what Gitea's API answers.
gitea() {
  local path="$1"
  shift
  curl -sS --max-time 20 -H "Authorization: token $(cat "$CATALYST_GITEA_TOKEN_FILE")" -H 'Content-Type: application/json' "$@" "$CATALYST_GITEA_URL/api/v1$path"
}

# powerdns PATH [curl options]: what PowerDNS's API answers.
powerdns() {
  local path="$1"
  shift
  curl -sS --max-time 20 -H "X-API-Key: $(cat "$CATALYST_POWERDNS_KEY_FILE")" "$@" "$CATALYST_POWERDNS_URL/api/v1/servers/localhost$path"
}

# resolve NAME TYPE: what a resolver would be told.
resolve() {
  dig +short +time=2 +tries=2 @127.0.0.1 -p "$CATALYST_DNS_PORT" "$1" "$2"
}

# trust ZONE: the keys that PowerDNS signs the zone with, as a trust anchor of
# delv.
trust() {
  resolve "$1" DNSKEY | awk -v zone="$1" '$1 == 257 {f = $1; p = $2; a = $3; $1 = $2 = $3 = ""; gsub(/ /, ""); printf "trust-anchors { %s. static-key %s %s %s \"%s\"; };\n", zone, f, p, a, $0}'
}

# validation ANCHOR ZONE NAME TYPE: what a resolver that trusts the zone thinks
# of a name in it.
validation() {
  delv @127.0.0.1 -p "$CATALYST_DNS_PORT" -a "$1" +root="$2" "$3" "$4" 2>&1
}

# validated ANCHOR ZONE NAME TYPE: succeed if such a resolver trusts the name.
validated() {
  validation "$@" | grep -F "; fully validated"
}

# hetzner PATH [curl options]: what the administration of the stand-in for
# Hetzner answers.
hetzner() {
  local path="$1"
  shift
  curl -sS --fail --max-time 20 "$@" "$CATALYST_HCLOUD_URL/_sim$path"
}

# clone OWNER/REPOSITORY FOLDER: as a user would, over HTTP.
clone() {
  git -c credential.helper= -c "http.extraHeader=Authorization: token $(cat "$CATALYST_GITEA_TOKEN_FILE")" clone --quiet "$CATALYST_GITEA_URL/$1.git" "$2"
}

# head_of OWNER/REPOSITORY BRANCH: the commit at the head of a branch.
head_of() {
  gitea "/repos/$1/branches/$2" | jq -r .commit.id
}

# unsettled: what is not as it should be, and what it says of itself.
unsettled() {
  kubectl get managed,composite -A -o json 2>/dev/null | jq -r '.items[]
    | [.status.conditions[]? | select(.type == "Ready" or .type == "Synced" and .status != "True")] as $conditions
    | select(.metadata.deletionTimestamp or ($conditions | any(.status != "True") or length == 0))
    | "\(.kind) \(.metadata.namespace // "-")/\(.metadata.name)\(if .metadata.deletionTimestamp then " (being deleted)" else "" end): \($conditions | map("\(.type)=\(.status) \(.reason // "") \(.message // "")") | join("; "))"' || true
}

# fail MESSAGE: end the step.
fail() {
  echo "FAILED: $*" >&2
  unsettled | head -30 >&2
  exit 1
}

# same WHAT WANT GOT: fail unless they are equal.
same() {
  [ "$2" = "$3" ] || fail "$1: want '$2', got '$3'"
}

# refused MESSAGE COMMAND...: fail unless the command fails with the message.
refused() {
  local message="$1" out
  shift
  if out="$("$@" 2>&1)"; then
    fail "'$*' was not refused, want: $message"
  fi
  grep -qF -- "$message" <<<"$out" || fail "refused with another message. want: $message, got: $out"
}

# eventually SECONDS COMMAND...: fail unless the command succeeds in time.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until ("$@") >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { ("$@") || true; fail "not in time: $*"; }
    sleep 1
  done
}

# ready KIND NAME [kubectl options]: wait until the object is ready, or say what
# blocks it.
ready() {
  local kind="$1" name="$2"
  shift 2
  kubectl wait "$kind" "$name" "$@" --for=condition=Ready --timeout=100s ||
    fail "$kind $name: $(kubectl get "$kind" "$name" "$@" -o jsonpath='{.status.summary}{.status.conditions[?(@.type=="Synced")].message}')"
}

# gone ORGANIZATION: fail unless nothing of the Organization is left anywhere.
gone() {
  eventually 100 refused NotFound kubectl get organization.catalyst.openova.io "$1"
  eventually 100 refused NotFound kubectl get namespace "$1"
  # Assigned first: an answer that cannot be read must fail, and would be an
  # empty argument.
  local organizations repositories
  organizations="$(gitea "/orgs?limit=50" | jq --arg n "$1" '[.[] | select(.username == $n)] | length')"
  repositories="$(gitea "/repos/search?limit=50" | jq --arg n "$1" '[.data[] | select(.owner.username == $n)] | length')"
  same "organizations of $1 in Gitea" 0 "$organizations"
  same "repositories of $1 in Gitea" 0 "$repositories"
}

# no_zone NAME: fail unless PowerDNS has no such zone.
no_zone() {
  eventually 30 zones_named "$1" 0
}

# zones_named NAME COUNT: fail unless PowerDNS has that many.
zones_named() {
  local found
  found="$(powerdns /zones | jq --arg n "$1." '[.[] | select(.name == $n)] | length')"
  same "zones called $1" "$2" "$found"
}

# never_bogus ZONE DOMAIN TTL COMMAND...: run the command, and fail if meanwhile
# the domain is bogus to anybody who trusts the zone: to a resolver that asks
# afresh, or to one that remembers the domain's DS records for their TTL.
never_bogus() {
  local zone="$1" domain="$2" ttl="$3" seen watcher
  shift 3
  seen="$(mktemp -d)"
  trust "$zone" >"$seen/zone"
  trust "$domain" >"$seen/domain"
  touch "$seen/bogus"
  watch_trust &
  watcher=$!
  "$@"
  touch "$seen/stop"
  wait "$watcher"
  same "bogus answers for $domain" "" "$(head -3 "$seen/bogus")"
  [ -e "$seen/remembered" ] || fail "no resolver remembered the DS records of $domain: nothing was proved"
  rm -r "$seen"
}

# watch_trust: the watcher of never_bogus.
watch_trust() {
  local until=0 now answer
  while [ ! -e "$seen/stop" ] && kill -0 $$ 2>/dev/null; do
    now="$(date +%s%3N)"
    if [ -n "$(resolve "$domain" DS)" ]; then
      until=$((now + ttl * 1000))
    elif [ "$now" -lt "$until" ]; then
      touch "$seen/remembered"
    fi
    # One whose queries were answered before and after a change asks again.
    sound || sound || echo "afresh: $answer" >>"$seen/bogus"
    if [ "$now" -lt "$until" ]; then
      answer="$(validation "$seen/domain" "$domain" "$domain" SOA)" || true
      grep -qF '; fully validated' <<<"$answer" || echo "remembered: $answer" >>"$seen/bogus"
    fi
    sleep 0.2
  done
}

# sound: succeed if the domain is not bogus to a resolver that asks afresh.
sound() {
  answer="$(validation "$seen/zone" "$zone" "$domain" SOA)" || true
  # The last is what a name gets that is delegated to a zone which is gone.
  grep -qE '; (fully validated|unsigned answer|negative response)|: non-improving referral' <<<"$answer"
}
