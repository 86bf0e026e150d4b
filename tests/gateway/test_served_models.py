"""What the names of models mean."""

from __future__ import annotations

import pytest

from toolkit.errors import UnknownModel, UsageError
from toolkit.gateway.served_models import ModelNames, ServedModel, ServedSite, read_alias, served_sites
from toolkit.providers import registry
from toolkit.stores.base import Key

WEBUI = ServedSite("openwebui", base_url="https://chat.example.org")
OTHER = ServedSite("openwebui", "work", "https://chat.example.org")
NAMES = ModelNames((WEBUI, OTHER), {"best": ("openwebui/a", "openwebui@work/b")})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openwebui", [ServedModel(WEBUI, None)]),
        ("openwebui/llama3", [ServedModel(WEBUI, "llama3")]),
        ("openwebui/meta/llama3@q4", [ServedModel(WEBUI, "meta/llama3@q4")]),
        ("openwebui@work", [ServedModel(OTHER, None)]),
        ("openwebui@work/llama3", [ServedModel(OTHER, "llama3")]),
        ("best", [ServedModel(WEBUI, "a"), ServedModel(OTHER, "b")]),
    ],
)
def test_names(name: str, found: list[ServedModel]) -> None:
    """A provider, an account, and a model whose own name may have slashes; or a name of the person's."""
    assert list(NAMES.find(name)) == found


@pytest.mark.parametrize("name", ["", "gradio", "openwebui@home/x", "openwebui@work2", "nobody/x"])
def test_unknown_names(name: str) -> None:
    """They are told with what there is."""
    with pytest.raises(UnknownModel, match=r"openwebui, openwebui@work\."):
        NAMES.find(name)


def test_a_name_for_two_deployments() -> None:
    """The server does not choose whose account is used."""
    names = ModelNames((WEBUI, ServedSite("openwebui", base_url="https://b.example.org")))
    with pytest.raises(UsageError, match=r"chat\.example\.org and https://b\.example\.org.*--base-url openwebui=URL"):
        names.find("openwebui/x")


def test_what_is_served_can_be_narrowed() -> None:
    """For names that are listed as for those that are asked for."""
    names = NAMES._replace(only=("openwebui@work*", "best"))
    assert list(names.of_site(WEBUI, ["a"])) == []
    assert list(names.of_site(OTHER, ["a"])) == ["openwebui@work", "openwebui@work/a"]
    assert names.find("best")
    with pytest.raises(UnknownModel, match="serves no model"):
        names.find("openwebui/a")


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("*", [True, True]),
        ("open*", [True, True]),
        ("openwebui", [True, False]),
        ("openwebui/a", [True, False]),
        ("openwebui/*", [True, False]),
        ("openwebui*/a", [True, True]),
        ("openwebui@w*", [False, True]),
        ("openwebui@work/a", [False, True]),
        ("?est", [True, True]),
        ("best", [False, False]),
        ("openwebui@workshop/*", [False, False]),
    ],
)
def test_whose_models_are_asked_for(pattern: str, asked: list[bool]) -> None:
    """Those of which some may be served."""
    names = NAMES._replace(only=(pattern,))
    assert [names.may_serve(site) for site in (WEBUI, OTHER)] == asked


def test_sites() -> None:
    """Those with a session; the public one of a provider has no address of its own to name."""
    stored = [
        Key("openwebui", "https://chat.example.org", "work"),
        Key("aura", "https://openchat.team"),
        Key("elsewhere", "https://x.example.org"),
    ]
    found = served_sites(stored, registry.find, registry.names(), {})
    assert ServedSite("openwebui", "work", "https://chat.example.org") in found
    assert ServedSite("aura") in found
    assert all(site.provider != "elsewhere" for site in found)
    assert served_sites(stored, registry.find, ["openwebui"], {"openwebui": "https://b.example.org"}) == ()
    assert served_sites([], registry.find, ["gradio"], {"gradio": "https://g.example.org"}) == (
        ServedSite("gradio", base_url="https://g.example.org"),
    )


def test_aliases() -> None:
    """A name, and what is tried in turn."""
    assert read_alias("best=a/b, c") == ("best", ("a/b", "c"))
    for wrong in ("best", "=a", "best=", "best=,"):
        with pytest.raises(UsageError, match="Write NAME="):
            read_alias(wrong)
