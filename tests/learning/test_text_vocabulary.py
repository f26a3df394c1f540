"""The vocabulary of byte pairs: lossless, bounded, readable by the tokenizers library; whole characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmstudio.errors import StudioError
from mmstudio.learning.texts.bpe import (
    BLANK,
    END,
    FIRST_BYTE,
    LEAST,
    TOKENIZER,
    Bpe,
    learn_bpe,
    load_bpe,
    utf8_state,
)
from support.texts import made_texts

ODD = [
    "a  b\n\n\n c ½ ² it's 12345",
    "😀👨‍👩‍👧 שלום עולם مرحبا",
    "这个杯子很好。　全角，ＡＢＣ！",
    "\u3000x\ty  ",
    "naïve façade — “quoted” …",
    "x" * 200,
]


@pytest.fixture(scope="module")
def bpe() -> Bpe:
    return learn_bpe(made_texts(80), 420)


@given(text=st.text(max_size=60))
def test_any_text_comes_back_from_its_tokens(text: str) -> None:
    vocabulary = _SHARED
    assert vocabulary.decode(vocabulary.encode(text)) == text


_SHARED = learn_bpe(made_texts(40), 300)


def test_common_words_become_tokens_and_the_size_is_kept(bpe: Bpe) -> None:
    assert LEAST < len(bpe) <= 420
    assert b" good" in bpe.pieces
    chinese = learn_bpe(made_texts(80)[4::5], 320)
    assert any("杯子".encode() in piece for piece in chinese.pieces)
    text = made_texts(1, seed=9)[0]
    assert len(bpe.encode(text)) < len(text.encode()) / 2


def test_the_same_texts_give_the_same_vocabulary() -> None:
    texts = made_texts(30)
    assert learn_bpe(texts, 350).merges == learn_bpe(list(texts), 350).merges


def test_one_word_and_nothing_make_a_vocabulary_of_bytes() -> None:
    assert len(learn_bpe(["word"], 500)) == LEAST
    assert len(learn_bpe([], 500)) == LEAST
    assert learn_bpe([], 500).encode("") == []


def test_the_tokenizers_library_reads_the_file_and_cuts_the_same(bpe: Bpe, tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="extra llm")
    bpe.save(tmp_path)
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / TOKENIZER))
    for text in [*ODD, *made_texts(40, seed=3)]:
        assert theirs.encode(text).ids == bpe.encode(text)
        assert theirs.decode(bpe.encode(text)) == text


def test_a_saved_vocabulary_comes_back(bpe: Bpe, tmp_path: Path) -> None:
    bpe.save(tmp_path)
    again = load_bpe(tmp_path)
    assert again.merges == bpe.merges
    assert again.pieces == bpe.pieces


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"vocab": {"a": 0}, "merges": []}}', "[1, 2]"])
def test_a_damaged_vocabulary_is_one_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / TOKENIZER).write_text(content, encoding="utf-8")
    with pytest.raises(StudioError, match=r"tokenizer\.json"):
        load_bpe(tmp_path)


def test_a_line_of_a_megabyte_is_cut_in_time(bpe: Bpe) -> None:
    line = "ab" * 250_000 + "你" * 100_000
    assert bpe.decode(bpe.encode(line)) == line


def test_half_characters_are_left_out(bpe: Bpe) -> None:
    assert bpe.decode(bpe.encode("a\ud800b")) == "ab"


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8))
def test_whole_characters_end_in_state_0_and_halves_do_not(text: str) -> None:
    data = text.encode()
    assert utf8_state(data) == 0
    for cut in range(len(data) + 1):
        try:
            data[:cut].decode()
            whole = True
        except UnicodeDecodeError:
            whole = False
        assert (utf8_state(data[:cut]) == 0) == whole


@pytest.mark.parametrize("data", [b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xff", b"\0"])
def test_what_is_no_utf8_cannot_follow(data: bytes) -> None:
    assert utf8_state(data) == -1


def test_the_table_of_what_may_follow_agrees_with_the_bytes(bpe: Bpe) -> None:
    table = bpe.follows
    assert table[0, END] == 0
    assert (table[1:, END] == -1).all()
    assert (table[:, BLANK] == -1).all()
    for token in range(FIRST_BYTE, len(bpe)):
        assert [table[state, token] for state in range(8)] == [
            utf8_state(bpe.pieces[token], state) for state in range(8)
        ]
