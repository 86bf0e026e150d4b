"""Help for tests: the contract that every provider has to fulfil, and a pytest plugin that runs tests from recordings.

Here belong the checks of the contract (`contract_checks`), which need no pytest: faults put into recorded answers,
calls replayed with them, leaks that they leave behind. Replaying itself belongs to `toolkit.replay`. The room hands out
`provider_contract`; pytest loads `pytest_plugin` by its entry point.
"""

from __future__ import annotations

from toolkit.testing.contract_checks import provider_contract

__all__ = ["provider_contract"]
