# SPDX-License-Identifier: GPL-2.0
"""A server that boots: Debian 12 with systemd on Debian's kernel in QEMU, one network card, SSH. What
it writes it keeps over a reboot. The other end of its cable is a namespace of this machine."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

CACHE = Path("/var/cache/xfw-tests")
KERNEL = Path(__file__).resolve().parents[1] / "qemu" / "kernel"
PACKAGES = ["systemd-sysv", "udev", "ifupdown", "iproute2", "openssh-server", "netcat-openbsd", "kmod",
            "procps", "dbus"]
ADDRESS, GATEWAY = "203.0.113.10", "203.0.113.1"
ADDRESS6, GATEWAY6 = "2001:db8:1:2::1", "2001:db8:1:2::fe"

INTERFACES = f"""auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
    address {ADDRESS}/24
    gateway {GATEWAY}

iface eth0 inet6 static
    address {ADDRESS6}/64
    gateway {GATEWAY6}
    accept_ra 0
    dad-attempts 0
"""
# Something to find, from before the network until the end.
LISTENER = """[Unit]
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target
[Service]
ExecStart=/bin/sh -c 'nc -n -k -u -l 9999 >>/var/log/knocks'
[Install]
WantedBy=sysinit.target
"""


def run(*words, check=True, timeout=900, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                            timeout=timeout, stdin=subprocess.DEVNULL, **options)
    assert not check or result.returncode == 0, f"{words}\n{result.stdout}{result.stderr}"
    return result


def mirror():
    """Where this machine gets its packages."""
    return run("apt-get", "indextargets", "--format", "$(REPO_URI)",
               "Created-By: Packages").stdout.split()[0]


def dependencies(package):
    """The names of the packages that ours needs or recommends, without their versions."""
    lists = [run("dpkg-deb", "-f", package, field).stdout for field in ("Depends", "Recommends")]
    return sorted(word.split()[0] for word in ",".join(lists).split(",") if word.strip())


def base(package):
    """The system without ours, made once; all that ours depends on is in it."""
    include = ",".join([*PACKAGES, *dependencies(package)])
    made = CACHE / f"server-{zlib.crc32(include.encode()):08x}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "server.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return made
        half_made = CACHE / "server.new"
        shutil.rmtree(half_made, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={include}", "bookworm", half_made,
            mirror())
        half_made.rename(made)
    return made


class Server:
    def __init__(self, package):
        self.folder = Path(tempfile.mkdtemp(prefix="xfw-boot-"))
        self.outside = f"xfwboot{os.getpid()}"
        self.kernel = run(KERNEL).stdout.strip()
        self.processes = []
        self.lay_out(package)
        self.raise_outside()

    # ---- the disk ----

    def lay_out(self, package):
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        run("mount", "-t", "overlay", "overlay", self.folder / "root", "-o",
            f"lowerdir={base(package)},upperdir={self.folder}/upper,workdir={self.folder}/work")
        modules = Path(self.kernel) / "root/lib/modules"
        run("cp", "-a", modules, self.folder / "root/usr/lib/")
        shutil.copy(package, self.folder / "root/root/")
        self.write("etc/network/interfaces", INTERFACES)
        self.write("etc/hostname", "server\n")
        self.write("etc/systemd/system/listener.service", LISTENER)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "key")
        self.write("root/.ssh/authorized_keys", (self.folder / "key.pub").read_text())
        run("systemctl", "--root", self.folder / "root", "-q", "enable", "listener")

    def write(self, path, text):
        path = self.folder / "root" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, path):
        path = self.folder / "root" / path
        return path.read_text(errors="replace") if path.exists() else ""

    # ---- the cable ----

    def raise_outside(self):
        run("ip", "netns", "add", self.outside)
        for words in ("ip link set lo up", "ip tuntap add tap0 mode tap", "ip link set tap0 up",
                      f"ip addr add {GATEWAY}/24 dev tap0",
                      f"ip addr add {GATEWAY6}/64 dev tap0 nodad"):
            self.out(*words.split())

    def outwards(self, *words):
        return ["nsenter", f"--net=/run/netns/{self.outside}", *map(str, words)]

    def out(self, *words, check=True, timeout=60):
        return run(*self.outwards(*words), check=check, timeout=timeout)

    # ---- power ----

    def start(self, name, *words):
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def boot(self):
        """Power on; returns at once."""
        disk, parameters = self.folder / "disk", "console=ttyS0 net.ifnames=0 panic=-1 mitigations=off xfw.BOOT"
        disk.unlink(missing_ok=True)
        self.start("virtiofsd", "/usr/lib/qemu/virtiofsd", "-o", f"source={self.folder}/root",
                   "-o", "cache=always,xattr,sandbox=chroot", f"--socket-path={disk}")
        while not disk.exists():
            time.sleep(0.02)
        self.qemu = self.start(
            "qemu", *self.outwards(
                "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", 2, "-m", "1G",
                "-object", "memory-backend-memfd,id=memory,size=1G,share=on",
                "-numa", "node,memdev=memory",
                "-kernel", f"{self.kernel}/vmlinuz", "-initrd", f"{self.kernel}/initramfs",
                "-append", parameters, "-nodefaults", "-display", "none", "-no-reboot",
                "-serial", f"file:{self.folder}/console",
                "-chardev", f"socket,id=disk,path={disk}",
                "-device", "vhost-user-fs-pci,chardev=disk,tag=host",
                "-netdev", "tap,id=wire,ifname=tap0,script=no,downscript=no",
                # As native XDP wants it: no large packets, and queues to spare.
                "-device", "virtio-net-pci,netdev=wire,guest_tso4=off,guest_tso6=off,"
                           "guest_ecn=off,guest_ufo=off"))

    def said(self):
        return "\n".join(f"---- {name}\n" + (self.folder / name).read_text(errors="replace")[-6000:]
                         for name in ("virtiofsd.log", "qemu.log", "console")
                         if (self.folder / name).exists())

    def wait_until_off(self, seconds=90):
        try:
            self.qemu.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server does not go down\n{self.said()}") from None

    # ---- by SSH, as its owner ----

    def ssh(self, command, check=True, timeout=60):
        return self.out("ssh", "-i", self.folder / "key", "-o", "BatchMode=yes", "-o",
                        "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                        "LogLevel=ERROR", "-o", "ConnectTimeout=3", f"root@{ADDRESS}", command,
                        check=check, timeout=timeout)

    def wait_until_up(self, seconds=120):
        end = time.monotonic() + seconds
        while self.ssh("true", check=False, timeout=30).returncode:
            assert self.qemu.poll() is None and time.monotonic() < end, \
                f"the server cannot be reached\n{self.said()}"
            time.sleep(0.5)

    def reboot(self):
        """Ask for it, and power on again when it is off: QEMU ends where a machine would start."""
        self.ssh("systemctl reboot", check=False)
        self.wait_until_off()
        self.boot()
        self.wait_until_up()

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        run("umount", "-l", self.folder / "root", check=False)
        run("ip", "netns", "del", self.outside, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
