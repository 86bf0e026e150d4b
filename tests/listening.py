"""Hears every line that is logged in the whole run, and every line that a command says: none has a planted secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.sites.nextauth import PASSWORD

# The password of the login form, what every token of a login has in it, and what other tests call their secrets.
PLANTED = (PASSWORD, "..stand-in-", "s3cr3t", "5Gq0nZ2x_Vb-8kTfW3yLh7Rj1cPd6Ma9eUoXi4tBvE")
SERVERS = ("aiohttp.access", "aiohttp.server", "aiohttp.web")  # a stand-in's own log, with the queries it was asked


def secrets_in(text: str) -> list[str]:
    """Which of the planted secrets `text` shows."""
    return [secret for secret in PLANTED if secret in text]


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: list[str] = []
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in SERVERS:
            self.lines += 1
            if found := secrets_in(self.format(record)):
                self.heard.append(f"{record.name} {record.levelname} at {record.pathname}:{record.lineno}: {found}")


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_logged() -> Iterator[None]:
    """Every record of every logger is looked at, with its traceback if it has one."""
    ear, ours = _Ear(), logging.getLogger("toolkit")
    logging.getLogger().addHandler(ear)
    before = ours.level
    ours.setLevel(logging.DEBUG)
    ours.debug("the test run begins")
    yield
    ours.setLevel(before)
    logging.getLogger().removeHandler(ear)
    assert ear.lines > 0
    assert ear.heard == []
