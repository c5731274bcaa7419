#!/usr/bin/env bash
# Says in plain words what this machine lacks for a cluster, one line each; ends with 0 when it lacks nothing. With --install it
# installs the Debian packages that are missing and says nothing of the rest.
set -euo pipefail
. "$(dirname "$0")/env.sh"

PACKAGES="containerd runc containernetworking-plugins iptables nftables conntrack iproute2 busybox-static openssl procps curl postfix pebble"
# ldd takes PostgreSQL's libraries from here (images/postgres.sh).
PACKAGES="$PACKAGES libpq5 libldap-2.5-0 libicu72 libxml2 libpam0g liblz4-1 libzstd1 libgssapi-krb5-2"

lacking=0
lacks() { echo "e2e: $*" >&2; lacking=1; }
installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q "ok installed"; }

missing() { for package in $PACKAGES; do installed "$package" || printf ' %s' "$package"; done; }

if [ "${1:-}" = --install ]; then
    packages=$(missing)
    [ -n "$packages" ] || exit 0
    apt-get update -q
    # What would take another package away (another containerd?) is somebody's decision.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive exec apt-get install -y -q --no-install-recommends --no-remove $packages
fi
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || [ "$(uname -s)-$(uname -m)" = Linux-aarch64 ] || lacks "a cluster needs Linux on x86_64 or aarch64, this is $(uname -sm)"
[ "$(id -u)" = 0 ] || lacks "a cluster needs root (or name another one: KUBECONFIG=… IMAGE_PREFIX=… make e2e)"
if command -v dpkg-query >/dev/null; then
    packages=$(missing)
    [ -z "$packages" ] || lacks "Debian packages are missing; install them with: apt-get install --no-install-recommends$packages"
else
    lacks "node and images are made of Debian packages, and this is no Debian"
fi
command -v go >/dev/null || lacks "Kubernetes is built from Go modules, and there is no 'go' (1.25 or newer: https://go.dev/dl)"
[ -d /sys/fs/cgroup/memory ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || lacks "no cgroup controllers are mounted at /sys/fs/cgroup"
[ -w /sys/fs/cgroup ] || [ -w /sys/fs/cgroup/memory ] || lacks "/sys/fs/cgroup cannot be written: a container without its own cgroups?"
[ -w /proc/sys/net/ipv4/ip_forward ] || lacks "/proc/sys/net/ipv4/ip_forward cannot be written"
if [ "$(id -u)" = 0 ] && ! ip link show "$BRIDGE" >/dev/null 2>&1; then
    if ip link add "$BRIDGE" type bridge 2>/dev/null; then ip link del "$BRIDGE"; else lacks "no bridge can be made (kernel module, or CAP_NET_ADMIN)"; fi
fi
[ "${#SOCKET}" -lt 100 ] || lacks "$SOCKET is too long for a socket's name: set E2E to a shorter folder"
exit $lacking
