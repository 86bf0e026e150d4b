"""How many connections a server holds at once: no more than it has files for, since each call at a site needs one too.

Without files a server can take no connection and call no site, and whoever opens many and says nothing would shut out
the others.
"""

from __future__ import annotations

from contextlib import suppress

MAX_CONNECTIONS = 4096
OTHER_FILES = 128  # for the log, the store, a browser


def raise_connection_limit() -> int:
    """Have the system allow this process as many files as it needs. Returns how many connections it can hold then."""
    try:
        import resource
    except ImportError:  # Windows, whose sockets are no files
        return MAX_CONNECTIONS
    wanted = 2 * MAX_CONNECTIONS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):  # where there are further limits, which getrlimit does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    files = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)
    return max(1, (files - OTHER_FILES) // 2)
