# SPDX-License-Identifier: GPL-2.0
"""In the guest: run the scripts that come over the wire and say how each ended. JSON, by lines."""

import json
import subprocess
import sys
import tempfile


def run(script, timeout):
    # Into files: what a script leaves running in the background would hold a pipe open.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", script],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            status = f"still running after {timeout} s"
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
        return {"status": status, "stdout": texts[0], "stderr": texts[1]}


with open(sys.argv[1], "r+b", buffering=0) as wire:
    wire.write(b'{"status": "ready"}\n')
    pending = b""
    while True:
        pending += wire.read(65536)
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            answer = memoryview(json.dumps(run(**json.loads(line))).encode() + b"\n")
            while answer:
                answer = answer[wire.write(answer):]
