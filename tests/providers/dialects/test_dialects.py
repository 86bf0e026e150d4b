"""Each dialect reads its own answers, whole and cut, in whatever chunks, and recognises them and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.http.answering_site import SESSION
from tests.providers.dialects.samples import DOCUMENTS, SAMPLES, STRANGERS
from tests.providers.dialects.samples.sample import Sample
from tests.sites.serving import serve
from tests.streams.laws import chunks
from toolkit.chats.events import Finished, KeepAlive, Piece, Reasoning
from toolkit.errors import ProtocolError, StreamInterrupted
from toolkit.http.transport import Transport
from toolkit.providers.dialects import DIALECTS, Recognised, read_answer, recognise
from toolkit.providers.dialects.recognition import matching, read_whole

DOCUMENT = re.compile(rb"[\[{\"].*[\]}\"]|null", re.DOTALL)

samples = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def read(sample: Sample, parts: Iterable[bytes]) -> Recognised:
    return read_whole(DIALECTS[sample.dialect](), parts)


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """`pieces` with neighbouring texts, and thoughts, in one."""
    merged: list[Piece] = []
    for kind, group in groupby(pieces, type):
        if kind is str:
            merged.append("".join(piece for piece in group if isinstance(piece, str)))
        elif kind is Reasoning:
            merged.append(Reasoning("".join(piece.text for piece in group if isinstance(piece, Reasoning))))
        else:
            merged += group
    return merged


@samples
def test_the_answer_is_read(sample: Sample) -> None:
    """Text, thoughts and whatever else, each once, and why the answer has ended."""
    found = read(sample, sample.frames)
    assert found.error is None
    assert joined(found.pieces) == sample.pieces
    assert found.sure is DIALECTS[sample.dialect].marks_end


@samples
def test_a_cut_answer_is_never_whole(sample: Sample) -> None:
    """Where an answer has an end mark, one that ends before is an error after what has come of it."""
    whole = sample.whole or len(sample.frames)
    for end in range(len(sample.frames)):
        found = read(sample, sample.frames[:end])
        assert "".join(piece for piece in sample.pieces if isinstance(piece, str)).startswith(found.text)
        if end == 0:
            assert isinstance(found.error, ProtocolError)
        elif end < whole and end not in sample.like_whole:
            assert isinstance(found.error, StreamInterrupted), end
            assert not any(isinstance(piece, Finished) for piece in found.pieces)
        else:
            assert found.error is None, end


@samples
def test_a_frame_that_is_cut_is_none(sample: Sample) -> None:
    """A body that ends within a frame gives what the frames before it say, and no end that was not told."""
    body = b"".join(sample.frames)
    for end in range(0, len(body), 1 + len(body) // 200):
        found = read(sample, [body[:end]])
        assert sample.dialect == "plain-text" or "".join(
            piece for piece in sample.pieces if isinstance(piece, str)
        ).startswith(found.text)
        if DIALECTS[sample.dialect].marks_end:
            assert (found.error is None) == found.sure


reporting = {name: sample for name, sample in SAMPLES.items() if sample.failure}


@pytest.mark.parametrize("sample", reporting.values(), ids=reporting)
def test_a_failure_within_the_answer_is_raised(sample: Sample) -> None:
    """The error is of the type that the site tells, in its words, after the text so far; what follows is not read."""
    assert sample.failure is not None
    frame, kind, words = sample.failure
    for end in range(1, sample.whole or len(sample.frames)):
        found = read(sample, [*sample.frames[:end], frame, *sample.frames[end:]])
        cut = read(sample, sample.frames[:end])
        assert type(found.error) is kind
        assert words in str(found.error)
        assert (found.text, found.sure) == (cut.text, cut.sure)


@samples
def test_one_byte_at_a_time_gives_the_same(sample: Sample) -> None:
    """However the bytes arrive, the answer is the same."""
    body = b"".join(sample.frames)
    assert joined(read(sample, chunks(body, [1])).pieces) == sample.pieces


@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.integers(0, 50), max_size=8), st.integers(0, 2000))
def test_any_chunks_give_the_same(name: str, sizes: list[int], end: int) -> None:
    """So it is in chunks of any sizes, of a body that is cut anywhere."""
    sample = SAMPLES[name]
    body = b"".join(sample.frames)[:end]
    found, expected = read(sample, chunks(body, sizes)), read(sample, [body])
    assert joined(found.pieces) == joined(expected.pieces)
    assert str(found.error) == str(expected.error)


def documents(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values of a JSON document."""
    yield place
    for key, item in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from documents(item, (*place, key))


