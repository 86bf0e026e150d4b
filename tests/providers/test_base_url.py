"""A provider without a public site: the address of the deployment is needed."""

from __future__ import annotations

import pytest

from toolkit.client.client import Client
from toolkit.errors import UsageError
from toolkit.providers.base import Provider


class Own(Provider):
    """A site that everybody runs for themselves."""

    name = "own"


def test_without_a_public_site_the_address_is_needed() -> None:
    """The error says so, and names the argument, however the provider is made."""
    needed = r"own: There is no public site.* `base_url`"
    with pytest.raises(UsageError, match=needed):
        Own()
    with pytest.raises(UsageError, match=needed):
        Client(Own)
    with pytest.raises(UsageError, match=needed):
        Own("")


def test_with_the_address_it_is_like_any_other() -> None:
    """Site, page and hosts are the deployment's."""
    provider = Own("https://own.example/chat/")
    assert (provider.site, provider.page, provider.hosts) == (
        "https://own.example/chat",
        "https://own.example/chat/",
        ("own.example",),
    )
    assert Own.public_site() == ""
