# The machine's side of the network: the node's address, the way to Services, and somebody outside; read after env.sh.
# shellcheck shell=bash

network_up() {
    cat /proc/sys/net/ipv4/ip_forward >"$STATE/ip_forward.before"
    echo 1 >/proc/sys/net/ipv4/ip_forward
    ip link add "$BRIDGE" type bridge
    ip address add "$NODE_IP/32" dev "$BRIDGE"
    ip link set "$BRIDGE" up
    # kube-proxy rewrites Service addresses on their way out; until then they need some route.
    ip route add "$SERVICES" dev "$BRIDGE" src "$NODE_IP"
    ip route add "$BALANCERS" dev "$BRIDGE" src "$NODE_IP"
    # Clients in this namespace come from elsewhere: a Service with externalTrafficPolicy: Local shows their own address.
    ip netns add "$OUTSIDE"
    ip link add e2e-inside type veth peer name e2e-outside netns "$OUTSIDE"
    ip address add "$OUTSIDE_GATEWAY/24" dev e2e-inside
    ip link set e2e-inside up
    ip -n "$OUTSIDE" address add "$OUTSIDE_IP/24" dev e2e-outside
    ip -n "$OUTSIDE" link set lo up
    ip -n "$OUTSIDE" link set e2e-outside up
    ip -n "$OUTSIDE" route add default via "$OUTSIDE_GATEWAY"
}

network_down() {
    # What stories that were cut off left there: another site, an authority.
    ip netns pids "$OUTSIDE" 2>/dev/null | xargs --no-run-if-empty kill -KILL 2>/dev/null
    ip netns del "$OUTSIDE" 2>/dev/null
    ip link del e2e-inside 2>/dev/null
    ip link del "$BRIDGE" 2>/dev/null
    nft delete table ip kube-proxy 2>/dev/null
    nft delete table ip6 kube-proxy 2>/dev/null
    remove_chains iptables
    remove_chains ip6tables
    [ ! -e "$STATE/ip_forward.before" ] || cat "$STATE/ip_forward.before" >/proc/sys/net/ipv4/ip_forward
}

# The chains of the kubelet and of the portmap plugin, and the rules that lead to them.
remove_chains() {
    local table rule chain
    "$1-save" 2>/dev/null | sed -nE 's/^\*(.*)/\1/p' | while read -r table; do
        "$1-save" -t "$table" | sed -nE '/KUBE-|CNI-/s/^-A/-D/p' | while read -r rule; do
            eval "$1 -t $table $rule" 2>/dev/null
        done
        "$1-save" -t "$table" | sed -nE 's/^:((KUBE|CNI)-[^ ]*) .*/\1/p' | while read -r chain; do
            "$1" -t "$table" -F "$chain"
            "$1" -t "$table" -X "$chain"
        done 2>/dev/null
    done
}
