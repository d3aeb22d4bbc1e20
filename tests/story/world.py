# SPDX-License-Identifier: GPL-2.0
"""The story's world before it begins: what the reader has rented, and what is around it.

  internet ──── provider ──── server      one IPv4 address, one IPv6 /64
     │ 198.51.100.1, 2001:db8:ffff::1         vm1, vm2: guests, not plugged in yet
    home ──── nas                             home: a router with IPv4 alone; nas behind it
"""

import shutil
import subprocess
from pathlib import Path

from machine import Machine

NAMES = ("internet", "provider", "server", "vm1", "vm2", "home", "nas")
WIRE = "/root/xfw/build/wire.bpf.o"

INTERNET = """
ip -6 addr add 2001:db8:ffff::1/64 dev eth0 nodad
ip addr add 198.51.100.1/24 dev eth0
ip -6 route add default via 2001:db8:ffff::fe
ip route add default via 198.51.100.254
ip addr add 192.0.2.1/24 dev home0
sysctl -qw net.ipv4.ip_forward=1
mkdir -p /srv/www
echo 'hello from the internet' >/srv/www/hello
cd /srv/www
/usr/bin/python3 -m http.server --bind :: 80 >/dev/null 2>&1 &
"""

PROVIDER = """
sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
ip -6 addr add 2001:db8:ffff::fe/64 dev inet nodad
ip addr add 198.51.100.254/24 dev inet
ip route add 192.0.2.0/24 via 198.51.100.1
ip addr add 203.0.113.1/24 dev cust
ip -6 addr add fe80::1/64 dev cust nodad
"""
# By the link-local address of the server's MAC, as providers do.
ROUTED = "ip -6 route add 2001:db8:1:2::/64 via fe80::ff:fe00:10 dev cust"
ON_LINK = "ip -6 route add 2001:db8:1:2::/64 dev cust"

# One key opens them all, and each answers SSH.
SSH = """
mkdir -p /root/.ssh /etc/docker
echo '{private}' >/root/.ssh/id_ed25519
echo '{public}' >/root/.ssh/authorized_keys
printf 'StrictHostKeyChecking accept-new\\nLogLevel ERROR\\n' >/root/.ssh/config
chmod -R go= /root/.ssh
ssh-keygen -q -A
/usr/sbin/sshd
"""

# As the provider installed it: one address of each family.
SERVER = """
ip addr add 203.0.113.10/24 dev eth0
ip route add default via 203.0.113.1
ip -6 addr add 2001:db8:1:2::1/64 dev eth0 nodad
ip -6 route add default via fe80::1 dev eth0
mkdir -p /etc/network /etc/wireguard /etc/dnsmasq.d /etc/sysctl.d /etc/xfw
rm -rf /etc/xfw/xfw.conf /usr/local/sbin/xfw
"""

# There is no registry here: an image made of busybox and a page to serve.
VM1 = """
cd "$(mktemp -d)"
mkdir www bin
echo 'hello from the container' >www/hello
busybox=$(command -v busybox)
cp -L "$busybox" bin
cp -L --parents $(ldd "$busybox" | grep -o '/[^ ]*') .
tar -cf /root/web.tar .
"""

HOME = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip addr add 192.0.2.2/24 dev eth0
ip route add default via 192.0.2.1
mkdir -p /etc/wireguard
"""

NAS = """
mkdir -p /srv/www
echo 'hello from home' >/srv/www/hello
cd /srv/www
/usr/bin/python3 -m http.server --bind :: 80 >/dev/null 2>&1 &
"""


class World:
    def __init__(self, state):
        self.state = Path(state)
        self.machines = {name: Machine(name, state) for name in NAMES}

    def __getitem__(self, name):
        return self.machines[name]

    def wire(self, one, interface, other, peer, mac=()):
        """A cable. It carries whole frames, as a real one does: the sender's kernel leaves no
        checksums and no segmentation to a receiver that a redirect would skip."""
        left, right = self[one], self[other]
        subprocess.run(["ip", "link", "add", interface, *mac, "netns", left.pid, "type", "veth",
                        "peer", "name", peer, "netns", right.pid], check=True)
        for machine, link in ((left, interface), (right, peer)):
            machine.run("ip", "link", "set", link, "up")
            machine.run("ethtool", "-K", link, "gro", "on")

    def raise_it(self, on_link=False):
        self.state.mkdir(parents=True, exist_ok=True)
        key = self.state / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        ssh = SSH.format(private=key.read_text(), public=key.with_suffix(".pub").read_text())
        for machine in self.machines.values():
            machine.start()
            machine.shell("sysctl -qw net.ipv6.conf.all.accept_dad=0 "
                          "net.ipv6.conf.default.accept_dad=0")
            machine.shell(ssh)
        self["server"].shell("sysctl -qw net.ipv6.conf.default.accept_ra=0")
        self.wire("internet", "eth0", "provider", "inet")
        self.wire("internet", "home0", "home", "eth0")
        self.wire("home", "lan0", "nas", "eth0")
        self.wire("server", "eth0", "provider", "cust", ("address", "02:00:00:00:00:10"))
        self["provider"].run("ethtool", "-K", "cust", "tx", "off", "tso", "off", "gso", "off")
        # What the server's driver sends back at once, a veth takes only with a program of its own.
        self["provider"].run("ip", "link", "set", "cust", "xdp", "obj", WIRE, "sec", "xdp")
        for number, guest in enumerate(("vm1", "vm2"), 1):
            self.wire(guest, "eth0", "server", f"tap-{guest}",
                      ("address", f"52:54:00:00:00:0{number}"))
            self["server"].run("ip", "link", "set", f"tap-{guest}", "down")
        for name, script in (("internet", INTERNET), ("provider", PROVIDER), ("server", SERVER),
                             ("vm1", VM1), ("home", HOME), ("nas", NAS)):
            self[name].shell(script)
        self["provider"].shell(ON_LINK if on_link else ROUTED)

    def remove(self):
        for machine in self.machines.values():
            machine.stop()
        shutil.rmtree(self.state, ignore_errors=True)
