"""Follows a site to the address that it has itself, where that of the plan of a visit only leads there."""

from __future__ import annotations

import itertools
import logging
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from toolkit.browser.sync_async_runners import Steps
from toolkit.browser.visit_plan import VisitPlan
from toolkit.session.site_address import ascii_host, moved_site

log = logging.getLogger("toolkit")


def follow_moves(response: Any, plan: VisitPlan) -> Steps[VisitPlan]:
    """The plan for the address to which the redirects before `response`, the page's document, say that the site has
    moved; `plan` itself, where they say nothing of that."""
    requests = [response.request]
    while (earlier := requests[0].redirected_from) is not None:
        requests.insert(0, earlier)
    for request, following in itertools.pairwise(requests):
        redirect = yield request.response()
        site = plan.url.removesuffix(plan.recipe.page)
        moved = moved_site(site, redirect.status, request.url, following.url) if redirect is not None else None
        if moved is not None:
            old, new = (ascii_host(urlsplit(url).hostname or "") for url in (site, moved))
            log.debug("%s: %s leads to %s", plan.provider, site, moved)
            hosts = tuple(new if host == old else host for host in plan.hosts)
            plan = replace(plan, url=moved + plan.recipe.page, hosts=hosts)
    return plan
