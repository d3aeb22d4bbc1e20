# SPDX-License-Identifier: GPL-2.0
"""top, on a screen of 80x24 that is tmux's, with traffic in the lab: who and what carries it."""

import json
import re
import shlex
import signal
import subprocess
import time

import pytest

from conftest import until

PYTHON = "/usr/bin/python3"
INTERNET, OTHER = "2001:db8:ffff::1", "2001:db8:ffff::2"
CONTAINER, VM2 = "2001:db8:1:2:8010::5", "2001:db8:1:2:8000:2:0:1"
PING_RULE = "allow icmp6 echo-request rangeB:8010::5"


@pytest.fixture(scope="module")
def up(lab):
    lab.run("internet", "ip", "address", "add", f"{OTHER}/64", "dev", "eth0", "nodad")
    lab.xfw("up")
    lab.xfw("define", "web", CONTAINER)
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5")
    lab.xfw(*PING_RULE.split())
    assert until(lambda: lab.run("internet", "ping", "-6", "-c", 1, "-W", 1, CONTAINER,
                                 check=False).returncode == 0)
    return lab


@pytest.fixture(scope="module")
def traffic(up):
    """100 packets a second to a guest that may have them, from one source; a tenth of that to one
    that may not, from another."""
    for source, destination, interval in ((INTERNET, CONTAINER, "0.01"), (OTHER, VM2, "0.1")):
        up.start("internet", "ping", "-6", "-q", "-i", interval, "-I", source, destination)
    return up


class Screen:
    def __init__(self, lab, terminal="screen", columns=80, lines=24):
        self.tmux = ["tmux", "-L", f"{lab.name}-{time.monotonic_ns()}", "-f", "/dev/null"]
        words = shlex.join(map(str, lab.xfw_words("top")))
        self.run("new-session", "-d", "-x", columns, "-y", lines,
                 f"TERM={terminal} {words}; echo ended with $?; sleep 1000")
        assert until(lambda: "q quit" in self.text()), self.text()

    def run(self, *words):
        return subprocess.run([*self.tmux, *map(str, words)], check=True, capture_output=True,
                              text=True).stdout

    def text(self):
        return self.run("capture-pane", "-p")

    def press(self, *keys):
        self.run("send-keys", *keys)

    def row(self, words):
        """The numbers before a row that begins with these words, when they are there."""
        found = re.search(rf"^((?: +(?:[\d.]+[kMG]?|never|\d+[smh]))+) {re.escape(words)}",
                          self.text(), re.M)
        return found and found[1].split()

    def rate_of(self, words):
        """Packets a second of that row, once there are some."""
        assert until(lambda: (self.row(words) or ["0"])[0] != "0"), self.text()
        return float(self.row(words)[0])

    def process(self):
        shell = self.run("list-panes", "-F", "#{pane_pid}").strip()
        return int(subprocess.run(["pgrep", "-P", shell], check=True, capture_output=True,
                                  text=True).stdout.split()[0])

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], check=False)


@pytest.fixture
def screen(traffic):
    made = Screen(traffic)
    yield made
    made.close()


def talkers(lab):
    dump = lab.run("hv", "bpftool", "-j", "map", "dump", "pinned", f"{lab.pins}/talkers").stdout
    return json.loads(dump)


def test_nobody_is_counted_as_long_as_nobody_looked(traffic):
    assert until(lambda: traffic.dropped("not-allowed") > 0)
    assert talkers(traffic) == []


# ---- what carries the traffic ----

def test_the_rule_that_lets_it_in(screen):
    assert 30 < screen.rate_of("#2 " + PING_RULE) < 120
    # The other one is there, and idle; it stands below.
    assert until(lambda: (screen.row("#1 allow tcp 443") or ["1"])[0] == "0")
    text = screen.text()
    assert text.index(PING_RULE) < text.index("allow tcp 443")


