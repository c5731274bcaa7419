#!/usr/bin/env bash
# Builds the two images that the product ships, `postern` and `postern-operator`: FROM scratch, the binary, the C library that
# it is linked to, and the authorities that other servers' certificates are checked by. No shell, no package, no user but 65532.
# Beside them the plugin of kubectl, which is no image: it lies where the cluster's kubectl finds it.
#
# PROFILE names the cargo profile (release), TAG the images' tag (dev), IMAGE_PREFIX what stands before their names.
set -euo pipefail
. "$(dirname "$0")/../cluster/env.sh"
PROFILE=${PROFILE:-release} TAG=${TAG:-dev}
mkdir -p "$IMAGES" "$BIN"

cd "$REPO"
${CARGO:-cargo} build --locked --profile "$PROFILE" --bin postern --bin postern-operator --bin kubectl-postern
# cargo calls the folder of the profile `dev` by another name.
built=${CARGO_TARGET_DIR:-target}/${PROFILE/#dev/debug}

work=$E2E/product
rm -rf "$work" && mkdir -p "$work"
for name in postern postern-operator; do
    # Symbols stay (a backtrace names its functions), lines of source code go: nine tenths of the size.
    strip --strip-debug -o "$work/$name" "$built/$name"
    additions=(--add "$work/$name:/usr/bin/$name:755")
    while read -r library; do additions+=(--add "$(realpath "$library"):$library:755"); done < <(ldd "$work/$name" | grep -o '/[^ ]*' | sort -u)
    "$HERE/../images/image.py" "$IMAGES/$name.tar.new" "$IMAGE_PREFIX$name:$TAG" --entrypoint "/usr/bin/$name" --user 65532:65532 \
        --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt --dir tmp:1777 --dir var/lib/postern:1777 \
        --add /etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt:644 \
        --label org.opencontainers.image.title="$name" --label org.opencontainers.image.licenses=Apache-2.0 "${additions[@]}"
    mv "$IMAGES/$name.tar.new" "$IMAGES/$name.tar"
    printf '%s  %s MB, %s MB compressed\n' "$IMAGE_PREFIX$name:$TAG" \
        "$(($(stat -c %s "$IMAGES/$name.tar") / 1000000))" "$(($(gzip -c "$IMAGES/$name.tar" | wc -c) / 1000000))"
done

strip --strip-debug -o "$BIN/kubectl-postern" "$built/kubectl-postern"
