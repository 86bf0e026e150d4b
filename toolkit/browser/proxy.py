"""The proxy of a profile as the calls take it, so that they leave this machine as the browser's own traffic does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from urllib.parse import quote, urlsplit

from toolkit.browser.profiles import Proxy
from toolkit.http.no_proxy import split_no_proxy


def proxy_url(proxy: Proxy, hosts: Iterable[str]) -> str | None:
    """`proxy` as a URL, with user and password; None where the browser reaches all of `hosts` without it."""
    if all(is_bypassed(proxy.bypass or "", host) for host in hosts):
        return None
    server = proxy.server if "://" in proxy.server else f"http://{proxy.server}"  # as Playwright reads it
    parts = urlsplit(server)
    login = ""
    if proxy.username or proxy.password:
        login = f"{quote(proxy.username or '', safe='')}:{quote(proxy.password or '', safe='')}@"
    return f"{parts.scheme}://{login}{parts.netloc.rpartition('@')[2]}"


def bypass_list(no_proxy: str, *, chromium: bool) -> str:
    """`no_proxy`, a list as the variable `NO_PROXY` has it, as the bypass list of a browser; empty where there is
    nothing to say. Chromium has to be told besides that this machine itself is no exception."""
    listed = ["<-loopback>"] if chromium else []
    for rule in split_no_proxy(no_proxy):
        name = rule.removeprefix("*").lstrip(".")
        if ":" in rule and _address(rule) is not None:
            listed.append(f"[{rule}]")
        elif not name or "/" in rule or "[" in rule or _address(rule.partition(":")[0]) is not None:
            listed.append(rule)
        else:
            listed += [name, f".{name}"]  # a name stands for all below it too
    return ",".join(listed)


def is_bypassed(rules: str, host: str) -> bool:
    """Whether Chromium reaches `host` past a proxy whose bypass list is `rules`, whatever the port.

    https://chromium.googlesource.com/chromium/src/+/main/net/docs/proxy.md#proxy-bypass-rules
    """
    listed = [rule.strip().lower() for rule in rules.replace(";", ",").split(",") if rule.strip()]
    if "<-loopback>" not in listed and _is_this_machine(host):
        return True
    return any(_fits(rule, host.lower()) for rule in listed)


def _fits(rule: str, host: str) -> bool:
    if rule == "<local>":
        return "." not in host and ":" not in host
    rule = rule.partition("://")[2] or rule
    address = _address(host)
    if address is not None and "/" in rule:
        with suppress(ValueError):
            return address in ipaddress.ip_network(rule, strict=False)
    if not rule.endswith("]") and rule.rpartition(":")[2].isdecimal() and rule.count(":") != host.count(":"):
        rule = rule.rpartition(":")[0]
    rule = rule.strip("[]")
    return fnmatchcase(host, f"*{rule}" if rule.startswith(".") else rule)


def _is_this_machine(host: str) -> bool:
    """Chromium's implicit rules: names and addresses of loopback and of the link."""
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_link_local
    return host == "localhost" or host.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None
