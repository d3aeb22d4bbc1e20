# SPDX-License-Identifier: GPL-2.0
"""A fresh Debian 12 with a bpf filesystem of its own, its network that of a lab's hypervisor."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path("/var/cache/xfw-tests")

# Mounts are the machine's own and end with it. Pins do so, too: what is in /sys/fs/bpf outside,
# others' filters among it, is out of sight.
BOOT = """
mount -t overlay overlay -o lowerdir=$BASE,upperdir=$1/upper,workdir=$1/work $1/root
mount -t proc proc $1/root/proc
mount --bind /sys $1/root/sys
mount -t bpf -o mode=0700 bpf $1/root/sys/fs/bpf
mount --bind /dev $1/root/dev
cp --remove-destination /etc/resolv.conf $1/root/etc/resolv.conf
echo booted
exec sleep infinity
"""


def mirror():
    """Where this machine gets its packages."""
    return run("apt-get", "indextargets", "--format", "$(REPO_URI)",
               "Created-By: Packages").stdout.split()[0]


def base(package):
    """Debian's minbase, made once; what @package depends on is downloaded but not installed."""
    made = CACHE / "bookworm"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "bookworm.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made.exists():
            return made
        half_made = CACHE / "bookworm.new"
        shutil.rmtree(half_made, ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", half_made, mirror())
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
    def __init__(self, directory, lower, network):
        """@network: the name of a network namespace."""
        self.root = directory / "root"
        self.network = network
        for name in ("root", "upper", "work"):
            (directory / name).mkdir()
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-euc", BOOT, "boot",
             directory], stdout=subprocess.PIPE, text=True, env={**os.environ, "BASE": str(lower)})
        assert self.process.stdout.readline() == "booted\n"

    def inside(self, *words):
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", *words]

    def run(self, *words, check=True):
        """On the machine, as it is on the lab's network."""
        return run(*self.inside(f"--net=/run/netns/{self.network}", "chroot", self.root, *words),
                   check=check)

    def run_online(self, *words):
        """The same where Debian's mirror can be reached."""
        return run(*self.inside("chroot", self.root, *words))

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
