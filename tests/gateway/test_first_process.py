"""The server as the first process of a container: in a PID namespace of its own, as a container has one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sites.asking import SECONDS

NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

# Leaves a process whose parent ends before it, waits until that has ended too, and prints what is left as a zombie.
ORPHAN = """
import os, subprocess, time
from toolkit.gateway.first_process import leave_first_process
leave_first_process()
subprocess.run(["sh", "-c", "sleep 0.2 & echo $!"], stdout=open("orphan", "w"), check=True)
orphan = open("orphan").read().strip()
while os.path.exists(f"/proc/{orphan}") and time.process_time() < 60:
    time.sleep(0.01)
states = [open(f"/proc/{one}/stat").read().rpartition(")")[2] for one in os.listdir("/proc") if one.isdigit()]
print(os.getpid(), os.getppid(), sum(state.startswith(" Z") for state in states))
raise SystemExit(7)
"""


def require_namespaces() -> None:
    """Skip where this process may not make a PID namespace."""
    if sys.platform != "linux" or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("there are no PID namespaces here")


def test_what_others_leave_is_reaped(tmp_path: Path) -> None:
    """No zombie stays, and the exit status is that of the child, or tells the signal that has ended it."""
    require_namespaces()
    run = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", ORPHAN], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS
    )
    assert (run.stdout.split()[1:], run.returncode) == (["1", "0"], 7), run.stderr
    killed = "import os; from toolkit.gateway.first_process import leave_first_process as leave; leave(); os.abort()"
    aborted = subprocess.run([*NAMESPACE, sys.executable, "-c", killed], capture_output=True, timeout=SECONDS)
    assert aborted.returncode == 128 + signal.SIGABRT
