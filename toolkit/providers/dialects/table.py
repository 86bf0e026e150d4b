"""All dialects, by name: first those that a header or a first frame tells, then those that only keys tell."""

from __future__ import annotations

from toolkit.providers.dialects.ai_sdk_5 import AISDK5
from toolkit.providers.dialects.anthropic import Anthropic
from toolkit.providers.dialects.base import Dialect

DIALECTS: dict[str, type[Dialect]] = {dialect.name: dialect for dialect in (AISDK5, Anthropic)}
