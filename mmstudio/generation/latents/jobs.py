"""Jobs on points: save a picture, film a walk, find a picture's place; with recipes that make it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.generation.latents.book import Book
from mmstudio.generation.latents.player import Player
from mmstudio.generation.latents.tags import TagProbes

if TYPE_CHECKING:
    from mmstudio.learning.engine.registry import GenerativeModel
    from mmstudio.library import Library

LATENTS = ".latents"  # in the library's folder of models


def player_of(library: Library, model: GenerativeModel) -> Player:
    """A player whose findings are kept in the library."""
    probes = TagProbes(library, str(model.device))
    book = Book(library.models_dir / LATENTS, writes=not library.read_only, probes=probes)

    def vector_of(target: int | str) -> NDArray[np.float32] | None:
        del target
        return None

    return Player(model, book=book, vector_of=vector_of)
