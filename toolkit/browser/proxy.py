"""Proxies of a browser: a profile's proxy as the HTTP calls take it, and proxies as Playwright takes them.

The calls use the proxy that the browser used, so that a site sees both come from the same address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from urllib.parse import quote, unquote, urlsplit

from toolkit.browser.profiles import Profile, Proxy
from toolkit.errors import UsageError
from toolkit.http.no_proxy import split_no_proxy
from toolkit.http.route import Route

NO_LOOPBACK = "<-loopback>"  # in a bypass list of Chromium: loopback is reached through the proxy too


def proxy_url(proxy: Proxy, hosts: Iterable[str]) -> str | None:
    """`proxy` as a URL with user and password. None where the browser reaches all of `hosts` without it."""
    if all(is_bypassed(proxy.bypass or "", host) for host in hosts):
        return None
    server = proxy.server if "://" in proxy.server else f"http://{proxy.server}"  # as Playwright reads it
    parts = urlsplit(server)
    login = ""
    if proxy.username or proxy.password:
        login = f"{quote(proxy.username or '', safe='')}:{quote(proxy.password or '', safe='')}@"
    return f"{parts.scheme}://{login}{parts.netloc.rpartition('@')[2]}"


def proxy_settings(profile: Profile, route: Route) -> dict[str, str] | None:
    """The `proxy` option for Playwright: the route's proxy, else the profile's, else None.

    The route's proxy is used for every host that is not in its `no_proxy`, loopback included. Raises `UsageError` for a
    SOCKS proxy with a password.
    """
    if route.proxy:
        parts = urlsplit(route.proxy)
        settings = {"server": f"{parts.scheme.replace('socks5h', 'socks5')}://{parts.netloc.rpartition('@')[2]}"}
        if bypass := bypass_list(route.no_proxy, chromium=profile.browser == "chromium"):
            settings["bypass"] = bypass
        login = {"username": unquote(parts.username or ""), "password": unquote(parts.password or "")}
    elif profile.proxy:
        settings = {"server": profile.proxy.server}
        if profile.proxy.bypass:
            settings["bypass"] = profile.proxy.bypass
        login = {"username": profile.proxy.username or "", "password": profile.proxy.password or ""}
    else:
        return None
    if any(login.values()):
        if settings["server"].startswith("socks"):
            raise UsageError(
                "No browser logs in at a SOCKS proxy.", hint="Use an HTTP proxy, or one without a password."
            )
        settings.update(login)
    return settings


def bypass_list(no_proxy: str, *, chromium: bool) -> str:
    """The bypass list of a browser for `no_proxy`, a list in the format of the variable `NO_PROXY`; "" for none.

    For Chromium it begins with "<-loopback>", which switches off that Chromium reaches loopback without the proxy.
    """
    listed = [NO_LOOPBACK] if chromium else []
    for rule in split_no_proxy(no_proxy):
        name = rule.removeprefix("*").lstrip(".")
        if ":" in rule and _address(rule) is not None:
            listed.append(f"[{rule}]")
        elif not name or "/" in rule or "[" in rule or _address(rule.partition(":")[0]) is not None:
            listed.append(rule)
        else:
            listed += [name, f".{name}"]  # in `NO_PROXY` a name stands for its subdomains too
    return ",".join(listed)


def is_bypassed(rules: str, host: str) -> bool:
    """Whether Chromium reaches `host`, on any port, without a proxy whose bypass list is `rules`.

    https://chromium.googlesource.com/chromium/src/+/main/net/docs/proxy.md#proxy-bypass-rules
    """
    listed = [rule.strip().lower() for rule in rules.replace(";", ",").split(",") if rule.strip()]
    if NO_LOOPBACK not in listed and _is_implicitly_bypassed(host):
        return True
    return any(_matches(rule, host.lower()) for rule in listed)


def _matches(rule: str, host: str) -> bool:
    """Whether `host`, in lower case, matches one rule of a bypass list. A port in the rule is ignored."""
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


def _is_implicitly_bypassed(host: str) -> bool:
    """Whether Chromium's implicit rules match: names and addresses of loopback, and link-local addresses."""
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_link_local
    return host == "localhost" or host.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None
