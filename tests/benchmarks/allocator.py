"""Has the C library keep memory that was freed, so that a peer's time does not depend on what lies beside its buffers.

asyncio asks for 256 KB for each read of a socket. Whether glibc gives that back to the system at once, which costs some
4 µs a read, depends on what else is at the end of the heap: the same code has two speeds, by luck, and no peer is
alike. See mallopt(3).
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
MB = 1024 * 1024


def keep_freed_memory() -> None:
    """Change that for this process, where its C library is glibc."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, size in ((M_TRIM_THRESHOLD, 64 * MB), (M_TOP_PAD, 16 * MB), (M_MMAP_THRESHOLD, 32 * MB)):
            mallopt(parameter, size)
