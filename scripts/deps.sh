#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install the Debian 12 packages that are missing, by group: build, lab, deb, check, test, pictures; all
# but pictures when none is named. Quiet when none is missing.
# shellcheck disable=SC2034 # groups are found by their names
set -euo pipefail

build="gcc make clang llvm libbpf-dev libxdp-dev libelf-dev zlib1g-dev libmnl-dev libnftables-dev
       libmicrohttpd-dev libjansson-dev libpcap-dev libncurses-dev bpftool pkg-config libc6-dev netbase"
lab="jq util-linux iproute2 ethtool curl iputils-ping python3 procps nftables dnsmasq-base isc-dhcp-client
     ifupdown2 wireguard-tools wireguard-go openssh-client openssh-server docker.io busybox nmap"
deb="debhelper dpkg-dev fakeroot"
test="libcmocka-dev libseccomp-dev python3-pytest python3-scapy prometheus mandoc bird2 iperf3 netcat-openbsd
      tmux traceroute tcpdump tshark lintian debootstrap libcap2-bin systemd qemu-system-x86 qemu-system-common kmod xdp-tools"
check="clang-format clang-tidy cppcheck shellcheck codespell git"
pictures="graphviz python3-matplotlib python3-pil python3-pyte fonts-dejavu-core tmux prometheus iperf3"

groups=${*:-build lab deb check test}
missing=()
for group in $groups; do
    for package in ${!group}; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' ||
            missing+=("$package")
    done
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
