"""What every language model has in common as a writer: a question, a stream of pieces, clean texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mmstudio.generation.copywriting.answers import cleaned, without_thoughts
from mmstudio.generation.copywriting.contract import Brief, EngineStatus
from mmstudio.generation.copywriting.prompts import ROOM, Messages, messages, tokens_for


def never() -> bool:
    """Nobody cancels."""
    return False


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a model.

    Attributes:
        messages: chat messages, the system's first.
        tokens: how many tokens the answer may have. temperature: 0 takes the likeliest token each time.
        top_p: of the likeliest tokens together with this probability one is drawn.
        seed: the same seed gives the same answer (a server may not keep to it).
        stop: the answer ends before any of these.
    """

    messages: Messages
    tokens: int = 256
    temperature: float = 0.8
    top_p: float = 0.95
    seed: int = 0
    stop: tuple[str, ...] = ()


class LanguageModel(ABC):
    """A writer that asks a language model; see :class:`mmstudio.generation.copywriting.contract.Engine`."""

    name = ""
    label = ""
    temperature = 0.8

    @abstractmethod
    def status(self) -> EngineStatus:
        """Whether it can write now."""

    @abstractmethod
    def stream(self, ask: Ask, cancelled: Callable[[], bool] = never) -> Iterator[str]:
        """The answer piece by piece; ends early once ``cancelled()`` is true.

        Raises:
            StudioError: it cannot answer.
        """

    def fits(self, asked: Messages, tokens: int) -> bool:
        """Whether question and answer are within what the model can read; True where that is not known."""
        del asked, tokens
        return True

    def write(
        self,
        brief: Brief,
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[str]:
        """See :meth:`Engine.write`. Each variant is a question of its own, with its own seed."""
        tokens = tokens_for(brief)
        asked = self._asked(brief, tokens)
        for number in range(max(brief.count, 1)):
            if cancelled():
                return
            ask = Ask(asked, tokens, self.temperature, seed=brief.seed * 1000 + number)
            pieces = []
            for piece in without_thoughts(self.stream(ask, cancelled)):
                pieces.append(piece)
                if heard is not None:
                    heard(piece)
            if cancelled():
                return
            text = cleaned("".join(pieces), brief.task)
            if text:
                yield text

    def _asked(self, brief: Brief, tokens: int) -> Messages:
        """As many facts as the model has room for."""
        room = ROOM
        asked = messages(brief, room)
        while room > 200 and not self.fits(asked, tokens):
            room //= 2
            asked = messages(brief, room)
        return asked
