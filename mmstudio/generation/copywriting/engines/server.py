"""A language model behind an OpenAI-compatible server on this computer: Ollama, llama.cpp and their like."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from mmstudio.errors import StudioError
from mmstudio.generation.copywriting.answers import overlap
from mmstudio.generation.copywriting.contract import EngineStatus
from mmstudio.generation.copywriting.engines.asking import Ask, LanguageModel, never
from mmstudio.generation.copywriting.engines.local_http import Exchange, Place, nonsense, place_of
from mmstudio.i18n import mark, tr, tr_error

_LOOK_S = 5.0  # for a list of models
_ANSWER_S = 180.0  # a server loads the model at the first question
_ELSEWHERE = re.compile(r"[:\-]cloud\b", re.IGNORECASE)  # Ollama hands these on to other computers


class ServerEngine(LanguageModel):
    """Texts from a server on localhost; any other host is refused before anything is sent.

    Args:
        address: "http://localhost:11434" or a function that gives it (a setting takes effect at once).
        model: which of its models; "" is the first. timeout: seconds of silence that are waited for.
    """

    name = "server"
    label = mark("Local server")

    def __init__(
        self,
        address: str | Callable[[], str],
        model: str | Callable[[], str] = "",
        timeout: float = _ANSWER_S,
    ) -> None:
        self._address, self._model, self.timeout = address, model, timeout

    @property
    def address(self) -> str:
        """As the person wrote it."""
        return self._address() if callable(self._address) else self._address

    def models(self, cancelled: Callable[[], bool] = never) -> list[str]:
        """Names of the models that run on this computer.

        Raises:
            UsageError: the address is not this computer's. StudioError: no answer, or none that makes sense.
        """
        place = place_of(self.address)
        with Exchange(place, "GET", "/models", None, min(self.timeout, _LOOK_S)) as exchange:
            body = exchange.whole(cancelled)
            if exchange.status != 200:
                raise _refusal(place, exchange.status, body)
        found = _json(body)
        listed = found.get("data") if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise nonsense(place)
        names = [entry.get("id") for entry in listed if isinstance(entry, dict)]
        return [name for name in names if isinstance(name, str) and name and not _ELSEWHERE.search(name)]

    def status(self) -> EngineStatus:
        """Whether the server answers and has the model; asks it, so not for the GUI thread."""
        try:
            chosen = self._chosen()
        except StudioError as error:
            return EngineStatus(False, *tr_error(error))
        return EngineStatus(True, tr("{model} at {address}", model=chosen, address=self.address))

    def stream(self, ask: Ask, cancelled: Callable[[], bool] = never) -> Iterator[str]:
        """See :meth:`LanguageModel.stream`."""
        place = place_of(self.address)
        body: dict[str, Any] = {
            "model": self._chosen(cancelled),
            "messages": ask.messages,
            "stream": True,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "max_tokens": ask.tokens,
            "seed": ask.seed % 2**31,
        }
        if ask.stop:
            body["stop"] = list(ask.stop)
        said = False
        with Exchange(place, "POST", "/chat/completions", body, self.timeout) as exchange:
            for piece in _until(_pieces(exchange, place, cancelled), ask.stop):
                said = True
                yield piece
                if cancelled():
                    return
        if not said and not cancelled():
            raise StudioError(
                "The server at {address} gave no text.",
                hint="Choose another of its models.",
                address=place.address,
            )

    def _chosen(self, cancelled: Callable[[], bool] = never) -> str:
        wanted = self._model() if callable(self._model) else self._model
        if wanted and _ELSEWHERE.search(wanted):
            raise StudioError(
                "The model {model} runs on another computer, so nothing is sent to it.",
                hint="Choose one that runs here.",
                model=wanted,
            )
        there = self.models(cancelled)
        if not there:
            raise StudioError(
                "The server at {address} has no model.",
                hint="Fetch one first, for example: ollama pull qwen3:4b",
                address=self.address,
            )
        if not wanted:
            return there[0]
        if wanted not in there:
            raise StudioError(
                "The server at {address} has no model “{model}”.",
                hint="Choose one of its models in Preferences.",
                address=self.address,
                model=wanted,
            )
        return wanted


def _pieces(exchange: Exchange, place: Place, cancelled: Callable[[], bool]) -> Iterator[str]:
    rest = b""
    ended = False
    for line in exchange.lines(cancelled):
        if exchange.status != 200 or exchange.kind != "text/event-stream":
            rest += line  # an error, or a server that does not stream
            continue
        text = line.strip()
        if not text.startswith(b"data:"):
            continue  # comments, event names and the empty lines between
        data = text[5:].strip()
        if data == b"[DONE]":
            ended = True
            break
        found = _json(data)
        if not isinstance(found, dict):
            raise nonsense(place)
        if "error" in found:
            raise _refusal(place, 500, data)
        yield _content(found, "delta")
    if cancelled() or ended or (exchange.kind == "text/event-stream" and exchange.status == 200):
        return
    if exchange.status != 200:
        raise _refusal(place, exchange.status, rest)
    found = _json(rest)
    if not isinstance(found, dict) or not isinstance(found.get("choices"), list):
        raise nonsense(place)
    yield _content(found, "message")


def _until(pieces: Iterator[str], stop: tuple[str, ...]) -> Iterator[str]:
    """Pieces up to the first stop text, for servers that do not know ``stop``."""
    held = ""
    for piece in pieces:
        held += piece
        ends = [at for text in stop if text and (at := held.find(text)) >= 0]
        if ends:
            held = held[: min(ends)]
            break
        keep = max((overlap(held, text) for text in stop if text), default=0)
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    if held:
        yield held


def _content(found: dict[str, Any], part: str) -> str:
    choices = found.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get(part) if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _refusal(place: Place, status: int, body: bytes) -> StudioError:
    found = _json(body)
    error = found.get("error") if isinstance(found, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    if isinstance(message, str) and message.strip():
        return StudioError(
            "The server at {address} refused: {why}",
            hint="Choose another of its models, or look into its own log.",
            address=place.address,
            why=" ".join(message.split())[:200],
        )
    return StudioError(
        "The server at {address} answered with the error {status}.",
        hint="Check that it is Ollama, llama.cpp or another server that speaks like OpenAI's.",
        address=place.address,
        status=status,
    )


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
