# Settings of the one-node cluster; read by every script of this folder (`. env.sh`).
# shellcheck shell=bash disable=SC2034

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)

# All that is built and all that runs lies here, outside the sources.
E2E=${E2E:-$REPO/target/e2e}
mkdir -p "$E2E"
E2E=$(cd "$E2E" && pwd)
BIN=$E2E/bin IMAGES=$E2E/images ADDONS=$E2E/addons
STATE=$E2E/state LOGS=$E2E/logs # state goes with down.sh, logs stay
PIDS=$STATE/pids PKI=$STATE/pki KUBECONFIGS=$STATE/kubeconfig
SOCKET=$STATE/containerd.sock

# What every image is called before its name; `.invalid` can never be pulled (RFC 2606 §2).
IMAGE_PREFIX=${IMAGE_PREFIX:-postern.invalid/}

NODE=postern-e2e
BRIDGE=e2e0 NODE_IP=10.90.0.1    # a bridge without ports holds the node's address
BALANCERS=10.90.1.0/24           # for Services of type LoadBalancer
PODS=10.91.0.0/16
SERVICES=10.98.0.0/16 API_IP=10.98.0.1 DNS_IP=10.98.0.10
NAMES_IP=10.98.0.53              # the Internet's DNS, as the stories write it
OUTSIDE=e2e-outside              # a network namespace: somebody elsewhere on the Internet
# Of the documentation's networks (RFC 5737): no private address, which senders refuse to go to.
OUTSIDE_IP=203.0.113.2 OUTSIDE_GATEWAY=203.0.113.1
API_PORT=26443 ETCD_PORT=22379 ETCD_PEER_PORT=22380

export PATH=$BIN:$PATH:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin
export KUBECONFIG=$KUBECONFIGS/admin.conf

# containerd's client, in the namespace that the kubelet looks in.
in_containerd() { ctr --address "$SOCKET" --namespace k8s.io "$@"; }

# Ends with a plain word on standard error.
fail() { echo "e2e: $*" >&2; exit 1; }
