# The cluster's certificates and kubeconfigs, good for a month; read after env.sh.
# shellcheck shell=bash

ec_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/$1.key"; }

# authority NAME
authority() {
    ec_key "$1"
    openssl req -x509 -new -key "$PKI/$1.key" -subj "/CN=$1" -days 30 -out "$PKI/$1.crt" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
}

# certificate NAME AUTHORITY SUBJECT serverAuth|clientAuth [SUBJECT-ALTERNATIVE-NAMES]
certificate() {
    ec_key "$1"
    {
        echo keyUsage=critical,digitalSignature
        echo "extendedKeyUsage=$4"
        if [ -n "${5:-}" ]; then echo "subjectAltName=$5"; fi
    } >"$PKI/$1.ext"
    openssl req -new -key "$PKI/$1.key" -subj "$3" |
        openssl x509 -req -CA "$PKI/$2.crt" -CAkey "$PKI/$2.key" -CAcreateserial -days 30 -extfile "$PKI/$1.ext" -out "$PKI/$1.crt" 2>/dev/null
}

# kubeconfig NAME SUBJECT: a client certificate and the file that uses it.
kubeconfig() {
    certificate "$1" ca "$2" clientAuth
    cat >"$KUBECONFIGS/$1.conf" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://$NODE_IP:$API_PORT", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}}]
contexts: [{name: e2e, context: {cluster: e2e, user: $1}}]
current-context: e2e
EOF
}

make_pki() {
    authority ca
    authority front-proxy-ca
    certificate apiserver ca /CN=kube-apiserver serverAuth \
        "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:$API_IP,IP:$NODE_IP"
    certificate apiserver-kubelet-client ca "/O=system:masters/CN=kube-apiserver-kubelet-client" clientAuth
    certificate front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
    certificate kubelet-server ca "/O=system:nodes/CN=system:node:$NODE" serverAuth "DNS:$NODE,IP:$NODE_IP"
    openssl genrsa -out "$PKI/service-accounts.key" 2048 2>/dev/null
    openssl rsa -in "$PKI/service-accounts.key" -pubout -out "$PKI/service-accounts.pub" 2>/dev/null
    kubeconfig admin /O=system:masters/CN=admin
    kubeconfig controller-manager /CN=system:kube-controller-manager
    kubeconfig scheduler /CN=system:kube-scheduler
    kubeconfig proxy /CN=system:kube-proxy
    kubeconfig kubelet "/O=system:nodes/CN=system:node:$NODE"
}
