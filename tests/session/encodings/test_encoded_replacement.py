"""Replacing values in whichever way they are spelled, wherever chunks are cut."""

from __future__ import annotations

import base64
import json
import string
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.redaction.secrets import spelled, texts
from toolkit.session.encodings.edits import Edit, apply_edits, resize_chunks
from toolkit.session.encodings.encoded_replacement import Replacer

SECRET = 'p@ss w0rd/"+&é-9'
NEW = "PH_password_1PPPP"
assert len(NEW) == len(SECRET.encode())

LETTERS = string.ascii_letters + string.digits + "/+=\"\\&@~ %'<é漢"
secrets = texts(LETTERS, min_size=8, max_size=40).filter(
    lambda text: text.strip() == text and any(letter.isalpha() for letter in text)
)
surroundings = texts("{}[]:,;. \n漢é!?", max_size=12)


@pytest.mark.parametrize("name", spelled(SECRET))
def test_a_spelling_is_replaced(name: str) -> None:
    """No spelling of a secret stays, and what is around it does."""
    if name.startswith("base64"):
        offset = int(name[-1])
        plain = b"\0" * offset + SECRET.encode() + b"tail"
        data = base64.urlsafe_b64encode(plain) if "url" in name else base64.b64encode(plain)
        wanted = base64.b64encode(plain.replace(SECRET.encode(), NEW.encode()))
        assert base64.urlsafe_b64decode(
            Replacer({SECRET: NEW})
            .replace_bytes(b'{"a": "%b"}' % data, lambda _: None)[7:-2]
            .translate(bytes.maketrans(b"+/", b"-_"))
        ) == base64.b64decode(wanted)
        return
    data = b'<"' + spelled(SECRET)[name] + b'">'
    replaced = Replacer({SECRET: NEW}).replace_bytes(data, lambda _: None)
    if name.lower() == "hex":
        assert bytes.fromhex(replaced[2:-2].decode()) == NEW.encode()
        assert replaced == (replaced.upper() if name == "HEX" else replaced.lower())
    else:
        assert replaced == b'<"' + NEW.encode() + b'">'


@settings(max_examples=150)
@given(secrets, surroundings, surroundings, st.data())
def test_spellings_and_cuts(secret: str, before: str, after: str, data: st.DataObject) -> None:
    """Any secret, in any spelling, in any surroundings, cut into any chunks: it is gone, the boundaries add up, and
    those outside of it stay where they are."""
    new = f"PH_x_1{'P' * 99}"[: len(secret.encode())]
    name = data.draw(st.sampled_from(sorted(spelled(secret))))
    in_base64 = base64.b64encode(f"user:{secret}".encode())
    spelling = in_base64 if name.startswith("base64") else spelled(secret)[name]
    head, tail = f"{before} ".encode(), f" {after}".encode()
    body = head + spelling + tail
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    sizes = [end - start for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    changed = list(sizes)

    def tell(edits: list[Edit[bytes]]) -> None:
        changed[:] = resize_chunks(changed, edits)

    result = Replacer({secret: new}).replace_bytes(body, tell)
    assert spelling not in result
    assert result.startswith(head)
    assert result.endswith(tail)
    assert sum(changed) == len(result)
    assert min(changed) >= 0
    if len(result) == len(body):
        assert changed == sizes


@settings(max_examples=100)
@given(st.lists(st.characters(), max_size=200).map("".join))
@example("%41%2 \\u00 &amp; ==== a_b-c/d+e")
def test_what_holds_no_secret_stays(text: str) -> None:
    """Without a secret in it, a text is not changed at all."""
    assert Replacer({"sesame-9-open": "PH_x_1PPPPPPP"}).replace_text(text) == text


def test_wrapped_several_times() -> None:
    """Basic credentials in JSON in a URL are found, and still decode."""
    basic = base64.b64encode(b"ada:opensesame42").decode()
    url = f"/x?state={quote(json.dumps({'authorization': f'Basic {basic}'}))}"
    new = Replacer({"opensesame42": "PH_pass_1PPP"}).replace_text(url)
    assert base64.b64encode(b"ada:PH_pass_1PPP").decode() in new.replace("%3D", "=")
    assert len(new) == len(url)


def test_lines_of_base64() -> None:
    """A secret across the line break of an encoded text is replaced, and the lines stay as long."""
    encoded = base64.encodebytes(b"x" * 50 + b"opensesame42" + b"y" * 80)
    new = Replacer({"opensesame42": "PH_pass_1PPP"}).replace_bytes(encoded, lambda _: None)
    assert base64.decodebytes(new) == b"x" * 50 + b"PH_pass_1PPP" + b"y" * 80
    assert [len(line) for line in new.split()] == [len(line) for line in encoded.split()]


def test_digits_count_only_by_themselves() -> None:
    """A secret of digits is not found within a longer number."""
    assert Replacer({"482913": "900001"}).replace_text("482913 1482913 {482913}") == "900001 1482913 {900001}"


@settings(max_examples=100)
@given(st.lists(st.integers(0, 9), max_size=8), st.data())
def test_boundaries_stay_in_order(sizes: list[int], data: st.DataObject) -> None:
    """Whatever is replaced by whatever length, chunks keep their order and sum up to the new body."""
    body = bytes(sum(sizes))
    points = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pairs = list(zip(points[::2], points[1::2], strict=False))
    edits = [Edit(start, end, b"n" * data.draw(st.integers(0, 5))) for start, end in pairs if start < end]
    after = resize_chunks(sizes, edits)
    assert len(after) == len(sizes)
    assert sum(after) == len(apply_edits(body, edits))
    assert all(size >= 0 for size in after)
