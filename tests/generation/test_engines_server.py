"""A language model behind a server on this computer: only there, with limits on everything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mmstudio.errors import StudioError, UsageError
from mmstudio.generation.copywriting.contract import Brief, Engine
from mmstudio.generation.copywriting.engines import Ask, ServerEngine
from mmstudio.generation.copywriting.engines.local_http import place_of
from mmstudio.library import Item
from support.llm import Answering, local_server, within

HELLO = [{"role": "user", "content": "Write a headline."}]
BAG = Item(1, "bag", "City bag", "Light and strong.", 39.9, "EUR", "Bags", "", {"material": "Nylon"})


@contextmanager
def served(
    timeout: float = 20.0, model: str = "", **does: object
) -> Iterator[tuple[ServerEngine, Answering]]:
    answering = Answering(**does)  # type: ignore[arg-type]
    with local_server(answering) as address:
        yield ServerEngine(address, model, timeout), answering


@pytest.mark.parametrize(
    ("address", "hosts", "port", "base"),
    [
        ("http://localhost:11434", ("127.0.0.1", "::1"), 11434, "/v1"),
        ("localhost:8080/v1/", ("127.0.0.1", "::1"), 8080, "/v1"),
        ("http://127.0.0.1", ("127.0.0.1",), 80, "/v1"),
        ("http://127.8.9.1:5/openai/v1", ("127.8.9.1",), 5, "/openai/v1"),
        ("http://[::1]:9000", ("::1",), 9000, "/v1"),
        ("HTTP://LOCALHOST.:1", ("127.0.0.1", "::1"), 1, "/v1"),
    ],
)
def test_addresses_of_this_computer(address: str, hosts: tuple[str, ...], port: int, base: str) -> None:
    place = place_of(address)
    assert (place.hosts, place.port, place.base) == (hosts, port, base)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com", "http://192.168.1.5:11434", "http://0.0.0.0:11434", "http://localhost@example.com",
        "http://localhost.example.com", "http://127.0.0.1.example.com", "http://2130706433", "http://0x7f.1",
        "http://127.1", "http://[::]:1", "http://[::ffff:10.0.0.1]", "http://[fe80::1%25lo]", "https://localhost",
        "ftp://localhost", "http://", "", "http://localhost:99999", "http://[::1", "http://lo calhost",
        "http://example.com#@localhost", "http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_every_other_host_is_refused_before_anything_is_sent(address: str) -> None:
    engine = ServerEngine(address)
    with pytest.raises(UsageError):
        engine.models()
    with pytest.raises(UsageError):
        list(engine.stream(Ask(HELLO)))
    status = engine.status()
    assert not status.ready
    assert status.sentence
    assert status.hint


def test_models_are_listed_without_those_of_other_computers() -> None:
    with served() as (engine, answering):
        assert isinstance(engine, Engine)
        assert engine.models() == ["tiny"]
        assert answering.paths == ["/v1/models"]
        assert engine.status().ready
        assert "tiny" in engine.status().sentence


def test_an_answer_streams_with_what_was_wished() -> None:
    with served() as (engine, answering):
        ask = Ask(HELLO, tokens=50, temperature=0.3, seed=9, stop=("\n\n",))
        assert list(engine.stream(ask)) == ["A light ", "nylon ", "bag."]
        asked = answering.asked[0]
        assert asked["model"] == "tiny"
        assert asked["messages"] == HELLO
        assert (asked["seed"], asked["temperature"], asked["max_tokens"]) == (9, 0.3, 50)
        assert asked["stop"] == ["\n\n"]
        assert asked["stream"] is True


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with served() as (engine, _):
        assert "".join(engine.stream(Ask(HELLO))) == "A light nylon bag."


def test_a_stop_text_is_kept_to_where_the_server_does_not() -> None:
    with served(pieces=["A light", " bag. EN", "D and more"]) as (engine, _):
        assert "".join(engine.stream(Ask(HELLO, stop=("END",)))) == "A light bag. "


def test_writing_asks_once_for_each_variant() -> None:
    with served(pieces=["<think>hm</think>", '"A light ', 'nylon bag"']) as (engine, answering):
        heard: list[str] = []
        assert (
            list(engine.write(Brief("headline", BAG, count=2, seed=3), heard.append))
            == ["A light nylon bag"] * 2
        )
        assert [asked["seed"] for asked in answering.asked] == [3000, 3001]
        assert "".join(heard) == '"A light nylon bag"' * 2
        assert "material: Nylon" in json.dumps(answering.asked[0])


def test_an_answer_in_one_piece_is_taken_too() -> None:
    body = json.dumps({"choices": [{"message": {"content": "A light bag."}}]}).encode()
    with served(body=body, kind="application/json; charset=utf-8") as (engine, _):
        assert "".join(engine.stream(Ask(HELLO))) == "A light bag."


def test_a_hanging_server_is_one_sentence_within_the_timeout() -> None:
    with served(timeout=0.5, hang=True) as (engine, _):
        began = time.monotonic()
        with pytest.raises(StudioError, match=r"did not answer within 0.5 seconds"):
            list(engine.stream(Ask(HELLO)))
        assert time.monotonic() - began < 50


def test_a_server_that_stops_talking_is_one_sentence() -> None:
    with served(timeout=0.5, pieces=["A ", "bag"], pause=0.0) as (engine, answering):
        answering.pieces = ["A "]
        answering.pause = 30.0
        with pytest.raises(StudioError, match="did not answer"):
            list(engine.stream(Ask(HELLO)))


def test_cancel_closes_the_connection() -> None:
    with served(timeout=60, pieces=["word "] * 5000, pause=0.005) as (engine, answering):
        stream = engine.stream(Ask(HELLO))
        assert [next(stream), next(stream)] == ["word ", "word "]
        stream.close()
        assert within(240, answering.gone.is_set)


def test_cancel_ends_an_answer() -> None:
    with served(pieces=["word "] * 5000, pause=0.001) as (engine, _):
        heard: list[str] = []
        brief = Brief("headline", BAG, count=3)
        assert list(engine.write(brief, heard.append, lambda: len(heard) >= 3)) == []
        assert len(heard) == 3


def test_cancel_ends_the_waiting_for_a_hanging_server() -> None:
    with served(timeout=600, hang=True) as (engine, answering):
        began = time.monotonic()
        assert list(engine.stream(Ask(HELLO), lambda: bool(answering.asked))) == []
        assert time.monotonic() - began < 50


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ({"body": b"<html>hello</html>", "kind": "text/html"}, "makes no sense"),
        ({"body": b"not json at all", "kind": "application/json"}, "makes no sense"),
        ({"body": b"[" * 100_000, "kind": "application/json"}, "makes no sense"),
        ({"body": b'{"choices": 5}', "kind": "application/json"}, "makes no sense"),
        ({"body": b"data: {broken\n\n"}, "makes no sense"),
        ({"body": b"data: [1, 2]\n\n"}, "makes no sense"),
        ({"body": b"data: " + b"x" * 1_100_000}, "makes no sense"),
        ({"body": (b'data: {"choices": [], "x": "' + b"y" * 9000 + b'"}\n\n') * 500}, "makes no sense"),
        ({"body": b"data: [DONE]\n\n"}, "gave no text"),
        ({"body": b""}, "gave no text"),
        ({"body": b'data: {"error": {"message": "out of\\nmemory"}}\n\n'}, "refused: out of memory"),
        (
            {"body": b'{"error": "model broke"}', "status": 500, "kind": "application/json"},
            "refused: model broke",
        ),
        ({"body": b"<h1>oops</h1>", "status": 500, "kind": "text/html"}, "error 500"),
        ({"body": b"", "status": 404}, "error 404"),
        ({"body": b"", "status": 302, "location": "http://127.0.0.1:9/"}, "error 302"),
    ],
)
def test_nonsense_is_one_sentence(does: dict[str, object], words: str) -> None:
    with served(**does) as (engine, answering):  # type: ignore[arg-type]
        with pytest.raises(StudioError) as failure:
            list(engine.stream(Ask(HELLO)))
        assert words in failure.value.message
        assert "\n" not in failure.value.message
        assert failure.value.hint
        assert len(answering.asked) == 1


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (b"<html>", "makes no sense"),
        ({"data": "x"}, "makes no sense"),
        ({"data": []}, "has no model"),
        ({"data": [{"id": 7}, "x", {"id": "gpt:cloud"}, {"id": "gpt-oss:120b-cloud"}]}, "has no model"),
    ],
)
def test_strange_lists_of_models_are_one_sentence(models: object, words: str) -> None:
    with served(models=models) as (engine, _):
        assert words in engine.status().sentence


def test_a_model_that_is_not_there_or_not_here_is_refused() -> None:
    with served(model="other") as (engine, answering):
        assert "no model “other”" in engine.status().sentence
        assert not answering.asked
    with served(model="big:cloud") as (engine, answering):
        assert "another computer" in engine.status().sentence
        assert not answering.paths


def test_no_server_at_all_is_one_sentence() -> None:
    with local_server(Answering()) as address:
        pass
    engine = ServerEngine(address)
    assert "No server answers" in engine.status().sentence
    with pytest.raises(StudioError, match="No server answers"):
        list(engine.stream(Ask(HELLO)))
