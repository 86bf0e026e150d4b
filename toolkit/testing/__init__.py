"""Help for tests: the contract that every provider has to fulfil, and a pytest plugin that runs tests from recordings.

`contract` says what the contract is, and `contract_checks` checks it, without pytest: `fault_injection` alters recorded
answers, `frames` finds where they can be cut, `replayed_call` replays a call on them, and `leak_detection` finds tasks
and warnings that are left over. Replaying itself belongs to `toolkit.replay`. Users call `provider_contract`; pytest
loads `pytest_plugin` by its entry point.
"""

from __future__ import annotations

from toolkit.testing.contract import provider_contract

__all__ = ["provider_contract"]
