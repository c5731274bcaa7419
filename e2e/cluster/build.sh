#!/usr/bin/env bash
# Builds what the cluster runs from Go modules and Debian packages: binaries, images and manifests. Nothing is done twice:
# Go's caches know what changed, and an image is written again when its binary is younger.
set -euo pipefail
. "$(dirname "$0")/env.sh"
"$HERE/requirements.sh"
mkdir -p "$BIN" "$IMAGES" "$ADDONS"

KUBERNETES=v1.34.4 HELM=v3.19.5

build() { # FOLDER OUT PACKAGE [LDFLAGS]
    echo "building $2" >&2
    (cd "$HERE/go/$1" && CGO_ENABLED=0 nice go build -mod=readonly -trimpath -ldflags "-s -w ${4:-}" -o "$BIN/$2" "$3")
}

# The version that the API server tells is stamped in; clients compare it with their own.
stamps=""
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamps+=" -X $package.gitVersion=$KUBERNETES -X $package.gitMajor=1 -X $package.gitMinor=34 -X $package.gitTreeState=clean"
done

build kubernetes kube . "$stamps"
for command in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do ln -sf kube "$BIN/$command"; done
build etcd etcd go.etcd.io/etcd/server/v3
build addons coredns ./coredns
build addons pause ./pause
build addons metallb-controller go.universe.tf/metallb/controller
build addons local-path-provisioner github.com/rancher/local-path-provisioner
# The version that `helm template` and `helm lint` take for granted where no cluster is asked.
stamps="-X helm.sh/helm/v3/internal/version.version=$HELM"
for package in chartutil lint/rules; do stamps+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$package.k8sVersionMinor=34"; done
build addons helm helm.sh/helm/v3/cmd/helm "$stamps"
build certmanager certmanager .

image() { # NAME YOUNGEST-INPUT ARGUMENT...
    local name=$1 input=$2
    shift 2
    [ "$IMAGES/$name.tar" -nt "$input" ] && [ "$IMAGES/$name.tar" -nt "$HERE/build.sh" ] && return
    echo "image $name" >&2
    "$HERE/../images/image.py" "$IMAGES/$name.tar.new" "$IMAGE_PREFIX$name:1" "$@"
    mv "$IMAGES/$name.tar.new" "$IMAGES/$name.tar"
}
own() { image "$1" "$BIN/$1" --entrypoint "/$1" --add "$BIN/$1:/$1:755"; } # FROM scratch: one file

own pause
own coredns
own metallb-controller
image local-path-provisioner "$BIN/local-path-provisioner" --user 0:0 --add "$BIN/local-path-provisioner:/usr/bin/local-path-provisioner:755"
for part in controller webhook cainjector; do
    image "cert-manager-$part" "$BIN/certmanager" --entrypoint "/$part" --add "$BIN/certmanager:/$part:755"
done
# A shell for local-path's helper, and the names server that stories write zones into.
applets=$E2E/busybox
rm -rf "$applets" && mkdir -p "$applets/bin"
cp /bin/busybox "$applets/bin/"
for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$applets/bin/$applet"; done
image busybox /bin/busybox --user 0:0 --cmd sh --add "$applets:/" --dir tmp:1777
image names "$BIN/coredns" --entrypoint /coredns --add "$applets:/" --add "$BIN/coredns:/coredns:755"

"$HERE/addons.py" "$HERE/go" "$ADDONS" "$IMAGE_PREFIX" "$STATE/volumes" "$BALANCERS"
"$HERE/../images/postgres.sh"
