"""The text extractors as the extraction job runs them: load, fit, vectors, save."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mmstudio.atomic import write_text
from mmstudio.features.device import choose_device
from mmstudio.features.normalise import unit_rows
from mmstudio.features.texts.extractors import BOW, BOW_WORDS, SIF, TEXT, sentence_model
from mmstudio.features.texts.sentence_models import PREFIX, SentenceModel
from mmstudio.features.texts.sif import DIMENSION as SIF_DIMENSION
from mmstudio.features.texts.sif import SifModel, fit_sif, load_sif, save_sif
from mmstudio.features.texts.vector_files import own_file
from mmstudio.features.texts.vocabulary import SPECIALS, Vocabulary, bag_of_words
from mmstudio.features.texts.words import TextModel, fit_text_model, save_text_model, tokens

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mmstudio.features.records import ExtractorInfo
    from mmstudio.features.texts.word_store import WordStore
    from mmstudio.features.vectors import Vectors
    from mmstudio.jobs import JobContext, Progress


class Text:
    """A text as it is read once for all extractors; its words are cut when the first one asks."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def words(self) -> list[str]:
        """See :func:`tokens`."""
        return tokens(self.raw)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model of any extractor.

    ``seen``: text key → digest of the text its stored vector was made from. ``fitted``: number of texts it
    was fitted on, 0 for a model that is never fitted here.
    """

    model: Any
    fit: str
    seen: dict[str, str]
    fitted: int


class Fitter(Protocol):
    """What the extraction job needs of a text extractor."""

    info: ExtractorInfo

    def load(self) -> Fitted | None:
        """The model as it is kept, None where it must be fitted (anew)."""

    def fit(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, Fitted]:
        """Fit on the words of every text of the library."""

    def vectors(self, fitted: Fitted, texts: Sequence[Text]) -> NDArray[np.float32]:
        """float32[N, D]; a row of zeros where nothing can be said about a text."""

    def save(self, fitted: Fitted) -> None:
        """Keep the model; written last, so that vectors without their model are noticed."""


def fitter(info: ExtractorInfo, vectors: Vectors, words: WordStore, device: str) -> Fitter:
    """The fitter of a text extractor. Raises StudioError for a sentence model that cannot be used."""
    folder = vectors.text_model_path.parent
    if info.name == TEXT:
        return _Tfidf(info, vectors)
    if info.name == SIF:
        return _Sif(info, folder / f"{SIF}.safetensors", words)
    if info.name == BOW:
        return _Bow(info, folder / f"{BOW}.json")
    return _Sentence(info, folder / f"{info.name}.json", device)


class _Tfidf:
    def __init__(self, info: ExtractorInfo, vectors: Vectors) -> None:
        self.info, self._vectors = info, vectors

    def load(self) -> Fitted | None:
        model = self._vectors.text_model()
        return None if model is None else Fitted(model, model.fit, model.seen, model.fitted)

    def fit(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, Fitted]:
        yield from ()
        model = fit_text_model(documents, {})
        return Fitted(model, model.fit, {}, model.fitted)

    def vectors(self, fitted: Fitted, texts: Sequence[Text]) -> NDArray[np.float32]:
        model: TextModel = fitted.model
        return model.vectors([text.words for text in texts])

    def save(self, fitted: Fitted) -> None:
        save_text_model(replace(fitted.model, seen=fitted.seen), self._vectors.text_model_path)


class _Sif:
    def __init__(self, info: ExtractorInfo, path: Path, words: WordStore) -> None:
        self.info, self._path, self._words = info, path, words

    def load(self) -> Fitted | None:
        model, words, file = load_sif(self._path), self._words.current(), own_file()
        if model is None or words is None or words.fit != model.words_fit:
            return None  # other word vectors were given since
        if file is not None and file.name != words.source:
            return None
        return Fitted(model, model.fit, model.seen, model.fitted)

    def fit(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, Fitted]:
        words = yield from self._words.refresh(documents, context, done)
        if words is None:
            none = np.zeros((0, SIF_DIMENSION), np.float32)
            flat = np.zeros(SIF_DIMENSION, np.float32)
            square = np.zeros((SIF_DIMENSION, SIF_DIMENSION), np.float32)
            model = SifModel({}, flat[:0], none, flat, square, "", "nothing", {}, len(documents))
        else:
            model = fit_sif(documents, words)
        return Fitted(model, model.fit, {}, model.fitted)

    def vectors(self, fitted: Fitted, texts: Sequence[Text]) -> NDArray[np.float32]:
        model: SifModel = fitted.model
        return model.vectors([text.words for text in texts])

    def save(self, fitted: Fitted) -> None:
        save_sif(replace(fitted.model, seen=fitted.seen), self._path)


class _Bow:
    def __init__(self, info: ExtractorInfo, path: Path) -> None:
        self.info, self._path = info, path

    def load(self) -> Fitted | None:
        found = _load_json(self._path)
        if found is None or not isinstance(found.get("words"), list):
            return None
        words = tuple(str(word) for word in found["words"])[:BOW_WORDS]
        model = Vocabulary((*SPECIALS, *words), (0,) * (4 + len(words)))
        return Fitted(model, str(found["fit"]), found["seen"], int(found["fitted"]))

    def fit(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, Fitted]:
        yield from ()
        frequency = Counter(word for document in documents for word in set(document))
        best = sorted(frequency, key=lambda word: (-frequency[word], word))[:BOW_WORDS]
        model = Vocabulary((*SPECIALS, *best), (0, 0, 0, 0, *(frequency[word] for word in best)))
        return Fitted(model, hashlib.sha256("\n".join(best).encode()).hexdigest()[:16], {}, len(documents))

    def vectors(self, fitted: Fitted, texts: Sequence[Text]) -> NDArray[np.float32]:
        counts = bag_of_words([text.words for text in texts], fitted.model)[:, len(SPECIALS) :]
        rows = np.zeros((len(texts), BOW_WORDS), np.float32)
        rows[:, : counts.shape[1]] = np.log1p(counts.toarray())
        known = rows.any(1)
        if known.any():
            rows[known] = unit_rows(rows[known])
        return rows

    def save(self, fitted: Fitted) -> None:
        _save_json(self._path, fitted, words=fitted.model.words[len(SPECIALS) :])


class _Sentence:
    """A model of the person's own: nothing is fitted, its fit is its fingerprint."""

    def __init__(self, info: ExtractorInfo, path: Path, device: str) -> None:
        spec = sentence_model(info.name)
        assert spec is not None, f"{PREFIX} extractors come from folders"
        spec.refuse()
        self.info, self._path, self._spec, self._device = info, path, spec, device
        self._model: SentenceModel | None = None

    def load(self) -> Fitted | None:
        found = _load_json(self._path)
        if found is None or found["fit"] != self._spec.fingerprint:
            return None
        return Fitted(None, self._spec.fingerprint, found["seen"], 0)

    def fit(
        self, documents: Sequence[Sequence[str]], context: JobContext, done: int
    ) -> Generator[Progress, None, Fitted]:
        yield from ()
        return Fitted(None, self._spec.fingerprint, {}, 0)

    def vectors(self, fitted: Fitted, texts: Sequence[Text]) -> NDArray[np.float32]:
        if self._model is None:
            self._model = SentenceModel(self._spec, choose_device(self._device))
        return self._model.vectors([text.raw for text in texts])

    def save(self, fitted: Fitted) -> None:
        _save_json(self._path, fitted)


def _save_json(path: Path, fitted: Fitted, **more: Any) -> None:
    document = {"fit": fitted.fit, "seen": fitted.seen, "fitted": fitted.fitted, **more}
    write_text(path, json.dumps(document, ensure_ascii=False))


def _load_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        right = isinstance(found["seen"], dict) and isinstance(found["fitted"], int) and found["fit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if right else None
