"""Which models a server offers, by the names that clients call them, and which site each name means. Pure.

A name is `PROVIDER/MODEL`, `PROVIDER@ACCOUNT/MODEL`, either without `/MODEL` for the site's own choice, or a name that
the person has given to one or more of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from toolkit.errors import UnknownModel, UsageError
from toolkit.providers.base import Provider
from toolkit.stores.base import Key

DEFAULT_ACCOUNT = "default"
LONGEST_NAME = 512  # characters of a model's name
_LITERAL = re.compile(r"([^*?\[]*)(?=[*?\[])")  # what a pattern has before its first wildcard


class ServedSite(NamedTuple):
    """One account at one deployment of a provider. `base_url` is None for the public site."""

    provider: str
    account: str = DEFAULT_ACCOUNT
    base_url: str | None = None

    @property
    def name(self) -> str:
        """The first part of the names of its models."""
        return self.provider if self.account == DEFAULT_ACCOUNT else f"{self.provider}@{self.account}"


class ServedModel(NamedTuple):
    """A model at a site; `model` is None for the site's own choice."""

    site: ServedSite
    model: str | None


class ModelNames(NamedTuple):
    """What names mean. `sites` are all that there are; `aliases` are the person's own names, each for one or more
    others; `only` are patterns (`openwebui/*`) of the names that are served, all of them where there is none."""

    sites: tuple[ServedSite, ...]
    aliases: Mapping[str, tuple[str, ...]] = {}
    only: tuple[str, ...] = ()

    def find(self, name: str) -> tuple[ServedModel, ...]:
        """What to ask for `name`, one after the other where the one before fails. Raises `UnknownModel`."""
        if len(name) > LONGEST_NAME:  # each event of an answer has it
            raise UnknownModel(f"No model has a name of more than {LONGEST_NAME} characters.")
        if not self.is_served(name):
            raise UnknownModel(f"This server serves no model {name!r}.", hint="`GET /v1/models` lists those it does.")
        return tuple(self._find_one(one) for one in self.aliases.get(name, (name,)))

    def is_served(self, name: str) -> bool:
        """Whether `name` is one of those that were not left out."""
        return not self.only or any(fnmatchcase(name, pattern) for pattern in self.only)

    def may_serve(self, site: ServedSite) -> bool:
        """Whether a name of `site`, or of a model of it, may be one of those: so that it has to be asked for these."""
        return not self.only or any(_may_fit(pattern, f"{site.name}/") for pattern in self.only)

    def of_site(self, site: ServedSite, models: Iterable[str]) -> Iterator[str]:
        """The names of `site` itself and of its `models`, as far as they are served."""
        names = (site.name, *(f"{site.name}/{model}" for model in models))
        return (name for name in names if self.is_served(name))

    def _find_one(self, name: str) -> ServedModel:
        place, _, model = name.partition("/")
        provider, _, account = place.partition("@")
        account = account or DEFAULT_ACCOUNT
        found = [site for site in self.sites if (site.provider, site.account) == (provider, account)]
        if not found:
            there = ", ".join(sorted({site.name for site in self.sites})) or "none"
            hint = f"There are sessions for: {there}. `toolkit login {provider or 'PROVIDER'}` makes another."
            raise UnknownModel(f"There is no site for the model {name!r}.", hint=hint)
        if len(found) > 1:
            places = " and ".join(str(site.base_url) for site in found)
            hint = f"Start the server with `--base-url {provider}=URL`."
            raise UsageError(f"The model {name!r} may be at {places}.", hint=hint)
        return ServedModel(found[0], model or None)


def _may_fit(pattern: str, begins: str) -> bool:
    """Whether `pattern` may fit a name that begins with `begins`, or is that without the slash at its end."""
    literal = _LITERAL.match(pattern)
    fixed = f"{pattern}/" if literal is None else literal[0]
    return fixed.startswith(begins) or (literal is not None and begins.startswith(fixed))


def served_sites(
    stored: Iterable[Key],
    provider_class: Callable[[str], type[Provider]],
    names: Iterable[str],
    base_urls: Mapping[str, str],
) -> tuple[ServedSite, ...]:
    """The sites with a session in `stored`, and the public sites that work without one, of the providers `names`.

    `base_urls` names, by provider, the one deployment that is served of it.
    """
    sites: dict[ServedSite, None] = {}
    for key in sorted(stored, key=lambda key: (key.provider, key.account != DEFAULT_ACCOUNT, key.account, key.origin)):
        if key.provider not in names:
            continue
        public = provider_class(key.provider).public_site()
        if base_urls.get(key.provider, key.origin) == key.origin:
            sites[ServedSite(key.provider, key.account, None if key.origin == public else key.origin)] = None
    for name in names:
        kind = provider_class(name)
        has_site = any(site.provider == name for site in sites)
        if not has_site and not kind.needs_auth and (name in base_urls or (kind.url and kind.working)):
            sites[ServedSite(name, base_url=base_urls.get(name))] = None
    return tuple(sites)


def read_alias(text: str) -> tuple[str, tuple[str, ...]]:
    """The name and what it stands for, of `NAME=ID[,ID...]`. Raises `UsageError`."""
    name, equals, ids = text.partition("=")
    found = tuple(one.strip() for one in ids.split(",") if one.strip())
    if not (name.strip() and equals and found):
        raise UsageError(f"{text!r} gives no model a name.", hint="Write NAME=PROVIDER/MODEL[,PROVIDER/MODEL...].")
    return name.strip(), found
