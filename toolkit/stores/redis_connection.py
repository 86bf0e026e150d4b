"""Connects to the Redis server of a URL, and turns its failures into `StoreError`s that show no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    ConnectionError,
    NoPermissionError,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeout

from toolkit.errors import StoreError, UsageError, redact_url

OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 3.0,  # seconds
    "socket_timeout": 5.0,
    "retry": Retry(NoBackoff(), 0),  # after a lost answer nobody knows whether a lock was taken
    "protocol": 2,  # every server speaks it, and nothing here needs more
    "decode_responses": False,
}

# The first entry that an error is an instance of counts, so subclasses come before their bases.
REASONS: dict[type[RedisError], str] = {
    AuthenticationError: "the user or the password is refused",
    AuthenticationWrongNumberOfArgsError: "the user or the password is refused",
    NoPermissionError: "this user may not do that",
    ConnectionError: "there is no connection",
    RedisTimeout: "it does not answer in time",
}


class RedisServer:
    """The server at `url`. `shown_url` is the URL without user and password. Raises `UsageError` if it is no such
    URL."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            if parts.scheme != "unix" and not (parts.path.strip("/") or "0").isdecimal():
                raise ValueError("no number of a database")  # redis-py would ignore it
            self._options: dict[str, Any] = {**parse_url(url), **OPTIONS}
            self.shown_url = redact_url(url)
            pool: Any = ConnectionPool(**self._options)
            pool.make_connection()  # checks the options without connecting
        except (TypeError, ValueError, RedisError):
            raise UsageError(
                "That is no URL of a Redis server.", hint="It looks like redis://user:password@host:6379/0."
            ) from None  # the cause may show a part of the password

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Redis]:
        """Open a connection for the length of the block. Every `RedisError` in the block becomes a `StoreError`."""
        try:
            async with Redis.from_pool(ConnectionPool(**self._options)) as redis:
                yield redis
        except RedisError as error:
            raise StoreError(
                f"The Redis store {self.shown_url} cannot be used: {describe_failure(error)}.",
                hint="Check the address, and whether the server runs and lets you in.",
            ) from None


def describe_failure(error: RedisError) -> str:
    """Say what went wrong in words of our own: the server's may repeat a password or a session that it was sent."""
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason
    return f"the server refused ({type(error).__name__})"
