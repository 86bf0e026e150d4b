"""Run a command and print what it took, as JSON: seconds, CPU seconds, peak memory in MB, exit code.

A process of its own, and a small one: on Linux a new process counts the memory of the one that started it as its own.
"""

import json
import os
import sys
import time

start = time.perf_counter()
nowhere = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
_, status, usage = os.wait4(child, 0)
took = time.perf_counter() - start
kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
code = os.waitstatus_to_exitcode(status)
print(json.dumps([took, usage.ru_utime + usage.ru_stime, kilobytes / 1024, code]))
