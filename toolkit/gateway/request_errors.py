"""The exception by which a request is refused from wherever it is read."""

from __future__ import annotations

from toolkit.gateway.error_answers import GatewayError


class Refused(Exception):
    """Ends the handling of a request that cannot be kept to. `error` is what the client is told.

    It stays within this room: callers of the toolkit never see it.
    """

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error
