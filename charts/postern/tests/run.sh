#!/usr/bin/env bash
# Lints the chart and compares what it renders with golden/, for the cases below. UPDATE=1 writes golden/ anew.
# HELM names the program; without one the test says so and passes.
set -euo pipefail
cd "$(dirname "$0")"
HELM=${HELM:-helm}
if ! command -v "$HELM" >/dev/null; then
    echo "chart: skipped, there is no helm (set HELM)"
    exit 0
fi

common=(--namespace mail-system --kube-version 1.34.0 --set cluster.spec.hostnames.mail=mail.example.org)
least=(--set database.secretRef.name=pg-app)
trial=(--set postgres.enabled=true --set postgres.password=trial --set 'tenants={acme,umbrella,mail-system}')
most=("${least[@]}" --is-upgrade --set 'tenants={acme}' --set image.prefix=registry.example/mail/ --set image.tag=1.2.3
    --set 'image.pullSecrets={registry}' --set defaults.branding.create=true --set defaults.ipPool.create=true
    --set-json 'defaults.ipPool.addresses=[{"ip":"192.0.2.10","helo":"out.mail.example"}]' --set monitoring.rules.enabled=true
    --set cluster.spec.egress.namespace=mail-egress --set-string 'cluster.spec.egress.nodeSelector.mail\.example/egress=true'
    --set-json 'cluster.spec.oidc={"trust":[{"domain":"example.org","issuer":"https://id.example.org"}],"audience":["postern"]}'
    --set monitoring.dashboard.enabled=true --set monitoring.podMonitor.enabled=true)

"$HELM" lint .. --quiet --set cluster.spec.hostnames.mail=mail.example.org "${least[@]}"
failed=0
for case in least trial most; do
    declare -n flags=$case
    rendered=$("$HELM" template postern .. "${common[@]}" "${flags[@]}")
    if [ -n "${UPDATE:-}" ]; then printf '%s\n' "$rendered" >"golden/$case.yaml"; fi
    diff -u "golden/$case.yaml" <(printf '%s\n' "$rendered") || failed=1
done

# What must be refused, and what the user reads then.
refused() {
    local expected=$1 said
    shift
    if said=$("$HELM" template postern .. --namespace mail-system --kube-version 1.34.0 "$@" 2>&1); then
        echo "chart: rendered in spite of: $expected"; failed=1
    elif ! grep -q "$expected" <<<"$said"; then
        echo "chart: expected \"$expected\", read: $said"; failed=1
    fi
}
refused 'no database' --set cluster.spec.hostnames.mail=mail.example.org
refused 'hostnames.mail must be set' "${least[@]}"
refused 'exclude each other' "${common[@]:4}" "${least[@]}" --set postgres.enabled=true
refused 'operater' "${common[@]:4}" "${least[@]}" --set operater.replicas=1

diff -r ../crds ../../../crds/yaml || { echo "chart: crds/ is stale: make generate"; failed=1; }
[ "$failed" = 0 ] && echo "chart: lints, renders as before, refuses what it must"
exit "$failed"
