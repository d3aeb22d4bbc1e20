# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The lab's network, in namespaces whose names begin with $LAB. Sourced, not run.
#
#   internet            provider               hv (the hypervisor)            vm1         ct1
#   2001:db8:ffff::1 ── 2001:db8:ffff::fe      eth0 2001:db8:0:1::2    ┌ vm1: 8000:1:0:1 ─ 8010::5
#   198.51.100.1        2001:db8:0:1::1  ───── vmbr0 8000::1/77 ───────┤   8010::1/77 inside
#                                                                      └ vm2: 8000:2:0:1
#
# The wire (provider ─ eth0) carries complete frames, as a real one does: its sender leaves no
# checksums and no segmentation to a receiver that a redirect would skip. Guests have GRO on:
# a veth takes redirected frames only then.

LAB=${LAB:-xfw}
NET=2001:db8:1:2
NAMESPACES="internet provider hv vm1 vm2 ct1"

# Run a command in one of the lab's namespaces; unlike `ip netns exec` it leaves bpffs in sight.
in_ns() {
    local name=$1
    shift
    nsenter --net="/run/netns/$LAB-$name" "$@"
}

lab_down() {
    local name
    for name in $NAMESPACES; do
        [ -e "/run/netns/$LAB-$name" ] || continue
        # What the story started in there.
        ip netns pids "$LAB-$name" | xargs -r kill 2>/dev/null || :
        ip netns del "$LAB-$name"
    done
}

# wire A IFA B IFB: a veth pair between two namespaces.
wire() {
    ip link add "$2" netns "$LAB-$1" type veth peer name "$4" netns "$LAB-$3"
    in_ns "$1" ip link set "$2" up
    in_ns "$3" ip link set "$4" up
}

lab_up() {
    local name
    for name in $NAMESPACES; do
        ip netns add "$LAB-$name"
        in_ns "$name" ip link set lo up
        in_ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done
    for name in provider hv vm1; do
        in_ns "$name" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
    done
    wire internet eth0 provider inet
    wire provider cust hv eth0
    # An address of its own: else it changes with the ports, and guests lose their gateway.
    in_ns hv ip link add vmbr0 address 02:00:00:00:80:01 type bridge mcast_snooping 0 forward_delay 0
    wire vm1 eth0 hv vm1
    wire vm2 eth0 hv vm2
    wire ct1 eth0 vm1 docker0
    in_ns hv ip link set vm1 master vmbr0
    in_ns hv ip link set vm2 master vmbr0
    in_ns hv ip link set vmbr0 up
    in_ns provider ethtool -K cust tx off tso off gso off gro on >/dev/null
    in_ns hv ethtool -K eth0 gro on >/dev/null
    for name in vm1 vm2; do
        in_ns $name ethtool -K eth0 gro on >/dev/null
    done
    lab_addresses
}

lab_addresses() {
    in_ns internet ip -6 addr add 2001:db8:ffff::1/64 dev eth0 nodad
    in_ns internet ip addr add 198.51.100.1/24 dev eth0
    in_ns internet ip -6 route add default via 2001:db8:ffff::fe
    in_ns internet ip route add default via 198.51.100.254
    in_ns provider ip -6 addr add 2001:db8:ffff::fe/64 dev inet nodad
    in_ns provider ip addr add 198.51.100.254/24 dev inet
    in_ns provider ip -6 addr add 2001:db8:0:1::1/64 dev cust nodad
    in_ns provider ip addr add 203.0.113.1/24 dev cust
    in_ns provider ip -6 route add $NET::/64 via 2001:db8:0:1::2
    in_ns hv ip -6 addr add 2001:db8:0:1::2/64 dev eth0 nodad
    in_ns hv ip -6 addr add $NET::1/128 dev eth0 nodad
    in_ns hv ip addr add 203.0.113.10/24 dev eth0
    in_ns hv ip -6 route add default via 2001:db8:0:1::1
    in_ns hv ip route add default via 203.0.113.1
    in_ns hv ip -6 addr add $NET:8000::1/77 dev vmbr0 nodad
    in_ns hv ip addr add 172.16.99.1/24 dev vmbr0
    in_ns vm1 ip addr add 172.16.99.11/24 dev eth0
    in_ns vm1 ip route add default via 172.16.99.1
    in_ns vm2 ip addr add 172.16.99.12/24 dev eth0
    in_ns vm2 ip route add default via 172.16.99.1
    in_ns vm1 ip -6 addr add $NET:8000:1:0:1/77 dev eth0 nodad
    in_ns vm1 ip -6 addr add $NET:8010::1/77 dev docker0 nodad
    in_ns vm1 ip -6 route add default via $NET:8000::1
    in_ns vm2 ip -6 addr add $NET:8000:2:0:1/77 dev eth0 nodad
    in_ns vm2 ip -6 route add default via $NET:8000::1
    in_ns ct1 ip -6 addr add $NET:8010::5/77 dev eth0 nodad
    in_ns ct1 ip -6 route add default via $NET:8010::1
}
