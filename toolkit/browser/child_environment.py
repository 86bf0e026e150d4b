"""Takes secrets out of the environment that another program gets: the driver, a browser, a command under replay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from toolkit.errors import redact_url

# Named here, since the rooms that they belong to do not stand above this one.
KEY_VARIABLES = ("TOOLKIT_STORE_KEY", "TOOLKIT_SERVE_KEY")
STORE_VARIABLE = "TOOLKIT_STORE"
SESSION_PREFIX = "TOOLKIT_SESSION"  # of the variables that hold sessions, followed by _ and a provider


_named_in_files: set[str] = set()  # variables that browsers.json names as the place of a secret


def keep_from_children(name: str) -> None:
    """Have `without_secrets` leave out the variable `name` too, from now on."""
    _named_in_files.add(name)


def without_secrets(environ: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """`environ` without what is ours alone to know; the variables named in `keep` stay as they are.

    Left out are the passphrase of the store, the server's key, the sessions that are handed in, and the secrets of
    browsers.json. The address of a store loses user, password and query, and so do those of proxies (each variable
    whose name ends with `PROXY`) user and password: what follows `HTTPS_PROXY` and its like still goes to the same
    proxy.
    """
    kept = set(keep)
    cleaned = ((name, value if name in kept else _without_secret(name, value)) for name, value in environ.items())
    return {name: value for name, value in cleaned if value is not None}


def _without_secret(name: str, value: str) -> str | None:
    """`value` of the variable `name` without its secret; None where nothing is left of it."""
    known = name.upper()
    if name in _named_in_files or known in KEY_VARIABLES or known.startswith(f"{SESSION_PREFIX}_"):
        return None
    if known == STORE_VARIABLE and "://" in value:
        try:
            return redact_url(value)
        except ValueError:  # it is no URL, and may hold anything
            return None
    if known.endswith("PROXY") and "@" in value:
        scheme, colon, _ = value.partition("://")
        # Up to the last @, since a password may have one too.
        return f"{scheme if colon else ''}{colon}{value.rpartition('@')[2]}"
    return value
