"""Whether a review is content: learned from the library's own ratings, or judged by a lexicon."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.features.texts.lexicon import negated_words, polarity
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mmstudio.library.records import Review

LEAST = 30  # rated reviews with an opinion below which nothing is learned
LEAST_EACH = 8  # and so many of each side
_MOST = 10_000  # reviews that are learned from; more tell nothing new
_FOLDS = 5
_SEED = 0
_CHARACTERS = 3000  # of one review


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a sentiment is, from 5-fold cross-validation over the library's own rated reviews.

    Attributes:
        learned: whether it was learned from ratings; otherwise a lexicon judges.
        positive, negative: reviews rated 4 or more, 2 or less.
        accuracy: share of them judged right by a classifier that did not see them; for a lexicon its share
            over all of them; None where there are none.
        balanced: mean of the two sides' shares; 0.5 is chance.
        majority: share that always answering the commoner side gets right.
    """

    learned: bool
    positive: int
    negative: int
    accuracy: float | None
    balanced: float | None
    majority: float | None

    def sentence(self) -> str:
        """How well the sentiment judges, in one sentence with the baseline beside it."""
        if self.learned and self.accuracy is not None and self.majority is not None:
            return tr(
                "Learned from {n} ratings: {accuracy} % right in cross-validation; the commoner answer alone"
                " gets {majority} %.",
                n=self.positive + self.negative,
                accuracy=round(100 * self.accuracy),
                majority=round(100 * self.majority),
            )
        if self.accuracy is not None and self.majority is not None:
            return tr(
                "Too few ratings to learn from ({n}): judged by a small word list, {accuracy} % right"
                " on them; the commoner answer alone gets {majority} %.",
                n=self.positive + self.negative,
                accuracy=round(100 * self.accuracy),
                majority=round(100 * self.majority),
            )
        return tr("There are no ratings to learn from: judged by a small word list.")


@dataclass(slots=True)
class Sentiment:
    """Judges texts; ``quality`` says how well."""

    quality: Quality
    _features: Any = None
    _classifier: Any = None
    _memory: dict[str, float] = field(default_factory=dict)

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[N] in -1 (complaint) … 1 (praise); 0 says nothing either way.

        A learned sentiment and the lexicon are averaged in the log-odds: sentences are shorter than the
        reviews that the classifier learned from.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._memory]
        if new:
            words = np.array([polarity(text) for text in new])
            if self._classifier is not None:
                odds = self._classifier.decision_function(self._features.transform(new))
                found = np.tanh(0.5 * (0.8 * odds + 1.2 * words))
            else:
                found = 0.9 * words
            if len(self._memory) > 50_000:
                self._memory.clear()
            self._memory.update(zip(new, (float(value) for value in found), strict=True))
        return np.array([self._memory[text] for text in texts], np.float32)

    def score(self, text: str) -> float:
        """One text, as in :meth:`scores`."""
        return float(self.scores([text])[0])


def said(review: Review) -> str:
    """What a review says, its title as a sentence of its own."""
    title = review.title.strip()
    if title and title[-1].isalnum():
        title += "."
    return f"{title}\n{review.text}".strip()[:_CHARACTERS]


def learn_sentiment(reviews: Sequence[Review]) -> Sentiment:
    """From reviews rated 2 or less against those rated 4 or more; both sides weigh the same.

    Logistic regression on TF-IDF of words (with "not" marked), pairs of words, and character n-grams. With
    fewer than 30 such reviews, or fewer than 8 of one side, the lexicon judges alone and ``quality.learned``
    is false. Deterministic.
    """
    rated = [r for r in reviews if r.rating is not None and said(r) and (r.rating <= 2 or r.rating >= 4)]
    rated = sorted(rated, key=lambda r: r.id)
    if len(rated) > _MOST:
        chosen = np.random.default_rng(_SEED).choice(len(rated), _MOST, replace=False)
        rated = [rated[i] for i in sorted(chosen)]
    texts = [said(review) for review in rated]
    labels = np.array([int((review.rating or 0) >= 4) for review in rated], np.int64)
    positive, negative = int(labels.sum()), int((1 - labels).sum())
    if len(rated) < LEAST or min(positive, negative) < LEAST_EACH:
        return Sentiment(_judged(labels, np.array([polarity(text) for text in texts]), learned=False))
    from sklearn.model_selection import StratifiedKFold

    guessed = np.zeros(len(labels))
    for train, test in StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED).split(texts, labels):
        features, classifier = _fit([texts[i] for i in train], labels[train])
        part = Sentiment(Quality(True, 0, 0, None, None, None), features, classifier)
        guessed[test] = part.scores([texts[i] for i in test])
    features, classifier = _fit(texts, labels)
    return Sentiment(_judged(labels, guessed, learned=True), features, classifier)


def _fit(texts: Sequence[str], labels: NDArray[np.int64]) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion

    words = TfidfVectorizer(analyzer=_word_pairs, sublinear_tf=True, min_df=2 if len(texts) > 60 else 1)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    features = FeatureUnion([("words", words), ("letters", letters)])
    rows = features.fit_transform(texts)
    classifier = LogisticRegression(C=4.0, class_weight="balanced", max_iter=1000)
    classifier.fit(rows, labels)
    return features, classifier


def _word_pairs(text: str) -> list[str]:
    words = negated_words(text)
    return words + [f"{one} {other}" for one, other in pairwise(words)]


def _judged(labels: NDArray[np.int64], scores: NDArray[np.float64], *, learned: bool) -> Quality:
    positive, negative = int(labels.sum()), int((1 - labels).sum())
    if not len(labels):
        return Quality(learned, 0, 0, None, None, None)
    # 0 says nothing: it counts as half right.
    right = np.where(scores == 0, 0.5, (scores > 0) == (labels == 1))
    accuracy, majority = float(right.mean()), max(positive, negative) / len(labels)
    sides = [float(right[labels == side].mean()) for side in (0, 1) if (labels == side).any()]
    balanced = math.fsum(sides) / 2 if len(sides) == 2 else None
    return Quality(learned, positive, negative, accuracy, balanced, majority)
