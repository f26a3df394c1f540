"""The copywriter of a generation's library, with the engines of the person's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mmstudio.settings import load_settings

if TYPE_CHECKING:
    from mmstudio.generation.copywriting.service import Copywriter
    from mmstudio.generation.service import Generation

_kept: WeakKeyDictionary[Generation, Copywriter] = WeakKeyDictionary()


def copywriter_of(generation: Generation) -> Copywriter:
    """One copywriter for each generation: a language model stays loaded between two sets."""
    found = _kept.get(generation)
    if found is None:
        from mmstudio.generation.copywriting.engines import language_models
        from mmstudio.generation.copywriting.service import Copywriter

        found = _kept[generation] = Copywriter(generation.library, language_models(load_settings()))
    return found
