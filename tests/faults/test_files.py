# SPDX-License-Identifier: GPL-2.0
"""Configurations that cannot be read, or not understood: told in time, at a length one reads."""

import os
import random
import subprocess
import threading
from pathlib import Path

import pytest

import steady
from two import OLD

MEGABYTE = 1 << 20


def text(write):
    return lambda path: path.write_bytes(write() if callable(write) else write)


def under_a_file(path):
    path.parent.rmdir()
    path.parent.write_text("")


def noise():
    seed = int(os.environ.get("XFW_TEST_SEED", random.randrange(1 << 32)))
    print(f"XFW_TEST_SEED={seed}")
    return random.Random(seed).randbytes(MEGABYTE)


def lines(line):
    return "".join(line.format(i) for i in range(MEGABYTE // len(line))).encode()


# What is made, by whom, and what is said of it.
FILES = {
    "nothing": (lambda path: None, "No such file"),
    "a_directory": (Path.mkdir, "Is a directory; name a file"),
    "under_a_file": (under_a_file, "Not a directory"),
    "a_dangling_link": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "a_link_to_itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "a_pipe": (os.mkfifo, "a pipe that nobody writes to"),
    "memory": (lambda path: path.symlink_to("/proc/self/mem"), "Input/output error"),
    "without_end": (lambda path: path.symlink_to("/dev/zero"), "more than 64 MB"),
    "empty": (text(b""), "no 'wan IF' line"),
    "with_a_nul": (text(OLD.encode() + b"allow tcp 80 \0host\n"), "a control character"),
    "not_in_utf8": (text(OLD.encode() + b"allow tcp 80 h\xff\xfest\n"), "not UTF-8"),
    "a_long_word": (text(b"x" * MEGABYTE), "unknown statement"),
    "a_long_line": (text(b"allow " + b"tcp " * (MEGABYTE // 4)), "at most 207 fit"),
    "random_bytes": (text(noise), "and "),
    "faults": (text(lambda: OLD.encode() + lines("allow tcp 443 nobody{}\n")), " more"),
    "statements_that_are_none": (text(lambda: lines("allow{} tcp 443 host\n")), " more"),
    "including_itself": (text(lambda: lines("include it.conf\n")), "includes itself"),
}
# Of these, what they say can be compared, though it makes no sense.
READABLE = ("empty", "a_long_line", "faults")


@pytest.fixture(scope="module")
def up(lab, packets):
    steady.bring_up(lab, packets)
    return lab


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "conf"
    made.mkdir()
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_used(up, folder, name):
    make, said = FILES[name]
    path = folder / "it.conf"
    make(path)
    for command in ("check", "apply", "diff"):
        result = up.xfw(command, path, check=False)
        if command == "diff" and name in READABLE:
            assert result.returncode == 0
        else:
            steady.refused(up, result, path, said)
    # At boot, with nobody there, or when the unit is started again.
    result = up.xfw("up", "--boot", "--config", path, check=False)
    assert said in result.stderr
    steady.refused(up, result, "CANNOT BE USED; what ran before goes on")


def test_a_pipe_with_a_writer_is_a_file(up, folder):
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(OLD))
    writer.start()
    up.xfw("apply", pipe)
    writer.join()
    steady.assert_judges(up)


def test_a_slow_writer_is_waited_for(up):
    words = " ".join(map(str, up.xfw_words("apply", "<(sleep 2; cat)")))
    subprocess.run(["bash", "-ec", words], input=OLD, text=True, check=True, timeout=60)
    steady.assert_judges(up)


def test_a_pipe_is_nothing_to_save_into(up, folder):
    os.mkfifo(folder / "pipe")
    steady.refused(up, up.xfw("save", folder / "pipe", check=False), "nothing was saved")


def test_booting_with_a_pipe_or_a_device_ends(up, folder):
    """With nothing that ran, the rescue looks for wan lines in it."""
    up.xfw("down")
    os.mkfifo(folder / "pipe")
    for path in (folder / "pipe", "/dev/zero"):
        refused = up.xfw("up", "--boot", "--config", path, check=False)
        assert refused.returncode == 1 and "nothing is filtered" in refused.stderr
    up.xfw("up")
    up.packets.begin()
    steady.assert_judges(up)
