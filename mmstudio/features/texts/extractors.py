"""Extractors of texts; they are fitted on the library, see extraction.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.features.contract import OWN_LICENCE, parameters_hash
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.texts import sif, words
from mmstudio.features.texts.sentence_models import find_sentence_models
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.features.texts.sentence_models import SentenceSpec

TEXT = "tfidf-svd"
SIF = "sif"
BOW = "bow"
BOW_WORDS = 512  # the words in most texts: what a dense row can hold


def infos() -> list[ExtractorInfo]:
    """The extractors of texts; those of the person's own sentence models run when they are named."""
    found = [
        ExtractorInfo(
            TEXT, "text", words.DIMENSION, "library", OWN_LICENCE, "1", mark("Words (TF-IDF and SVD)"),
            parameters_hash(words.DIMENSION), "unit",
        ),
        ExtractorInfo(
            SIF, "text", sif.DIMENSION, "library", OWN_LICENCE, "1",
            mark("Word meanings (weighted mean of word vectors)"),
            parameters_hash(sif.DIMENSION), "unit", default=False,
        ),
        ExtractorInfo(
            BOW, "text", BOW_WORDS, "library", OWN_LICENCE, "1", mark("Bag of words (the commonest ones)"),
            parameters_hash(BOW_WORDS), "unit", default=False,
        ),
    ]  # fmt: skip
    found += [
        ExtractorInfo(
            spec.name, "text", spec.dimension, "user", spec.licence, "1",
            mark("Sentences (a model of your own)"), spec.fingerprint, "unit", default=False,
        )
        for spec in find_sentence_models()
        if not spec.problem
    ]  # fmt: skip
    return found


def sentence_model(name: str) -> SentenceSpec | None:
    """The sentence model behind an extractor's name, used or refused; None where there is none."""
    return next((spec for spec in find_sentence_models() if spec.name == name), None)
