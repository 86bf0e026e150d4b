"""The server as an `aiohttp.web.Application`: its routes, and what stands before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from toolkit.client.client import Client
from toolkit.files.file_threads import FILE_THREADS
from toolkit.gateway.call_log import CallLog
from toolkit.gateway.ending import ENDING, Ending
from toolkit.gateway.endpoints import Endpoints
from toolkit.gateway.metrics import Metrics, is_available
from toolkit.gateway.middlewares import BODY_LIMIT, GUARD, METRICS, add_headers, answer_errors, guard_entry
from toolkit.gateway.page_endpoints import PageEndpoints
from toolkit.gateway.protocols import COUNT, PROTOCOLS
from toolkit.gateway.request_guard import RequestGuard
from toolkit.gateway.served import Served
from toolkit.gateway.served_models import ServedSite
from toolkit.gateway.site_clients import SiteClients
from toolkit.stores.base import Store
from toolkit.stores.choose import open_store


def app(
    *,
    key: str,
    other_keys: Iterable[str] = (),
    hosts: Iterable[str],
    origins: Iterable[str] = (),
    store: Store | str | None = None,
    base_urls: Mapping[str, str] | None = None,
    aliases: Mapping[str, Iterable[str]] | None = None,
    only: Iterable[str] = (),
    longest_prompts: Mapping[str, int] | None = None,
    **options: Any,
) -> web.Application:
    """The server, for those who run one themselves.

    `key` is what clients have to show, "" for none, or one of `other_keys`. `hosts` are the values of Host that it
    answers to, with the port, and `origins` those web pages that may call it. `store` is where the sessions are, as
    `Client` takes it. `base_urls` names by provider the one deployment that is served; `aliases` gives models names of
    one's own, each for one or more that are tried in turn; `only` are patterns such as `openwebui/*` of the names that
    are served. `longest_prompts` says how many tokens, as they are estimated, a prompt may have, by the name of a
    provider, an account at it or a model. `options` are further arguments of `Client`, whose `retries` are none here:
    clients of the server try again themselves.

    Run it with `handler_cancellation=True` (of `web.AppRunner` and `web.run_app`): only then does a client that goes
    away end the call at the site at once. Raises `UsageError` for arguments that cannot be used.
    """
    opened = open_store(store) if store is None or isinstance(store, str) else store

    def open_client(site: ServedSite) -> Client:
        given = {"retries": 0, **options}
        return Client(site.provider, base_url=site.base_url, account=site.account, store=opened, **given)

    served = Served(
        opened,
        dict(base_urls or {}),
        {name: tuple(ids) for name, ids in (aliases or {}).items()},
        tuple(only),
    )
    application = web.Application(client_max_size=BODY_LIMIT, middlewares=[answer_errors, guard_entry])
    clients, calls = SiteClients(open_client), CallLog()
    endpoints = Endpoints(served, clients, calls, dict(longest_prompts or {}))
    page = PageEndpoints(served, clients, calls)
    open_paths = frozenset({"/healthz", *page.paths})
    application[ENDING] = Ending()
    application[GUARD] = RequestGuard(
        frozenset(host.lower() for host in hosts), frozenset(origins), key, open_paths, tuple(other_keys)
    )
    if is_available():
        application[METRICS] = Metrics(calls)
    for path in page.paths:
        application.router.add_get(path, page.show_file)
    application.router.add_get("/api/status", page.show_status)
    application.router.add_post("/api/login", page.log_in)
    application.router.add_get("/metrics", page.show_metrics)
    application.router.add_get("/healthz", endpoints.health)
    application.router.add_get("/v1/models", endpoints.list_models)
    application.router.add_get("/v1/models/{id:.+}", endpoints.show_model)
    for protocol in PROTOCOLS:
        application.router.add_post(protocol.path, partial(endpoints.answer, protocol))
        if protocol.write_count is not None:
            application.router.add_post(f"{protocol.path}{COUNT}", partial(endpoints.count, protocol))
    application.on_response_prepare.append(add_headers)
    application.cleanup_ctx.extend((_keep_threads, clients.closing, page.closing))  # the last one is closed first
    return application


async def _keep_threads(_: web.Application) -> AsyncIterator[None]:
    """Has each call read its session without a new thread."""
    with FILE_THREADS.kept():
        yield