def test_the_guest_that_gets_it_both_ways_and_by_its_name(screen):
    screen.press("2")
    assert 30 < screen.rate_of(f"{CONTAINER} web") < 120
    into, _, out, _, dropped = map(lambda text: float(text.rstrip("k")),
                                   screen.row(f"{CONTAINER} web"))
    assert dropped == 0 and out == pytest.approx(into, rel=0.3)
    assert 3 < screen.rate_of(VM2) < 15
    assert float(screen.row(VM2)[4]) == pytest.approx(float(screen.row(VM2)[0]), abs=2)


def test_the_reason_of_what_is_dropped(screen):
    screen.press("3")
    assert 3 < screen.rate_of("wan not-allowed") < 15


def test_the_source_that_sends_it(screen):
    screen.press("4")
    assert 30 < screen.rate_of(INTERNET) < 120
    assert 3 < screen.rate_of(OTHER) < 15
    assert float(screen.row(OTHER)[2]) > 0 and screen.row(INTERNET)[2] == "0"


def test_above_stand_the_interfaces_and_how_full_the_flows_are(screen):
    found = None

    def there():
        nonlocal found
        found = re.search(r"^eth0 +wan +in +(\d+) pps +(\d+)k bit/s +(\d+) dropped/s$",
                          screen.text(), re.M)
        return found and int(found[1]) > 30
    assert until(there), screen.text()
    packets, kilobits, dropped = map(int, found.groups())
    # An echo request of 56 bytes: 118 with its headers.
    assert kilobits == pytest.approx(packets * 118 * 8 / 1000, rel=0.1) and 3 < dropped < 15
    assert re.search(r"^vmbr0 +lan +out +\d+ pps", screen.text(), re.M)
    assert re.search(r"^flows \d+ of 262144 \(0%\)", screen.text(), re.M)


def test_a_change_on_trial_is_counted_down(screen, traffic):
    traffic.xfw("save")
    traffic.xfw("apply", "--confirm", 100)
    assert until(lambda: re.search(r"goes back in \d+ s unless 'xfw confirm'", screen.text()))
    traffic.xfw("confirm")
    assert until(lambda: "goes back" not in screen.text())


# ---- keys ----

def test_keys_turn_to_each_view_and_sort_it(screen):
    for key, heading in (("2", "GUEST"), ("3", "DROPS"), ("4", "SOURCE"), ("1", "RULE"),
                         ("Tab", "GUEST"), ("Tab", "DROPS")):
        screen.press(key)
        assert until(lambda: re.search(rf" {heading}$", screen.text(), re.M)), screen.text()
    screen.press("4")
    for key, mark in ((">", r"\* +BIT/S"), ("s", r"\* DROP/S"), ("<", r"\* +BIT/S"), ("<", r"\* +PPS")):
        screen.press(key)
        assert until(lambda: re.search(mark, screen.text())), screen.text()
    # By what is dropped of it, the other source comes first.
    assert until(lambda: screen.text().find(INTERNET) < screen.text().find(OTHER))
    screen.press("<")
    assert until(lambda: -1 < screen.text().find(OTHER) < screen.text().find(INTERNET))


def test_paused_it_stands_still_and_goes_on(screen):
    screen.rate_of("#2")
    screen.press("p")
    assert until(lambda: "paused" in screen.text())
    before = screen.text()
    time.sleep(2.5)
    assert screen.text() == before
    screen.press("p")
    assert until(lambda: screen.text() != before and "paused" not in screen.text())
    assert 30 < screen.rate_of("#2") < 120


def test_help_says_what_the_keys_do(screen):
    screen.press("?")
    assert until(lambda: "sort by the next column" in screen.text())
    screen.press("?")
    assert until(lambda: "sort by the next column" not in screen.text())


def test_q_ends_it_and_gives_the_screen_back(screen):
    screen.press("q")
    assert until(lambda: "ended with 0" in screen.text())
    assert "q quit" not in screen.text().split("ended with")[1]


def test_a_signal_ends_it_too(screen):
    subprocess.run(["kill", f"-{signal.SIGTERM}", str(screen.process())], check=True)
    assert until(lambda: "ended with 0" in screen.text())


