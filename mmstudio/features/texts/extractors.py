"""Extractors of texts; they are fitted on the library, see extraction.py."""

from __future__ import annotations

from mmstudio.features.contract import OWN_LICENCE, parameters_hash
from mmstudio.features.records import ExtractorInfo
from mmstudio.features.texts import words
from mmstudio.i18n import mark

TEXT = "tfidf-svd"


def infos() -> list[ExtractorInfo]:
    """The extractors of texts."""
    return [
        ExtractorInfo(
            TEXT, "text", words.DIMENSION, "library", OWN_LICENCE, "1", mark("Words (TF-IDF and SVD)"),
            parameters_hash(words.DIMENSION), "unit",
        ),
    ]  # fmt: skip
