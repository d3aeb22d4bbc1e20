# SPDX-License-Identifier: GPL-2.0
"""A fresh Debian 12 with a bpf filesystem of its own, its network that of a lab's hypervisor."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path("/var/cache/xfw-tests")

# Mounts are the machine's own and end with it. Pins do so, too: what is in /sys/fs/bpf outside,
# others' filters among it, is out of sight.
MOUNTS = """
mount -t overlay overlay -o lowerdir=$BASE,upperdir=$1/upper,workdir=$1/work $1/root
cd $1/root
mount -t proc proc proc
mount --bind /sys sys
mount -t bpf -o mode=0700 bpf sys/fs/bpf
cp --remove-destination /etc/resolv.conf etc/resolv.conf
echo "127.0.0.1 localhost $(hostname)" >etc/hosts
"""
CHROOT = MOUNTS + """
mount --bind /dev dev
echo booted
exec sleep infinity
"""
# A real systemd as its init, with control groups and devices of its own.
SYSTEMD = MOUNTS + """
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
mkdir dev/pts dev/shm
for name in null zero full random urandom tty; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
echo booted
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd
"""


# To boot, and to let others than root look.
INCLUDED = "systemd-sysv,sudo"


def mirror():
    """Where this machine gets its packages."""
    return run("apt-get", "indextargets", "--format", "$(REPO_URI)",
               "Created-By: Packages").stdout.split()[0]


def base(package):
    """Debian's minbase and what is below, made once; what @package depends on is downloaded but
    not installed."""
    holds = INCLUDED + run("dpkg-deb", "-f", package, "Depends").stdout
    made = CACHE / f"bookworm-{hashlib.sha256(holds.encode()).hexdigest()[:8]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "bookworm.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return made
        half_made = CACHE / "bookworm.new"
        shutil.rmtree(half_made, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={INCLUDED}", "bookworm", half_made,
            mirror())
        shutil.copy(package, half_made / "root/xfw.deb")
        shutil.copy("/etc/resolv.conf", half_made / "etc/resolv.conf")
        run("chroot", half_made, "apt-get", "-qy", "--no-install-recommends", "--download-only",
            "install", "/root/xfw.deb")
        (half_made / "root/xfw.deb").unlink()
        half_made.rename(made)
    return made


def run(*words, check=True, timeout=600):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                            timeout=timeout, stdin=subprocess.DEVNULL,
                            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                                 "DEBIAN_FRONTEND": "noninteractive"})
    assert not check or result.returncode == 0, f"{words}\n{result.stdout}{result.stderr}"
    return result


class Machine:
    def __init__(self, directory, lower, network, systemd=False):
        """@network: the name of a network namespace. What is in @directory already is kept."""
        self.root = directory / "root"
        self.network = f"/run/netns/{network}"
        for name in ("root", "upper", "work"):
            (directory / name).mkdir(exist_ok=True)
        isolate = ["unshare", "--mount", "--propagation", "private"]
        if systemd:
            isolate = ["nsenter", f"--net={self.network}", *isolate, "--pid", "--fork",
                       "--kill-child", "--ipc", "--uts", "--cgroup"]
        self.process = subprocess.Popen(
            [*isolate, "bash", "-euc", SYSTEMD if systemd else CHROOT, "boot", directory],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "BASE": str(lower)})
        assert self.process.stdout.readline() == "booted\n"
        self.pid = self.process.pid
        self.into = ["--root", "--wd", "--pid", "--ipc", "--uts", "--cgroup"] if systemd else []
        if systemd:
            (self.pid,) = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()

    def inside(self, *words):
        return ["nsenter", "--target", str(self.pid), "--mount", *words]

    def run(self, *words, check=True):
        """On the machine, as it is on the lab's network."""
        into = self.into or ["chroot", self.root]
        return run(*self.inside(f"--net={self.network}", *into, *words), check=check)

    def run_online(self, *words):
        """The same where Debian's mirror can be reached."""
        return run(*self.inside(*(self.into or ["chroot", self.root]), *words))

    def copy_in(self, path):
        """A file of ours at its name in /root."""
        run(*self.inside("cp", path, f"{self.root}/root/"))
        return f"/root/{os.path.basename(path)}"

    def write(self, path, text):
        subprocess.run(self.inside("tee", f"{self.root}{path}"), input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def read(self, path):
        return run(*self.inside("cat", f"{self.root}{path}")).stdout

    def has(self, path):
        return run(*self.inside("test", "-e", f"{self.root}{path}"), check=False).returncode == 0

    def off(self):
        self.process.kill()
        self.process.wait()