# ---- terminals ----

@pytest.mark.parametrize("terminal", ["xterm", "vt100", "screen", "xterm-256color", "linux"])
def test_any_usual_terminal_of_80x24_will_do(traffic, terminal):
    screen = Screen(traffic, terminal)
    try:
        for key, words in (("1", "#2"), ("2", CONTAINER), ("3", "wan not-allowed"),
                           ("4", INTERNET), ("?", "Rates are")):
            screen.press(key)
            assert until(lambda: words in screen.text()), screen.text()
            lines = screen.text().splitlines()
            # One less than 80: in the last column, terminals differ.
            assert len(lines) == 24 and max(map(len, lines)) < 80
            assert lines[-1].startswith("1-4 Tab view")
    finally:
        screen.close()


def test_it_follows_the_size_of_its_window(screen):
    assert until(lambda: "#2" in screen.text())
    for columns, lines in ((120, 40), (60, 10), (80, 24)):
        screen.run("resize-window", "-x", columns, "-y", lines)
        assert until(lambda: len(screen.text().splitlines()) == lines and
                     screen.text().splitlines()[-1].startswith("1-4 Tab view"))
        assert until(lambda: "eth0" in screen.text().splitlines()[0])


def test_more_rows_than_the_screen_has_can_be_scrolled(traffic):
    for port in range(30):
        traffic.xfw("allow", "udp", 20000 + port, CONTAINER)
    screen = Screen(traffic)
    try:
        assert until(lambda: "allow udp 20000" in screen.text())
        assert "allow udp 20029" not in screen.text()
        screen.press("NPage", "NPage")
        assert until(lambda: "allow udp 20029" in screen.text())
        screen.press("Home")
        assert until(lambda: "allow udp 20029" not in screen.text() and "#1 " in screen.text())
    finally:
        screen.close()
        for port in range(30):
            traffic.xfw("delete", "allow", "udp", 20000 + port, CONTAINER)


@pytest.mark.parametrize("terminal", ["", "no-such-terminal"])
def test_a_terminal_that_nothing_is_known_of_is_said(up, terminal):
    words = shlex.join(map(str, up.xfw_words("top")))
    result = subprocess.run(["script", "-qec", f"TERM={terminal} {words}", "/dev/null"],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 1 and f"terminal '{terminal}'" in result.stdout, result.stdout
    assert "TERM=vt100" in result.stdout


def test_without_a_terminal_it_says_what_to_use(up):
    result = up.xfw("top", check=False)
    assert result.returncode == 1 and "xfw stats --watch" in result.stderr
    assert up.xfw("top", "--json", check=False).returncode == 1


# ---- when it or xfw ends ----

def test_it_goes_on_when_xfw_is_down_meanwhile(traffic):
    screen = Screen(traffic)
    try:
        screen.rate_of("#2")
        traffic.xfw("down")
        assert until(lambda: "xfw is not up" in screen.text())
        assert PING_RULE not in screen.text() and "q quit" in screen.text()
        traffic.xfw("up")
        assert until(lambda: PING_RULE in screen.text() and "not up" not in screen.text())
        assert until(lambda: traffic.run("internet", "ping", "-6", "-c", 1, "-W", 1, CONTAINER,
                                         check=False).returncode == 0)
        assert 30 < screen.rate_of("#2") < 120
    finally:
        screen.close()


def test_a_killed_one_is_forgotten_and_nothing_is_counted_any_more(traffic):
    screen = Screen(traffic)
    screen.press("4")
    assert screen.rate_of(INTERNET) > 0
    subprocess.run(["kill", f"-{signal.SIGKILL}", str(screen.process())], check=True)
    screen.close()

    def stands_still():
        before, met = talkers(traffic), traffic.dropped("not-allowed")
        assert before
        assert until(lambda: traffic.dropped("not-allowed") > met)
        return talkers(traffic) == before
    assert until(stands_still)
