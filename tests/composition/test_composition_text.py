"""Text in every script: shapes, order, fallback, fonts by file, and the same picture whatever came before."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from mmstudio.composition import Scene, Storyboard, TextLayer, prepare_drawing
from mmstudio.composition.direction import is_rtl
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.fonts import changed, font_folders, heads, missing_glyphs, resolve
from mmstudio.composition.render.text import SetText, TextStyle, set_text
from mmstudio.composition.render.typefaces import installed, scripts_of
from mmstudio.composition.storyboard import Font, Rect

STYLE = TextStyle(48, 0.5, 400, 2, 1.2, 0.0, "en")
SAMPLES = {
    "Latin": ("Fließend „office“ Łódź", "Noto Sans"),
    "Chinese": ("春江潮水连海平", "Noto Sans CJK SC"),
    "Japanese": ("海辺の週末バッグ", "Noto Sans CJK JP"),
    "Korean": ("주말을 위한 가방", "Noto Sans CJK KR"),
    "Arabic": ("حقيبة نهاية الأسبوع", "Noto Sans Arabic"),
    "Hebrew": ("תיק סוף שבוע", "Noto Sans Hebrew"),
    "Hindi": ("सप्ताहांत क्षत्रिय", "Noto Sans Devanagari"),
    "emoji": ("🧳👩‍👩‍👧‍👦👍🏽🇨🇳", "Noto Color Emoji"),
}


@pytest.fixture(autouse=True)
def _ready() -> None:
    prepare_drawing()


def needs(family: str) -> None:
    if family not in installed():
        pytest.skip(f"this machine has no {family}")


def board_of(text: str, **more: object) -> Storyboard:
    layer = TextLayer(name="words", bind="words", rect=Rect(0.1, 0.2, 0.8, 0.5), size=0.09, **more)  # type: ignore[arg-type]
    return Storyboard(
        size=(360, 360), scenes=[Scene("one", duration=2, layers=[layer])], copy={"words": text}
    )


def digest(board: Storyboard) -> str:
    return hashlib.sha256(frame_array(Renderer(board, None).card()).tobytes()).hexdigest()


def order(done: SetText) -> list[int]:
    """Places in the text of its letters (not spaces) in the order in which they stand from left to right."""
    space = set_text("x x", 900, 200, STYLE).letters[1]
    shown = [letter for letter in done.letters if (letter.face, letter.index) != (space.face, space.index)]
    return [letter.at for letter in sorted(shown, key=lambda letter: letter.x)]


@pytest.mark.parametrize("script", SAMPLES)
def test_every_script_has_letters_from_a_font_that_was_chosen_for_it(script: str) -> None:
    text, family = SAMPLES[script]
    needs(family)
    done = set_text(text, 900, 200, STYLE)
    assert done.missing == ""
    assert all(letter.index for letter in done.letters)
    assert family in {face.family for face in done.faces}
    drawn = frame_array(Renderer(board_of(text), None).card())
    assert (drawn.min(axis=2) < 128).mean() > 0.004


def test_arabic_letters_join() -> None:
    needs("Noto Sans Arabic")
    joined = {letter.index for letter in set_text("ححح", 900, 200, STYLE).letters}
    alone = {letter.index for letter in set_text("ح", 900, 200, STYLE).letters}
    assert len(joined) == 3  # first, middle, last form
    assert not joined & alone
    tracked = set_text("ححح", 900, 200, replace(STYLE, tracking=0.2))
    assert {letter.index for letter in tracked.letters} == joined  # no gap is torn between them
    assert tracked.width == set_text("ححح", 900, 200, STYLE).width


def test_hindi_conjuncts_and_vowel_signs_are_shaped() -> None:
    needs("Noto Sans Devanagari")
    conjunct = set_text("क्ष", 900, 200, STYLE)
    assert len(conjunct.letters) < 3
    reordered = set_text("कि", 900, 200, STYLE)  # the vowel sign stands before its consonant
    alone = set_text("क", 900, 200, STYLE).letters[0].index
    assert [letter.index for letter in sorted(reordered.letters, key=lambda one: one.x)].index(alone) == 1


def test_right_to_left_runs_from_the_right_and_numbers_stay_in_order() -> None:
    needs("Noto Sans Hebrew")
    done = set_text("אבג 129", 900, 200, STYLE)
    assert order(done) == [4, 5, 6, 2, 1, 0]
    assert done.rtl
    assert order(set_text("abc אבג def", 900, 200, STYLE)) == [0, 1, 2, 6, 5, 4, 8, 9, 10]


def test_alignment_follows_the_direction() -> None:
    needs("Noto Sans Arabic")

    def middle(done: SetText) -> float:
        return float(np.mean([letter.x for letter in done.letters])) / 900

    arabic, latin = "حقيبة", "bag"
    assert middle(set_text(latin, 900, 200, STYLE, "left")) < 0.3
    assert middle(set_text(arabic, 900, 200, STYLE, "left")) > 0.7
    assert middle(set_text(arabic, 900, 200, STYLE, "right")) < 0.3
    assert 0.4 < middle(set_text(arabic, 900, 200, STYLE, "center")) < 0.6
    assert middle(set_text(arabic, 900, 200, replace(STYLE, direction="ltr"), "left")) < 0.3
    assert middle(set_text(latin, 900, 200, replace(STYLE, direction="rtl"), "left")) > 0.7
    assert middle(set_text("129.00", 900, 200, replace(STYLE, locale="ar_EG"), "left")) > 0.7


@pytest.mark.parametrize(
    ("text", "rtl"),
    [("abc אבג", False), ("12 אבג abc", True), ("\u2068abc\u2069 אבג", True), ("42 €", False), ("", False)],
)
def test_the_first_strong_letter_decides(text: str, rtl: bool) -> None:
    assert is_rtl(text) is rtl


def test_kana_make_a_text_japanese_whatever_the_locale() -> None:
    assert scripts_of("海辺の") == {"han", "kana"}
    needs("Noto Sans CJK JP")
    chinese = set_text("直海辺", 900, 200, replace(STYLE, locale="zh_CN"))
    japanese = set_text("直海辺の", 900, 200, replace(STYLE, locale="zh_CN"))
    assert chinese.faces[0].family != japanese.faces[0].family


def test_emoji_are_drawn_in_colour_and_sequences_are_one_picture() -> None:
    needs("Noto Color Emoji")
    done = set_text("👩‍👩‍👧‍👦", 900, 200, STYLE)
    assert len(done.pictures) == 1
    pixels = frame_array(Renderer(board_of("🧳 ☂️"), None).card()).astype(int)
    assert (np.ptp(pixels, axis=2) > 60).sum() > 100


def test_a_long_text_ends_in_an_ellipsis_between_whole_letters() -> None:
    done = set_text("e\u0301a\u0308" * 400, 300, 120, STYLE)
    assert done.text.endswith("…")
    assert done.text[:-1].endswith(("\u0301", "\u0308"))
    assert done.lines == 2
    huge = set_text("word " * 10_000, 300, 120, STYLE)
    assert huge.text.endswith("…")
    assert huge.lines <= 2


def test_what_no_font_has_is_named_with_its_place() -> None:
    board = board_of("A bag \ue123 for \ue123 you \U0010ffff")
    assert [(m.slot, m.characters, m.scene) for m in missing_glyphs(board)] == [("words", "\ue123", "one")]
    assert missing_glyphs(board_of("Plain words, ﬁne — “quoted” · 129 €")) == []


def test_fonts_are_recorded_by_the_hash_of_their_file() -> None:
    needs("Noto Sans")
    fonts = resolve(board_of("bag", weight=700))
    assert [font.family for font in fonts] == ["Noto Sans"]
    files = [path for folder in font_folders() for path in folder.rglob(fonts[0].file)]
    assert fonts[0].sha256 in {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_font_that_is_gone_is_said_with_what_is_used_instead() -> None:
    board = board_of("bag")
    board.fonts = resolve(board)
    assert changed(board) == []
    board.fonts = [Font("Gone Grotesk", "Bold", "gone.ttf", "ab" * 32)]
    assert "Gone Grotesk" in changed(board)[0]
    assert resolve(board)[0].family in changed(board)[0]
    own = resolve(board)[0]
    board.fonts = [Font(own.family, own.style, own.file, "cd" * 32)]
    assert "another version" in changed(board)[0]
    board.fonts = []
    board.scenes[0].layers[0].family = "Nowhere Sans"  # type: ignore[union-attr]
    assert "Nowhere Sans" in changed(board)[0]
    assert digest(board) == digest(board_of("bag"))


def test_broken_font_files_are_no_fonts(tmp_path: Path) -> None:
    for number, content in enumerate(
        (b"", b"ttcf\x00\x01", b"\x00\x01\x00\x00\xff\xff", b"ttcf" + b"\xff" * 40)
    ):
        file = tmp_path / f"{number}.ttf"
        file.write_bytes(content)
        assert heads(file) == []
    assert heads(tmp_path) == []


def scribble() -> None:
    """What shifted outlines once: small letters drawn by Qt at fractions of a pixel."""
    image = QImage(300, 60, QImage.Format.Format_ARGB32_Premultiplied)
    for pixels in (11, 13, 17, 23):
        font = QFont("Noto Sans")
        font.setPixelSize(pixels)
        font.setWeight(QFont.Weight.Bold)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        painter = QPainter(image)
        painter.setFont(font)
        painter.setPen(QColor("black"))
        painter.drawText(3, 40, f"Harbour Weekend {pixels} gjqy")
        painter.end()


def test_the_same_picture_whatever_was_drawn_before_and_in_every_thread() -> None:
    boards = [board_of(text, weight=700) for text in ("Harbour Weekend Bag", "春江潮水", "حقيبة نهاية")]
    got: list[list[str]] = []

    def draw() -> None:
        scribble()
        # words that nobody set before: their outlines are taken in this thread, after that history
        fresh = [board_of(board.copy["words"] + " QXZ", weight=700) for board in boards]
        got.append([digest(board) for board in (*boards, *fresh)])

    draw()
    for _ in range(3):
        thread = threading.Thread(target=draw)
        thread.start()
        thread.join()
    together = [threading.Thread(target=draw) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert len(got) == 8
    assert all(one == got[0] for one in got)


def test_outlines_taken_after_any_history_are_the_same() -> None:
    from mmstudio.composition.render import glyphs, text

    taken = []
    for _ in range(4):
        text._set.cache_clear()
        glyphs._kept.clear()
        taken.append(digest(board_of("Harbour Weekend Bag", weight=700)))
        scribble()
    assert len(set(taken)) == 1
