#!/usr/bin/env bash
. ../lib.sh
repo=initech/marketing-site host=marketing-site.initech-dev.initech.example
powerdns /zones/initech.example. -X PATCH -d "{\"rrsets\":[{\"name\":\"$host.\",\"type\":\"A\",\"ttl\":300,\"changetype\":\"REPLACE\",\"records\":[{\"content\":\"198.51.100.66\",\"disabled\":false}]}]}"
same "the edited record" 198.51.100.66 "$(resolve $host A)"
sha="$(gitea "/repos/$repo/contents/values.yaml?ref=develop" | jq -r .sha)"
gitea "/repos/$repo/contents/values.yaml" -X PUT -d "{\"branch\":\"develop\",\"sha\":\"$sha\",\"message\":\"Sneak\",\"content\":\"$(printf 'title: hacked\n' | base64)\"}" | jq -e .commit.sha >/dev/null
restored() { [ "$(resolve $host A)" = 192.0.2.10 ] && gitea "/repos/$repo/raw/values.yaml?ref=develop" | grep -q 'title: Acme Pharmacy'; }
eventually 150 restored
one() { [ "$(kubectl get events -n initech -o json | jq --arg k "$1" '[.items[] | select(.involvedObject.kind == $k and (.reason | test("Drift"))) | .count // 1] | add // 0')" = 1 ]; }
eventually 20 one RRset
eventually 20 one RepositoryContent
