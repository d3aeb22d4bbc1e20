# SPDX-License-Identifier: GPL-2.0
"""The Debian package from the outside: lintian has no complaint, everything is in its place."""

import re
import subprocess

import pytest

from conftest import ROOT, build


def out(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=True).stdout


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    root = tmp_path_factory.mktemp("unpacked")
    out("dpkg-deb", "-x", package, root)
    out("dpkg-deb", "-e", package, root / "DEBIAN")
    return root


def test_lintian_has_no_complaint(package):
    (changes,) = package.parent.glob("*.changes")
    lint = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", changes],
                          capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert not re.search("^[EW]:", lint.stdout, re.M), lint.stdout


def test_lintian_would_complain(unpacked, tmp_path):
    """Held against a package with a fault, so that a lintian that checks nothing is noticed."""
    faulty = tmp_path / "faulty"
    out("cp", "-a", unpacked, faulty)
    (faulty / "usr/share/doc/xfw/copyright").unlink()
    out("dpkg-deb", "-b", faulty, tmp_path / "xfw.deb")
    lint = subprocess.run(["lintian", "--allow-root", tmp_path / "xfw.deb"], capture_output=True,
                          text=True)
    assert lint.returncode and "E: xfw: no-copyright-file" in lint.stdout


@pytest.mark.parametrize("path, mode", [
    ("usr/sbin/xfw", 0o755),
    ("lib/systemd/system/xfw.service", 0o644),
    ("lib/systemd/system/xfw-follow.service", 0o644),
    ("lib/systemd/system/xfw-exporter.service", 0o644),
    ("usr/share/man/man8/xfw.8.gz", 0o644),
    ("usr/share/man/man5/xfw.conf.5.gz", 0o644),
    ("usr/share/bash-completion/completions/xfw", 0o644),
    ("usr/share/xfw/grafana-dashboard.json", 0o644),
    ("usr/share/xfw/xfw-alerts.yml", 0o644),
    ("usr/share/doc/xfw/README.md.gz", 0o644),
    ("usr/share/doc/xfw/copyright", 0o644),
    ("etc/xfw/xfw.conf", 0o644),
])
def test_everything_is_in_its_place(unpacked, path, mode):
    assert (unpacked / path).stat().st_mode & 0o7777 == mode


def test_the_configuration_is_the_admins(unpacked):
    assert (unpacked / "DEBIAN/conffiles").read_text().split() == \
        ["/etc/network/if-up.d/xfw", "/etc/xfw/xfw.conf"]


def test_the_example_names_no_interface_and_leaves_the_way_in_open(unpacked):
    lines = [line.split("#")[0].split() for line in
             (unpacked / "etc/xfw/xfw.conf").read_text().splitlines()]
    assert ["allow", "tcp", "22", "host"] in lines
    assert not [line for line in lines if line and line[0] in ("wan", "lan", "tun")]


def test_the_units_start_the_programs_of_the_package(unpacked):
    for unit in (unpacked / "lib/systemd/system").iterdir():
        started = re.findall(r"^Exec(?:Start|Reload)=(\S+)", unit.read_text(), re.M)
        assert started and set(started) == {"/usr/sbin/xfw"}, unit.name
    assert "/usr/sbin/xfw sync" in (unpacked / "etc/network/if-up.d/xfw").read_text()


def test_it_depends_on_the_libraries_it_is_linked_with(package, unpacked):
    depends = out("dpkg-deb", "-f", package, "Depends")
    needed = re.findall(r"NEEDED\s+(\S+)\.so\.(\d+)", out("objdump", "-p", unpacked / "usr/sbin/xfw"))
    assert ("libbpf", "1") in needed
    for name, number in needed:
        owner = "libc6" if name == "libc" else f"{name}{number}".replace("libz1", "zlib1g")
        assert re.search(rf"\b{owner}\b", depends), owner


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_no_script_starts_enables_or_detaches_on_its_own(unpacked, script):
    text = (unpacked / "DEBIAN" / script).read_text()
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert not re.search(r"deb-systemd-invoke (re)?start|systemctl (enable|start|restart)", text)
    downs = re.findall(r'if \[ "\$1" = (\w+) \]; then\n(?:[^\n]*\n){0,8}?    xfw down', text)
    assert downs == (["remove"] if script == "prerm" else [])


def test_another_version_can_be_asked_for(tmp_path):
    package = build(tmp_path, "9.9.9-1")
    assert out("dpkg-deb", "-f", package, "Version") == "9.9.9-1\n"
    assert not (ROOT / "debian/files").exists(), "the sources were built in"
