"""What several users change in one session is brought together: nothing that is newer is lost, nothing comes back."""

from __future__ import annotations

import msgspec
import pytest

from toolkit.session.browser_session import BrowserSession, Cookie
from toolkit.session.concurrent_changes import merge_sessions


def session(at: float = 0.0, visit: float = 1.0, **values: str) -> BrowserSession:
    """One with these cookies, last changed `at`, of the visit `visit`."""
    cookies = tuple(Cookie(name=name, value=value, domain="example.com") for name, value in values.items())
    return BrowserSession(
        provider="p", origin="https://example.com", cookies=cookies, harvested_at=visit, changed_at=at
    )


def values(of: BrowserSession) -> dict[str, str]:
    return {cookie.name: cookie.value for cookie in of.cookies}


BEFORE = session(a="1", b="1", c="1")


@pytest.mark.parametrize(
    ("stored", "after", "result"),
    [
        pytest.param(BEFORE, session(2, a="2", b="1", c="1"), {"a": "2", "b": "1", "c": "1"}, id="only we changed"),
        pytest.param(session(2, a="2", b="1", c="1"), BEFORE, {"a": "2", "b": "1", "c": "1"}, id="only they changed"),
        pytest.param(
            session(2, a="2", b="1", c="1"), session(3, a="1", b="3", c="1"), {"a": "2", "b": "3", "c": "1"}, id="both"
        ),
        pytest.param(BEFORE, session(2, a="1", c="1"), {"a": "1", "c": "1"}, id="what we deleted"),
        pytest.param(session(2, a="1", c="1"), session(3, a="1", b="1", c="3"), {"a": "1", "c": "3"}, id="they did"),
        pytest.param(session(2, a="2"), session(3, a="3", b="1", c="1"), {"a": "3"}, id="the same one, we are later"),
        pytest.param(session(3, a="3"), session(2, a="2", b="1", c="1"), {"a": "3"}, id="the same one, they are later"),
        pytest.param(session(2, b="1"), session(3, a="3", b="1", c="1"), {"b": "1", "a": "3"}, id="set again"),
        pytest.param(session(3, b="1", c="1"), session(2, a="2", b="1", c="1"), {"b": "1", "c": "1"}, id="not back"),
        pytest.param(session(2, a="2", b="1", c="1", d="2"), session(3, a="1", b="1", c="1", e="3"),
                     {"a": "2", "b": "1", "c": "1", "d": "2", "e": "3"}, id="new ones of both"),
        pytest.param(session(0, 9, x="9"), session(3, a="3"), {"x": "9"}, id="another login"),
        pytest.param(session(0, 0.5, x="0"), session(3, a="3"), {"x": "0"}, id="another login, of a slow clock"),
    ],
)  # fmt: skip
def test_merging(stored: BrowserSession, after: BrowserSession, result: dict[str, str]) -> None:
    """Each case is what the store has, and what we have made of `BEFORE`."""
    assert values(merge_sessions(stored, BEFORE, after)) == result


def test_nothing_new_is_nothing_changed() -> None:
    """Who changed nothing gets the stored session itself, so that nothing has to be written."""
    stored = session(2, a="2")
    assert merge_sessions(stored, BEFORE, BEFORE) is stored


def test_the_order_of_cookies_is_kept() -> None:
    """Cookies are sent in the order of the jar: the site's own order where only we changed, else the stored one."""
    after = session(3, b="1", c="1", a="3")
    assert list(values(merge_sessions(BEFORE, BEFORE, after))) == ["b", "c", "a"]
    assert list(values(merge_sessions(session(2, a="1", b="2", c="1"), BEFORE, session(3, b="1", c="3", a="1")))) == [
        "a",
        "b",
        "c",
    ]


def test_only_cookies_are_merged() -> None:
    """What a visit alone can change is the store's."""
    stored = msgspec.structs.replace(session(2, a="2"), identity="ada", headers={"user-agent": "x"})
    result = merge_sessions(stored, BEFORE, session(3, a="3", b="1", c="1"))
    assert (result.identity, result.headers, result.changed_at) == ("ada", {"user-agent": "x"}, 3)
