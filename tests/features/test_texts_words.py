"""Sentences, languages, vocabularies and bags of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from mmstudio.errors import StudioError
from mmstudio.features import Features
from mmstudio.features.texts.language import count_words, detect, language_of
from mmstudio.features.texts.sentences import is_whole, sentences
from mmstudio.features.texts.vocabulary import PAD, UNKNOWN, Vocabulary, bag_of_words, pad, tf_idf
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from support.library import add_files
from support.media import make_text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It holds 3.5 litres. I love it!", ["It holds 3.5 litres.", "I love it!"]),
        ("Dr. Smith sells it, e.g. to me. Good.", ["Dr. Smith sells it, e.g. to me.", "Good."]),
        ("J. R. Smith made it. It lasts.", ["J. R. Smith made it.", "It lasts."]),
        ("Well... it broke. Great… It broke", ["Well... it broke.", "Great…", "It broke"]),
        ("这个包很好。我很喜欢！真的？是的", ["这个包很好。", "我很喜欢！", "真的？", "是的"]),
        ("它说“很好。”我同意。", ["它说“很好。”", "我同意。"]),
        ("I use it\nevery day. It\n\nlasts", ["I use it every day.", "It", "lasts"]),
        ("- Dual handles.\n- A strap\n1. First", ["Dual handles.", "A strap", "First"]),
        ("It can't be beat - not anywhere.", ["It can't be beat - not anywhere."]),
        ('He said "wow!" Then he left.', ['He said "wow!"', "Then he left."]),
        ("nice bag. love it. Visit node.js now", ["nice bag.", "love it.", "Visit node.js now"]),
        ("", []),
        ("… ?! \n\n", []),
    ],
)
def test_sentences_end_where_they_end(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_letter_of_a_text_is_lost(text: str) -> None:
    kept = "".join(sentences(text))
    assert [c for c in kept if c.isalpha()] == [c for c in text if c.isalpha()]


def test_whole_sentences_are_known() -> None:
    assert is_whole("It lasts.")
    assert is_whole("“It lasts!”")
    assert is_whole("很好。")
    assert not is_whole("and it lasts.")
    assert not is_whole("It lasts")
    assert not is_whole("")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I love it!", "en"),
        ("The straps are comfortable and it keeps me dry all day long.", "en"),
        ("这个包很好用", "zh"),
        ("iPhone 手机壳很好", "zh"),
        ("これは良い鞄です", "ja"),
        ("가방이 정말 좋아요", "ko"),
        ("Die Tasche ist sehr schön und leicht.", "de"),
        ("Ce sac est très joli et pas cher.", "fr"),
        ("El bolso es muy bonito y barato.", "es"),
        ("Сумка очень хорошая, всем советую.", "ru"),
        ("12345 !!", None),
        ("", None),
    ],
)
def test_languages_are_told(text: str, code: str | None) -> None:
    assert language_of(text) == code


def test_mixed_texts_are_told_by_the_sentence() -> None:
    mixed = detect("This bag is great and I use it daily. 这个包很好用，我每天都用它去上班，非常满意。")
    assert mixed.code == "en"
    assert set(mixed.shares) == {"en", "zh"}
    assert mixed.mixed
    assert sum(mixed.shares.values()) <= 1
    assert not detect("This bag is great.").mixed
    assert detect("") == detect("\n\n  42 ")


def test_a_long_text_is_told_from_parts_of_it() -> None:
    assert detect("The bag is good and the strap is fine. " * 130_000).code == "en"


def test_words_are_counted_as_word_processors_do() -> None:
    assert count_words("A well-made bag, isn't it?") == 5
    assert count_words("我爱 bags") == 3
    assert count_words("") == 0


DOCUMENTS = [["red", "bag", "red"], ["blue", "bag"], ["lamp"], []]


def test_a_vocabulary_gives_numbers_and_words() -> None:
    vocabulary = Vocabulary.fit(DOCUMENTS)
    assert vocabulary.words[4:] == ("bag", "red", "blue", "lamp")
    ids = vocabulary.ids(["red", "zebra"])
    assert ids.tolist() == [5, UNKNOWN]
    assert vocabulary.text(ids) == ["red", "<unknown>"]
    assert Vocabulary.fit(DOCUMENTS, min_count=2).words[4:] == ("bag", "red")
    assert Vocabulary.fit(DOCUMENTS, most=1).words[4:] == ("bag",)
    assert len(Vocabulary.fit([])) == 4
    with pytest.raises(ValueError, match="min_count"):
        Vocabulary.fit(DOCUMENTS, min_count=0)
    with pytest.raises(IndexError):
        vocabulary.text([99])


def test_a_vocabulary_is_kept(tmp_path: Path) -> None:
    vocabulary = Vocabulary.fit(DOCUMENTS)
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary
    (tmp_path / "v.json").write_text('{"kind": "vocabulary", "words": [1], "counts": [1]}')
    with pytest.raises(StudioError, match="not a vocabulary"):
        Vocabulary.load(tmp_path / "v.json")


def test_sequences_are_padded_with_a_mask() -> None:
    vocabulary = Vocabulary.fit(DOCUMENTS)
    rows = [vocabulary.ids(document) for document in DOCUMENTS]
    ids, mask = pad(rows)
    assert ids.shape == mask.shape == (4, 3)
    assert mask.sum(1).tolist() == [3, 2, 1, 0]
    assert (ids[~mask] == PAD).all()
    assert (ids[mask] > PAD).all()
    ids, mask = pad(rows, 2)
    assert ids.shape == (4, 2)
    marked, mask = pad(rows, 3, marks=True)
    assert marked[0].tolist() == [2, 5, 3]
    assert mask[3].tolist() == [True, True, False]
    assert pad([])[0].shape == (0, 0)


def test_bags_of_words_and_tf_idf_equal_scikit_learns() -> None:
    vocabulary = Vocabulary.fit(DOCUMENTS)
    counts = bag_of_words([*DOCUMENTS, ["zebra"]], vocabulary)
    assert counts.shape == (5, 8)
    assert counts.toarray()[0].tolist() == [0, 0, 0, 0, 1, 2, 0, 0]
    assert counts.toarray()[4].sum() == 0
    theirs = TfidfVectorizer(
        analyzer=lambda document: document, vocabulary=list(vocabulary.words), sublinear_tf=True
    ).fit_transform(DOCUMENTS)
    ours = tf_idf(bag_of_words(DOCUMENTS, vocabulary))
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-6)
    assert tf_idf(bag_of_words([], vocabulary)).shape == (0, 8)


def test_language_is_written_where_the_import_left_it_empty(tmp_path: Path) -> None:
    with Library.create(tmp_path / "l.mmlib") as library:
        features = Features(library, "cpu")
        media = tmp_path / "m"
        english, chinese, empty = add_files(
            library,
            make_text(media / "a.txt", "The bag is good and it keeps me dry."),
            make_text(media / "b.txt", "防滑的瑜伽垫，适合在家练习。"),
            make_text(media / "c.txt", "12345 67890"),
        )
        library.assets.set_text(chinese, library.assets.text_of(chinese), "zh-TW")
        run_inline(features.work(kind="text"))
        told = {asset.id: asset.language for asset in library.assets.get_many([english, chinese, empty])}
        assert told == {english: "en", chinese: "zh-TW", empty: None}
        assert features.texts.languages() == {"en": 1, "zh-TW": 1, "": 1}
        assert library.facts.measures_of([english])[english]["words"] == 9
        features.close()
