"""The copywriter of a library: any engine writes, the guard reads, the best variant comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mmstudio.generation.copywriting.contract import Brief, Engine, Span, Task, Variant

if TYPE_CHECKING:
    from mmstudio.library import Library


class Copywriter:
    """Writes and checks texts for the items of a library.

    Args:
        engines: beside the facts writer, which is always there (the folder and the server of the settings).
    """

    def __init__(self, library: Library, engines: Iterable[Engine] = ()) -> None:
        self.library = library
        self.engines: dict[str, Engine] = {engine.name: engine for engine in engines}

    def brief(self, task: Task, item_id: int | None, audience_id: int | None = None, **wishes: Any) -> Brief:
        """A brief for an item of the library with its reviews; ``wishes`` are fields of :class:`Brief`."""
        raise NotImplementedError

    def variants(
        self,
        brief: Brief,
        engine: str = "facts",
        heard: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Variant]:
        """Up to ``brief.count`` different variants, checked and ranked, best first.

        Raises:
            NotFound: no such engine. StudioError: the engine cannot write.
        """
        raise NotImplementedError

    def check(self, text: str, item_id: int | None, locale: str = "en") -> list[Span]:
        """What the guard finds in a text about an item (None: only numbers, claims and brand rules)."""
        raise NotImplementedError
