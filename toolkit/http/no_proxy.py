"""The rules of the variable `NO_PROXY`: which hosts are reached without a proxy. Pure."""

from __future__ import annotations

import ipaddress
from contextlib import suppress


def is_bypassed(rules: str, host: str, port: int) -> bool:
    """Whether `rules`, a list as in `NO_PROXY`, says that `host` is reached without a proxy at `port`.

    A rule is `*`, a name (which covers all names below it), an address or a network (CIDR); each may have a port. There
    is no standard: these are the rules on which curl, Python and Go agree.
    """
    return any(_matches(rule, host.lower().rstrip("."), port) for rule in split_no_proxy(rules))


def split_no_proxy(no_proxy: str) -> list[str]:
    """The rules of a list as in `NO_PROXY`, in lower case."""
    return no_proxy.lower().replace(",", " ").split()


def _matches(rule: str, host: str, port: int) -> bool:
    if rule == "*":
        return True
    name, colon, number = rule.rpartition(":")
    if colon and number.isdecimal() and (":" not in name or name.endswith("]")):
        if int(number) != port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*").strip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(rule) and (host == rule or host.endswith(f".{rule}"))
    with suppress(ValueError):  # the rule is a name
        return address in ipaddress.ip_network(rule, strict=False)
    return False
