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

# Lines of `ip` on stdin, for one namespace: a process for all of them, since a guest without KVM
# takes a quarter of a second for each.
ip_in() {
    in_ns "$1" ip -batch -
}

# pair A IFA B IFB: the line that makes a veth pair between two namespaces.
pair() {
    echo "link add $2 netns $LAB-$1 type veth peer name $4 netns $LAB-$3"
}

# wire A IFA B IFB: such a pair, both ends up.
wire() {
    pair "$@" | ip -batch -
    in_ns "$1" ip link set "$2" up
    in_ns "$3" ip link set "$4" up
}

lab_up() {
    local name
    for name in $NAMESPACES; do
        echo "netns add $LAB-$name"
    done | ip -batch -
    for name in $NAMESPACES; do
        in_ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    done
    for name in provider hv vm1; do
        in_ns "$name" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
    done
    {
        pair internet eth0 provider inet
        pair provider cust hv eth0
        pair vm1 eth0 hv vm1
        pair vm2 eth0 hv vm2
        pair ct1 eth0 vm1 docker0
    } | ip -batch -
    in_ns provider ethtool -K cust tx off tso off gso off gro on >/dev/null
    in_ns hv ethtool -K eth0 gro on >/dev/null
    for name in vm1 vm2; do
        in_ns $name ethtool -K eth0 gro on >/dev/null
    done
    lab_outside
    lab_hypervisor
    lab_guests
}

lab_outside() {
    ip_in internet <<END
link set lo up
link set eth0 up
addr add 2001:db8:ffff::1/64 dev eth0 nodad
addr add 198.51.100.1/24 dev eth0
route add default via 2001:db8:ffff::fe
route add default via 198.51.100.254
END
    ip_in provider <<END
link set lo up
link set inet up
link set cust up
addr add 2001:db8:ffff::fe/64 dev inet nodad
addr add 198.51.100.254/24 dev inet
addr add 2001:db8:0:1::1/64 dev cust nodad
addr add 203.0.113.1/24 dev cust
route add $NET::/64 via 2001:db8:0:1::2
END
}

lab_hypervisor() {
    # The bridge has an address of its own: else it changes with the ports, and guests lose their
    # gateway.
    ip_in hv <<END
link set lo up
link set eth0 up
link add vmbr0 address 02:00:00:00:80:01 type bridge mcast_snooping 0 forward_delay 0
link set vm1 master vmbr0 up
link set vm2 master vmbr0 up
link set vmbr0 up
addr add 2001:db8:0:1::2/64 dev eth0 nodad
addr add $NET::1/128 dev eth0 nodad
addr add 203.0.113.10/24 dev eth0
route add default via 2001:db8:0:1::1
route add default via 203.0.113.1
addr add $NET:8000::1/77 dev vmbr0 nodad
addr add 172.16.99.1/24 dev vmbr0
END
}

lab_guests() {
    ip_in vm1 <<END
link set lo up
link set eth0 up
link set docker0 up
addr add 172.16.99.11/24 dev eth0
route add default via 172.16.99.1
addr add $NET:8000:1:0:1/77 dev eth0 nodad
addr add $NET:8010::1/77 dev docker0 nodad
route add default via $NET:8000::1
END
    ip_in vm2 <<END
link set lo up
link set eth0 up
addr add 172.16.99.12/24 dev eth0
route add default via 172.16.99.1
addr add $NET:8000:2:0:1/77 dev eth0 nodad
route add default via $NET:8000::1
END
    ip_in ct1 <<END
link set lo up
link set eth0 up
addr add $NET:8010::5/77 dev eth0 nodad
route add default via $NET:8010::1
END
}
