"""The word vectors of one library: trained on it, or taken from a file the person gave."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mmstudio.features.texts.embeddings import (
    WordVectors,
    load_saved_vectors,
    save_word_vectors,
    train_word_vectors,
)
from mmstudio.features.texts.vector_files import own_file, read_word_vectors
from mmstudio.features.texts.words import tokens

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from mmstudio.jobs import JobContext, Progress
    from mmstudio.library import Library

_TRAINED = "library"


class WordStore:
    """Keeps word vectors in the library's index folder (a cache: they can be made again)."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._path = library.index_dir / "word-vectors.safetensors"
        self._lock = threading.Lock()
        self._loaded: tuple[int, WordVectors | None] | None = None

    def current(self) -> WordVectors | None:
        """The vectors as they are kept, None before the first run."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except OSError:
            return None
        with self._lock:
            if self._loaded is None or self._loaded[0] != stamp:
                self._loaded = (stamp, load_saved_vectors(self._path))
            return self._loaded[1]

    def refresh(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, WordVectors | None]:
        """Vectors for a fit over lists of words, made anew unless they come from a file and still do.

        A file in the person's model folder comes before one that was given earlier, that before training.
        None where the texts say too little to learn from.
        """
        kept, file = self.current(), own_file()
        if file is not None and (kept is None or kept.source != file.name):
            return (yield from self.take_file(file, {w for d in documents for w in d}, context))
        if kept is not None and kept.source != _TRAINED:
            return kept
        said = [*documents, *self._reviews()]
        trained = yield from train_word_vectors(said, context, done)
        if trained is not None:
            save_word_vectors(trained, self._path)
        return trained

    def take_file(
        self, path: Path, wanted: set[str], context: JobContext
    ) -> Generator[Progress, None, WordVectors]:
        """Keep the vectors of a file instead of trained ones. Raises StudioError."""
        found = yield from read_word_vectors(path, wanted, context)
        save_word_vectors(found, self._path)
        return found

    def _reviews(self) -> list[list[str]]:
        return [
            tokens(f"{review.title}\n{review.text}")
            for item_id in self._library.items.ids()
            for review in self._library.items.reviews_of(item_id)
        ]
