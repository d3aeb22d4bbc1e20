#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The guest as its first process goes on, on the host's root: what a booted Debian has mounted, the
# kernel's modules, then whatever the tests ask for. Ending it ends the guest.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mkdir -p /dev/shm /dev/pts
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /dev/shm
mount -t tmpfs run /run
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracing /sys/kernel/tracing
# A machine without a kernel of its own (a container) does not have it.
mkdir -p /lib/modules
mount -t tmpfs modules /lib/modules
ln -s "$KERNEL/root/lib/modules/$(uname -r)" "/lib/modules/$(uname -r)"
ip link set lo up
/usr/bin/python3 "$TESTS/agent.py" /dev/vport*
echo o >/proc/sysrq-trigger
sleep 60
