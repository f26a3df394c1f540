"""Story and trailer: outlines of any shape, pictures from everywhere, hostile and endless texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.making.narration import weight
from mmstudio.composition.making.outline import LONGEST_TITLE, read_outline, shown
from mmstudio.composition.storyboard import ImageLayer, VideoLayer
from mmstudio.errors import MediaError, UsageError
from support.libraries import add_asset
from support.media import make_mp4, make_wav
from support.shop import Shop, make_shop, scene_photo

OUTLINE = """# Evening at the harbour

The lamp is lit. It falls on old stones.

A find: Nobody knew where it came from.

[picture: boat-3] We sat down and read.

In the morning we left.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


@pytest.fixture
def composer(shop: Shop) -> Composer:
    return Composer(shop.library, None, None)


@pytest.fixture
def boats(shop: Shop) -> list[int]:
    media = shop.folder / "media"
    return [add_asset(shop.library, scene_photo(media / f"boat-{n}.png", n), width=480) for n in range(4)]


def pictures(board: Storyboard) -> list[int | None]:
    return [
        layer.asset_id
        for scene in board.scenes
        for layer in scene.layers
        if isinstance(layer, ImageLayer | VideoLayer)
    ]


# --- outlines -----------------------------------------------------------------------------------------------


def test_headings_bullets_paragraphs_lines_and_sentences_part_an_outline() -> None:
    read = read_outline(OUTLINE)
    assert read.title == "Evening at the harbour"
    assert [part.heading for part in read.parts] == ["", "A find", "", ""]
    assert read.parts[2].picture == "boat-3"
    assert read.parts[2].text == "We sat down and read."
    assert [p.text for p in read_outline("- one\n- two\n  and more\n- three").parts] == [
        "one",
        "two and more",
        "three",
    ]
    assert [p.text for p in read_outline("1. 清晨\n2、雨天\n3) 夜里").parts] == ["清晨", "雨天", "夜里"]
    assert [p.text for p in read_outline("One line.\nAnother line.").parts] == ["One line.", "Another line."]
    assert [p.text for p in read_outline("First. Second! Third?").parts] == ["First.", "Second!", "Third?"]
    assert [p.text for p in read_outline("第一句。第二句。").parts] == ["第一句。", "第二句。"]
    parted = read_outline("## Dawn\nIt is light.\n## Dusk\nIt is dark.")
    assert [(p.heading, p.text) for p in parted.parts] == [("Dawn", "It is light."), ("Dusk", "It is dark.")]


def test_a_short_first_line_over_sentences_is_the_title_and_no_scene() -> None:
    read = read_outline("A quiet home\nTea is made.\nLight falls in.\nA lamp is lit.\n")
    assert (read.title, [part.text for part in read.parts]) == (
        "A quiet home",
        ["Tea is made.", "Light falls in.", "A lamp is lit."],
    )
    listed = read_outline("海边的一天\n- 清晨\n- 正午\n- 傍晚\n")
    assert (listed.title, len(listed.parts)) == ("海边的一天", 3)
    verses = "Bright moon before my bed\nFrost upon the ground\nI raise my head\nI think of home"
    assert read_outline(verses).title == ""
    assert read_outline("Tea is made.\nLight falls in.\nA lamp is lit.\nRest.").title == ""


def test_too_many_parts_are_joined_and_nothing_is_left_out() -> None:
    read = read_outline("\n".join(f"- part {n}." for n in range(40)), 7)
    assert len(read.parts) == 7
    words = " ".join(part.text for part in read.parts)
    assert all(f"part {n}." in words for n in range(40))


def test_endless_titles_are_cut_at_a_word() -> None:
    for word in ("word ", "字"):
        title = read_outline("One. Two.", title=word * 10_000).title
        assert weight(title) <= LONGEST_TITLE
        assert title.endswith("…")
    assert read_outline("word " * 10_000).parts[0].text


def test_what_is_shown_ends_with_a_sentence() -> None:
    assert shown("One is here. Two is there. Three is nowhere.", 28) == "One is here. Two is there."
    assert weight(shown("word " * 100, 60)) <= 60


# --- stories ------------------------------------------------------------------------------------------------


def test_a_story_has_a_title_and_a_scene_for_every_part(composer: Composer, boats: list[int]) -> None:
    board = composer.compose("story", inputs={"text": OUTLINE, "asset_ids": boats[:2]})
    assert [scene.name for scene in board.scenes] == ["title", "scene1", "scene2", "scene3", "scene4"]
    assert board.copy["title"] == board.name == "Evening at the harbour"
    assert board.copy["scene2.heading"] == "A find"
    # chosen ones in order, the named one in its place, none twice
    assert pictures(board)[1:4] == [boats[0], boats[1], boats[3]]
    assert board.scenes[-1].pattern in ("picture", "words")
    assert all(2.5 <= scene.duration <= 12 for scene in board.scenes)
    said = " ".join(caption.text for caption in board.captions)
    assert "Nobody knew where it came from." in said
    assert all(a.end <= b.start + 0.01 for a, b in zip(board.captions, board.captions[1:], strict=False))
    assert {block.kind for block in board.blocks} == {"heading", "text", "picture"}
    assert board.music is not None
    parts = {source.part for source in board.sources}
    assert {"text", "scene1.picture", "scene1.line", "music"} <= parts