def changed(node: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with `value` at `place`."""
    if not place:
        return value
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = {key: changed(item, place[1:], value) if key == place[0] else item for key, item in items}
    return found if isinstance(node, dict) else [*found.values()]


@given(st.sampled_from(sorted(SAMPLES)), st.data(), st.sampled_from([1, "x", [1], {"a": 1}, None, True]))
def test_a_value_of_another_type_is_no_bug_of_ours(name: str, data: st.DataObject, value: Any) -> None:
    """Whatever stands in the place of a value: the answer is read without it, or it is an error of the toolkit's."""
    sample = SAMPLES[name]
    number = data.draw(st.integers(0, len(sample.frames) - 1))
    frame = sample.frames[number]
    if (match := DOCUMENT.search(frame)) is None:
        return
    try:
        document = json.loads(match[0])
    except ValueError:
        return
    place = data.draw(st.sampled_from(list(documents(document))))
    other = json.dumps(changed(document, place, value)).encode()
    frames = [*sample.frames[:number], frame[: match.start()] + other + frame[match.end() :]]
    read(sample, [*frames, *sample.frames[number + 1 :]])
    matching({}, frames[:2])


@samples
def test_a_sample_is_recognised_by_its_own_dialect_alone(sample: Sample) -> None:
    """No other fingerprint matches it."""
    assert [dialect.name for dialect in matching(sample.headers, sample.frames)] == [sample.dialect]
    found = recognise({name.title(): value for name, value in sample.headers.items()}, b"".join(sample.frames))
    assert found is not None
    assert (found.dialect.name, joined(found.pieces)) == (sample.dialect, sample.pieces)


@pytest.mark.parametrize(("headers", "body"), STRANGERS.values(), ids=STRANGERS)
def test_what_is_in_no_dialect_is_recognised_as_none(headers: dict[str, str], body: bytes) -> None:
    """A page's own frames are nobody's, even where they look like a part of a dialect."""
    assert recognise(headers, body) is None


@pytest.mark.parametrize(("name", "body", "kind", "words"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_in_the_place_of_frames_says_why(
    name: str, body: bytes, kind: type[ProtocolError], words: str
) -> None:
    """The failure that it reports is raised."""
    found = read_whole(DIALECTS[name](), [body])
    assert type(found.error) is kind
    assert words in str(found.error)


@pytest.mark.parametrize(("name", "body"), [("flowise", b'{"text": "Hi"}'), ("n8n", b'{"output": "Hi"}')])
def test_an_answer_that_does_not_stream_is_read(name: str, body: bytes) -> None:
    """Some software answers with one document where it cannot stream."""
    assert read_whole(DIALECTS[name](), [body]).pieces == ("Hi", Finished("stop"))


@pytest.mark.parametrize("name", DIALECTS)
def test_nothing_at_all_is_no_answer(name: str) -> None:
    """An empty body is an error in each dialect."""
    assert isinstance(read_whole(DIALECTS[name](), [b""]).error, ProtocolError)


def test_every_dialect_has_a_sample() -> None:
    """What is not tried here does not count as a dialect; names are those of the table."""
    assert {sample.dialect for sample in SAMPLES.values()} == set(DIALECTS)
    assert all(name == dialect.name for name, dialect in DIALECTS.items())


def site() -> web.Application:
    """A site that answers with the sample of the query, a frame at a time."""

    async def answer(request: web.Request) -> web.StreamResponse:
        sample = SAMPLES[request.query["name"]]
        response = web.StreamResponse(headers=sample.headers)
        await response.prepare(request)
        for frame in sample.frames:
            await response.write(frame)
        return response

    app = web.Application()
    app.router.add_get("/answer", answer)
    return app


async def test_every_answer_is_read_from_a_response() -> None:
    """The same pieces come from a site, with signs of life between them."""
    async with serve(site()) as url, Transport(SESSION, page=f"{url}/") as http:
        for name, sample in SAMPLES.items():
            async with http.get(f"{url}/answer", params={"name": name}) as response:
                dialect = DIALECTS[sample.dialect]()
                pieces = [piece async for piece in read_answer(response, dialect)]
            assert joined(piece for piece in pieces if not isinstance(piece, KeepAlive)) == sample.pieces, name
