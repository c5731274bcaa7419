#!/usr/bin/env bash
# Starts a real Kubernetes of one node on this machine: etcd, API server, controllers, scheduler, containerd, kubelet,
# kube-proxy; then names, storage, load-balancer addresses and cert-manager in it. build.sh comes before, down.sh ends it.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. "$HERE/process.sh"
. "$HERE/pki.sh"
. "$HERE/node.sh"
. "$HERE/network.sh"
SECONDS=0
"$HERE/requirements.sh"
[ -x "$BIN/kube" ] || fail "nothing is built yet: e2e/cluster/build.sh (make e2e-up does it)"
[ ! -e "$STATE" ] || fail "a cluster is up, or was not taken down: make e2e-down"
[ ! -e "/sys/class/net/$BRIDGE" ] || fail "there is a network device $BRIDGE already: another cluster of this kind?"

mkdir -p "$PKI" "$PIDS" "$KUBECONFIGS" "$STATE"/{etcd,kubelet,cni,volumes}
rm -rf "$LOGS" && mkdir -p "$LOGS"
chmod 700 "$PKI" "$KUBECONFIGS"
network_up
make_pki

start etcd etcd --name e2e --data-dir "$STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-cluster "e2e=http://127.0.0.1:$ETCD_PEER_PORT"
start kube-apiserver kube-apiserver --etcd-servers="http://127.0.0.1:$ETCD_PORT" \
    --bind-address=$NODE_IP --advertise-address=$NODE_IP --secure-port=$API_PORT --service-cluster-ip-range=$SERVICES \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --client-ca-file="$PKI/ca.crt" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --kubelet-client-certificate="$PKI/apiserver-kubelet-client.crt" --kubelet-client-key="$PKI/apiserver-kubelet-client.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/service-accounts.pub" --service-account-signing-key-file="$PKI/service-accounts.key" \
    --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$PKI/front-proxy-client.crt" --proxy-client-key-file="$PKI/front-proxy-client.key"

containerd_config
start containerd containerd -c "$STATE/containerd.toml"
wait_for containerd 30 ctr -a "$SOCKET" version
"$HERE/../images/load.sh" &
loading=$!
wait_for "API server" 120 kubectl get --raw /readyz

controllers=$KUBECONFIGS/controller-manager.conf
start kube-controller-manager kube-controller-manager --kubeconfig="$controllers" \
    --authentication-kubeconfig="$controllers" --authorization-kubeconfig="$controllers" \
    --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials=true \
    --root-ca-file="$PKI/ca.crt" --service-account-private-key-file="$PKI/service-accounts.key" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key"
scheduler=$KUBECONFIGS/scheduler.conf
start kube-scheduler kube-scheduler --kubeconfig="$scheduler" --authentication-kubeconfig="$scheduler" \
    --authorization-kubeconfig="$scheduler" --bind-address=127.0.0.1 --leader-elect=false
kubelet_config
start kubelet kubelet --config="$STATE/kubelet.yaml" --kubeconfig="$KUBECONFIGS/kubelet.conf" --root-dir="$STATE/kubelet" \
    --cert-dir="$STATE/kubelet-pki" --hostname-override=$NODE --node-ip=$NODE_IP
proxy_config
start kube-proxy kube-proxy --config="$STATE/proxy.yaml"

wait $loading || fail "images could not be loaded"
for manifest in "$HERE"/manifests/*.yaml; do
    sed -e "s#@IMAGE_PREFIX@#$IMAGE_PREFIX#; s#@DNS_IP@#$DNS_IP#; s#@NAMES_IP@#$NAMES_IP#" "$manifest"
    echo ---
done | kubectl apply -f - >/dev/null
kubectl apply -f "$ADDONS/local-path.yaml" -f "$ADDONS/metallb.yaml" >/dev/null
wait_for "node" 120 kubectl wait --for=condition=Ready "node/$NODE" --timeout=1s
helm install cert-manager "$ADDONS/cert-manager" --namespace cert-manager --create-namespace --values "$HERE/cert-manager.yaml" \
    --set image.repository="${IMAGE_PREFIX}cert-manager-controller" --set webhook.image.repository="${IMAGE_PREFIX}cert-manager-webhook" \
    --set cainjector.image.repository="${IMAGE_PREFIX}cert-manager-cainjector" >/dev/null
wait_for "names, storage, load balancer, cert-manager" 180 \
    kubectl wait -A --for=condition=Available deployment --all --timeout=1s
kubectl apply -f "$ADDONS/metallb-pool.yaml" >/dev/null
echo "The cluster is up. To look around:  . e2e/cluster/env.sh; kubectl get pods -A" >&2
