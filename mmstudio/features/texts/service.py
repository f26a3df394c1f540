"""What the words of one library say: languages, key phrases, meanings, opinions, quotes."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import NotFound, StudioError
from mmstudio.features.extractors import infos
from mmstudio.features.texts import language, reading
from mmstudio.features.texts.aspects import Aspect, NounCounts, aspects
from mmstudio.features.texts.extraction import extract_texts, item_text, texts_of
from mmstudio.features.texts.extractors import SIF, sentence_model
from mmstudio.features.texts.fitters import fitter
from mmstudio.features.texts.pausing import Paused
from mmstudio.features.texts.phrases import (
    FROM_REVIEW,
    FROM_TEXT,
    FROM_TITLE,
    Phrase,
    description_fields,
    key_phrases,
)
from mmstudio.features.texts.quotes import Quote, choose_quotes, review_sentences
from mmstudio.features.texts.sentiment import Quality, Sentiment, learn_sentiment, said
from mmstudio.features.texts.word_store import WordStore
from mmstudio.features.texts.words import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from mmstudio.features.vectors import Vectors
    from mmstudio.jobs import JobContext, Progress, Work
    from mmstudio.library import Library
    from mmstudio.library.records import Review

_DOCUMENTS = 2000  # items that word rarity is taken from before the text model is fitted
_SPOKEN = 20_000  # sentences that one opinion looks at


@dataclass(frozen=True, slots=True)
class Opinion:
    """What reviews say of an item, or of all items.

    Attributes:
        reviews: how many there are; rated: how many carry a rating; mean_rating: as given, None without any.
        sentiment: mean over the reviews, -1 to 1, None without reviews.
        praising, complaining: shares of the reviews on either side of a band around 0, 0 to 1.
        quality: how well the sentiment judges, with the accuracy of always answering the commoner side.
        aspects: what they speak about, the most mentioned first.
        quotes: whole positive sentences, the best first, one per review.
    """

    reviews: int
    rated: int
    mean_rating: float | None
    sentiment: float | None
    praising: float
    complaining: float
    quality: Quality
    aspects: list[Aspect]
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class ItemWords:
    """What the window shows about an item's words."""

    item_id: int
    phrases: list[Phrase]
    opinion: Opinion | None


