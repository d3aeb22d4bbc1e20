# SPDX-License-Identifier: GPL-2.0
"""A page of the docs whose commands are run: in a code block `NAME# COMMAND` is one, on the machine of
that name, and a backslash continues it. The lines below it are what it prints, with `...` for lines
left out and `…` for words that differ each time. A command must end with status 0."""

import re

PROMPT = re.compile(r"(\w+)[#$] (.*)")


def steps(page):
    """The page's headings and commands: (line, machine or None, text, expected lines)."""
    block, found = False, []
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            block = not block
            continue
        prompt = PROMPT.fullmatch(line) if block else None
        if prompt:
            found.append([number, prompt[1], prompt[2], []])
        elif block and found and found[-1][1]:
            step = found[-1]
            if step[2].endswith(("\\", "|")) and not step[3]:
                step[2] = step[2].rstrip("\\") + line.strip()
            else:
                step[3].append(line)
        elif line.startswith("#"):
            found.append([number, None, line.lstrip("# "), []])
    return found


def pattern(line):
    return re.compile(r"\s+".join(re.escape(word).replace("…", ".*") for word in line.split()))


def missing(expected, output):
    """The first line that differs from what the page shows, or None. A command that the page shows
    no output of may print what it likes."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    expected = [line.strip() for line in expected if line.strip()]
    at, anywhere = 0, False
    for wanted in expected:
        if wanted == "...":
            anywhere = True
            continue
        rule = pattern(wanted)
        while anywhere and at < len(lines) and not rule.fullmatch(lines[at]):
            at += 1
        if at == len(lines) or not rule.fullmatch(lines[at]):
            return wanted
        at, anywhere = at + 1, False
    if expected and not anywhere and at < len(lines):
        return f"nothing after that, but it printed: {lines[at]}"
    return None
