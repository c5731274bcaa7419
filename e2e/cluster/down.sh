#!/usr/bin/env bash
# Stops what up.sh started and takes its network, mounts and cgroups off the machine. Logs stay in target/e2e/logs.
set -uo pipefail
. "$(dirname "$0")/env.sh"
. "$HERE/process.sh"
. "$HERE/network.sh"
[ -d "$STATE" ] || { echo "no cluster is up" >&2; exit 0; }

# The API server waits for its watchers to leave; they are stopped beside it, so it need not.
mapfile -t names < <(ls "$PIDS" 2>/dev/null | grep -vx containerd)
stop 3 "${names[@]}"

if [ -S "$SOCKET" ]; then
    for container in $(in_containerd tasks ls -q 2>/dev/null); do in_containerd tasks kill -s KILL -a "$container" >/dev/null 2>&1; done
    for _ in $(seq 50); do
        [ -n "$(in_containerd tasks ls 2>/dev/null | awk 'NR > 1 && $3 != "STOPPED"')" ] || break
        sleep 0.1
    done
    for container in $(in_containerd containers ls -q 2>/dev/null); do
        in_containerd tasks rm -f "$container" >/dev/null 2>&1
        in_containerd containers rm "$container" >/dev/null 2>&1
    done
fi
stop 5 containerd
# The containers' shims left containerd's family long ago; they are known by the socket that they report to.
for shim in $(pgrep -f "^/usr/bin/containerd-shim-runc-v2 .*-address $SOCKET( |\$)"); do kill -KILL "$shim" 2>/dev/null; done

network_down
# Deepest first.
awk -v state="$STATE/" 'index($2, state) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r mounted; do umount -l "$mounted"; done
for group in /sys/fs/cgroup/{,*/}{kubepods,k8s.io}; do
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
done
rm -rf "$STATE"
echo "the cluster is gone; its logs are in $LOGS" >&2