class Texts:
    """Everything here may be called from any thread; nothing is heavy before it is asked for."""

    def __init__(self, library: Library, vectors: Vectors) -> None:
        self._library, self._vectors = library, vectors
        self.words = WordStore(library)
        self._lock = threading.RLock()
        self._opinions: tuple[int, Sentiment, NounCounts] | None = None
        self._looked: tuple[int, Sentiment, NounCounts] | None = None
        self._rarity: tuple[int, Callable[[str], float]] | None = None

    # -- extraction --------------------------------------------------------------------------------------

    def extract(
        self, context: JobContext, names: Sequence[str], done: int, device: str
    ) -> Generator[Progress, None, tuple[dict[str, int], bool]]:
        """Bring the vectors of these text extractors up to date; (extractor → how many, whether paused)."""
        known = infos()
        wanted = [known[name] for name in names if known[name].modality == "text"]
        if not wanted:
            return {}, False
        fitters = [fitter(info, self._vectors, self.words, device) for info in wanted]
        try:
            return (yield from extract_texts(self._library, context, fitters, done)), False
        except Paused:
            return {}, True

    def read(
        self, context: JobContext, outcome: reading.ReadOutcome, done: int, *, required: bool = False
    ) -> Generator[Progress, None, None]:
        """Read the text in pictures not read yet; StudioError where that is required but impossible."""
        if required and reading.find_reader() is None:
            raise StudioError(
                "Text in pictures is read by tesseract, which is not installed.", hint=reading.remedy()
            )
        yield from reading.read_pictures(self._library, context, outcome, done)

    @staticmethod
    def refuse(name: str) -> None:
        """Raise StudioError where a text extractor of this name is there but cannot be used."""
        spec = sentence_model(name)
        if spec is not None:
            spec.refuse()

    # -- words -------------------------------------------------------------------------------------------

    def languages(self) -> dict[str, int]:
        """Language → number of text files, commonest first; "" where it is unknown."""
        return language.languages(self._library)

    def nearest_words(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """The k words of the library used most like one, with their cosine. Raises NotFound."""
        vectors = self.words.current()
        if vectors is None:
            raise NotFound(
                "There are no word vectors yet.",
                hint="Make them with: mmstudio features LIB --extractor {name}",
                name=SIF,
            )
        for form in (word, *tokens(word)):
            if vectors.row(form) is not None:
                return vectors.nearest(form, k)
        raise NotFound("The word {word} is not known here.", hint="Try one that your texts use.", word=word)

    def take_word_vectors(self, path: Path) -> Work:
        """A job that keeps the word vectors of a word2vec or GloVe file for this library.

        Its result: words, dimension, left_out (reason → rows). Raises StudioError.
        """

        def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
            wanted: set[str] = set()
            for _, _, text in texts_of(self._library):
                wanted.update(tokens(text))
            found = yield from self.words.take_file(path, wanted, context)
            return {
                "words": len(found.words),
                "dimension": int(found.matrix.shape[1]),
                "left_out": found.left_out,
            }

        return run

    def key_phrases(self, item_id: int, k: int = 8) -> list[Phrase]:
        """The k phrases that tell most about an item, best first. Raises NotFound."""
        item = self._library.items.get(item_id)
        fields = [(item.title, FROM_TITLE), *description_fields(item.description)]
        fields += [(review.text, FROM_REVIEW) for review in self._library.items.reviews_of(item_id)]
        linked = [link.asset_id for link in self._library.items.assets_of(item_id) if link.role == "text"]
        fields += [(self._library.assets.text_of(asset_id), FROM_TEXT) for asset_id in linked]
        return key_phrases(fields, self._rarities(), k)

    def _rarities(self) -> Callable[[str], float]:
        """A word → its inverse document frequency in this library."""
        with self._lock:
            generation = self._vectors.generation
            if self._rarity is None or self._rarity[0] != generation:
                self._rarity = (generation, self._find_rarities())
            return self._rarity[1]

    def _find_rarities(self) -> Callable[[str], float]:
        model = self._vectors.text_model()
        if model is not None and model.fitted:
            vocabulary, idf, rarest = model.vocabulary, model.idf, float(np.log(1 + model.fitted) + 1)
            return lambda word: float(idf[vocabulary[word]]) if word in vocabulary else 0.7 * rarest
        frequency: Counter[str] = Counter()
        ids = self._library.items.ids()[:_DOCUMENTS]
        for item in self._library.items.get_many(ids):
            frequency.update(set(tokens(item_text(item))))
        return lambda word: float(np.log((1 + len(ids)) / (1 + frequency[word])) + 1)

    # -- opinions ----------------------------------------------------------------------------------------

    def sentiment(self) -> Sentiment:
        """What judges the reviews of this library; learned anew when reviews have come in."""
        return self._judges()[0]

    def _judges(self) -> tuple[Sentiment, NounCounts]:
        with self._lock:
            generation = self._vectors.generation
            if self._looked is not None and self._looked[0] == generation:
                return self._looked[1:]
            reviews = self._all_reviews()
            mark = hash(tuple((review.id, review.rating) for review in reviews))
            if self._opinions is None or self._opinions[0] != mark:
                nouns = NounCounts()
                for review in reviews[:_SPOKEN]:
                    for sentence in review_sentences(review.text):
                        nouns.add(sentence)
                self._opinions = (mark, learn_sentiment(reviews), nouns)
            self._looked = (generation, *self._opinions[1:])
            return self._looked[1:]

    def _all_reviews(self) -> list[Review]:
        items = self._library.items
        return [review for item_id in items.ids() for review in items.reviews_of(item_id)]

    def opinion(self, item_id: int | None = None, quotes: int = 3) -> Opinion:
        """What the reviews of an item say; of the whole library without one. Raises NotFound."""
        if item_id is not None:
            self._library.items.get(item_id)
        reviews = self._library.items.reviews_of(item_id) if item_id is not None else self._all_reviews()
        judge, nouns = self._judges()
        scores = judge.scores([said(review) for review in reviews])
        spoken = [s for review in reviews for s in review_sentences(said(review))][:_SPOKEN]
        ratings = [review.rating for review in reviews if review.rating is not None]
        count = max(len(reviews), 1)
        return Opinion(
            reviews=len(reviews),
            rated=len(ratings),
            mean_rating=round(sum(ratings) / len(ratings), 3) if ratings else None,
            sentiment=round(float(scores.mean()), 3) if len(scores) else None,
            praising=round(float((scores > 0.1).sum()) / count, 3),
            complaining=round(float((scores < -0.1).sum()) / count, 3),
            quality=judge.quality,
            aspects=aspects(
                spoken, judge, nouns, self._titles(item_id), least=2 if item_id is not None else 3
            ),
            quotes=self._quotes(reviews, quotes),
        )

    def _titles(self, item_id: int | None) -> set[str]:
        """Words that say what is sold: not what reviews say about it."""
        ids = self._library.items.ids() if item_id is None else [item_id]
        return {word for item in self._library.items.get_many(ids) for word in tokens(item.title)}

    def quotes(self, item_id: int, k: int = 3, chinese: bool | None = None) -> list[Quote]:
        """Whole positive sentences of an item's reviews, best first, one per review. Raises NotFound."""
        self._library.items.get(item_id)
        return self._quotes(self._library.items.reviews_of(item_id), k, chinese)

    def _quotes(self, reviews: Sequence[Review], k: int, chinese: bool | None = None) -> list[Quote]:
        best: dict[int, Quote] = {}
        for quote in choose_quotes(reviews, self.sentiment().score, chinese):
            best.setdefault(quote.review_id, quote)
            if len(best) >= k:
                break
        return list(best.values())[:k]

    def of_item(self, item_id: int) -> ItemWords:
        """Phrases and opinion of an item for the window; no opinion where there are no reviews."""
        opinion = self.opinion(item_id) if self._library.items.reviews_of(item_id) else None
        return ItemWords(item_id, self.key_phrases(item_id, 8), opinion)