def test_a_story_of_three_to_eight_scenes(composer: Composer) -> None:
    long = composer.compose("story", inputs={"text": "\n".join(f"- Part {n} is told." for n in range(30))})
    assert len(long.scenes) == 8
    five = composer.compose(
        "story", inputs={"text": "\n".join(f"- Part {n}." for n in range(30)), "options": {"scenes": 5}}
    )
    assert len(five.scenes) == 5
    assert len(composer.compose("story", inputs={"text": "Rain falls. The sun comes."}).scenes) == 3


def test_a_trailer_is_quicker_and_ends_with_the_title(composer: Composer, boats: list[int]) -> None:
    given = {"text": OUTLINE, "asset_ids": boats}
    story, trailer = composer.compose("story", inputs=given), composer.compose("trailer", inputs=given)
    assert trailer.duration < story.duration
    assert trailer.scenes[-1].pattern == ""
    assert trailer.scenes[-1].name == "end"
    assert trailer.scenes[1].transition.kind == "zoom"


def test_without_any_picture_words_stand_alone(composer: Composer, shop: Shop) -> None:
    board = composer.compose(
        "story", inputs={"text": "Zwölf Boxkämpfer. Quer jagen sie.", "options": {"pictures": "none"}}
    )
    assert [scene.pattern for scene in board.scenes[1:]] == ["words", "words"]
    assert not any(pictures(board))


def test_clips_play_as_clips_and_a_sound_is_no_picture(composer: Composer, shop: Shop) -> None:
    clip = add_asset(
        shop.library, make_mp4(shop.folder / "media" / "sea.mp4", seconds=0.5), kind="video", duration=0.5
    )
    board = composer.compose("story", inputs={"text": "One. Two.", "asset_ids": [clip]})
    assert any(isinstance(layer, VideoLayer) for layer in board.scenes[1].layers)
    sound = add_asset(shop.library, make_wav(shop.folder / "media" / "a.wav"), kind="audio")
    with pytest.raises(MediaError, match="is not a picture"):
        composer.compose("story", inputs={"text": "One. Two.", "asset_ids": [sound]})


def test_generated_pictures_need_a_model(composer: Composer) -> None:
    with pytest.raises(UsageError, match="no model"):
        composer.compose("story", inputs={"text": "One. Two.", "options": {"pictures": "generated"}})


class Painter:
    """Doors of Generation that a story uses."""

    def default_model(self, _names: object = None) -> str:
        return "starter-image-gan"

    def background(self, model: str, palette: object, size: tuple[int, int], seed: int) -> Image.Image:
        rng = np.random.default_rng(seed)
        return Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)).resize((96, 96))


def test_a_model_makes_what_is_missing_when_asked(shop: Shop, boats: list[int]) -> None:
    composer = Composer(shop.library, None, Painter())  # type: ignore[arg-type]
    board = composer.compose(
        "story",
        inputs={"text": "Aa. Bb. Cc.", "asset_ids": boats[:1], "options": {"pictures": "generated"}},
    )
    made = [
        source for source in board.sources if source.kind == "generated" and source.part.endswith(".picture")
    ]
    assert len(made) == 2
    assert board.has_generated_part()
    assert len({source.asset_id for source in made}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>\n=cmd|' /C calc'!A0\n../../etc/passwd",
        "\u202egpj.exe\x00\x07 is here.\nAnd more \ud800 text.".encode("utf-8", "replace").decode(),
        "[picture: ../../../etc/passwd] A line.\n[picture: http://example.com/x.png] Another.",
        "٠١٢ مرحبا بالعالم\nשלום עולם\n👩‍👩‍👧‍👦 👍🏽",
        "{title} {0} %s $ground\n- {undefined}",
    ],
)
def test_hostile_texts_stay_text(composer: Composer, text: str) -> None:
    board = composer.compose("story", inputs={"text": text})
    assert 2 <= len(board.scenes) <= 8
    assert Storyboard.from_dict(board.to_dict()).to_dict() == board.to_dict()
    assert not any("\x00" in words or "\u202e" in words for words in board.copy.values())


def test_a_text_with_nothing_in_it_is_said(composer: Composer) -> None:
    with pytest.raises(UsageError, match="nothing to tell"):
        composer.compose("story", inputs={"text": "# \n\n- \n\x00"})


def test_no_model_is_no_reason_to_make_pictures(shop: Shop, composer: Composer) -> None:
    given = {"text": "The lamp is lit.\nIt falls on old stones.\nMorning comes.", "model": "none"}
    board = composer.compose("story", inputs=given)  # as "None" in the window's list of models
    assert len(board.scenes) >= 3
    assert not board.has_generated_part()
