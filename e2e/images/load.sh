#!/usr/bin/env bash
# Puts images into the one-node cluster's containerd: those named, or all that are built. An image that lies there unchanged
# is known by its file's time and left alone.
set -euo pipefail
. "$(dirname "$0")/../cluster/env.sh"
mkdir -p "$STATE/loaded"

for name in "${@:-}"; do
    for file in "$IMAGES"/${name:-*}.tar; do
        mark=$STATE/loaded/$(basename "$file")
        [ "$mark" -nt "$file" ] && continue
        in_containerd images import "$file" >/dev/null
        touch "$mark"
    done
done
