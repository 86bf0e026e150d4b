"""What a provider has to keep, for its author's tests; pytest is not needed."""

from __future__ import annotations

from toolkit.testing.contract_checks import provider_contract

__all__ = ["provider_contract"]
