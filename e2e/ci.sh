#!/usr/bin/env bash
# The stories as CI tells them: cluster up, stories, cluster down, within E2E_SECONDS (900), of which none is begun after that.
# A story that does not hold is a failure. A machine that cannot run a cluster, or has not the time to build one, is none: it is
# said in one sentence, and E2E_MUST=1 makes that a failure too. Nothing is left running.
set -uo pipefail
cd "$(dirname "$0")/.."
SECONDS=0
LIMIT=${E2E_SECONDS:-900}
# What tests have compiled already; no machine is asked for more load than such processes carry.
export PROFILE=${PROFILE:-dev} E2E_RATE=${E2E_RATE:-30} E2E_IDLERS=${E2E_IDLERS:-50}
# Kept back for stories and for taking the cluster down; a cluster that stands without them proves nothing.
STORIES=240
. e2e/cluster/env.sh

if [ -e "$STATE" ] || [ -e "/sys/class/net/$BRIDGE" ]; then
    echo "e2e: no story was told in a cluster: another one is up on this machine (make e2e-down)" >&2
    [ -z "${E2E_MUST:-}" ]
    exit
fi

untold() {
    echo "e2e: no story was told in a cluster: $*" >&2
    [ -z "${E2E_MUST:-}" ] || exit 1
    exit 0
}
left() { echo $((LIMIT - SECONDS)); }

# within SECONDS COMMAND...: 124 when it took longer. In the background, so that a signal need not wait for its end.
within() {
    local seconds=$1 ended
    shift
    timeout --kill-after=20 "$((seconds > 1 ? seconds : 1))" "$@" &
    running=$!
    wait "$running"
    ended=$?
    running=""
    return $ended
}
running=""
trap '[ -z "$running" ] || kill "$running"; [ ! -e "$STATE" ] || e2e/cluster/down.sh' EXIT
trap 'exit 130' INT TERM

[ "$(left)" -gt $((STORIES + 60)) ] || untold "no time is left for one ($LIMIT s)"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    within 240 e2e/cluster/requirements.sh --install >/dev/null 2>&1
fi
lacking=$(e2e/cluster/requirements.sh 2>&1) || untold "$(echo "$lacking" | sed 's/^e2e: //' | paste -sd ';')"

# Go keeps what it has compiled, so that a machine that was too slow this time goes on from there the next.
within $(($(left) - STORIES)) e2e/cluster/build.sh
case $? in
    0) ;;
    124 | 137) untold "building Kubernetes took more than the $((LIMIT - STORIES)) s that there were; the next run goes on from there" ;;
    *) untold "Kubernetes could not be built here (above)" ;;
esac
within "$(left)" e2e/images/build.sh
case $? in
    0) ;;
    124 | 137) untold "no time was left when our images were half built" ;;
    *) echo "e2e: our images cannot be built" >&2; exit 1 ;;
esac
[ "$(left)" -ge "$STORIES" ] || untold "of $LIMIT s for it $(left) s were left when all was built"

within 300 e2e/cluster/up.sh || untold "the cluster did not come up here (above; its logs are in $LOGS)"
echo "e2e: the cluster is up after $SECONDS s" >&2
# A story's own waits have ends, so this one is for what nobody thought of.
E2E_SECONDS=$(($(left) - 30)) within $(($(left) + 600)) env -u KUBECONFIG e2e/stories/run.py
