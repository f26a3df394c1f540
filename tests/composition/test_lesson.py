"""Lessons: what is read, what is asked, and the storyboard with its page."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.composition.layout import reframe
from mmstudio.composition.making.lesson_source import read_lesson
from mmstudio.composition.making.quiz import questions_of
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import ImageLayer, Storyboard
from mmstudio.errors import MediaError, StudioError, UsageError
from mmstudio.export.web.blocks import walk
from mmstudio.generation import Generation
from mmstudio.learning import Trainings
from mmstudio.library import Library
from support.latents import add_random_model
from support.libraries import add_asset, new_library
from support.media import make_wav
from support.shop import scene_photo
from support.speech import alone, fake_espeak, posix_only

BREAD = """# How bread rises

Bread is flour, water, salt and time. Yeast does the work while we wait.

## Mix
Stir flour and water until no dry flour is left. The dough looks rough, and that is fine.
![Flour in a bowl](photos/flour.png)

## Knead
Kneading stretches the gluten into a net. The net holds the gas that the yeast makes.

- Push the dough away with the heel of your hand.
- Fold it back and turn it.

## Rest
Warm dough rises faster than cold dough. Cover the bowl with a cloth so that the surface stays moist.
"""
TEA = """# 泡茶

## 烧水
先把水烧开，然后放凉一分钟。

## 放茶
每杯水放三克茶叶，茶叶不要太多。

## 等待
绿茶等待两分钟就可以喝了。
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = new_library(tmp_path)
    for number, name in enumerate(("flour", "dough", "oven")):
        add_asset(made, scene_photo(tmp_path / f"{name}.png", number), width=480, title=name)
    return made


def _compose(
    library: Library, text: str = BREAD, options: dict[str, object] | None = None, **inputs: object
) -> Storyboard:
    wanted = {"voice": "none", "slider": "none"} | (options or {})
    return Composer(library, None, None).compose("lesson", inputs={"text": text, "options": wanted, **inputs})


def test_headings_points_and_pictures_are_read() -> None:
    lesson = read_lesson(BREAD)
    assert lesson.title == "How bread rises"
    assert [part.heading for part in lesson.parts] == ["Mix", "Knead", "Rest"]
    assert lesson.parts[0].picture == "photos/flour.png"
    assert lesson.parts[1].points == [
        "Push the dough away with the heel of your hand.",
        "Fold it back and turn it.",
    ]


def test_a_text_without_headings_has_steps_too() -> None:
    assert [p.said() for p in read_lesson("Tea\n\nBoil water.\n\nAdd leaves.").parts] == [
        "Boil water.",
        "Add leaves.",
    ]
    numbered = read_lesson("1. Boil water.\n2. Add leaves.\n3. Wait.")
    assert numbered.numbered
    assert len(numbered.parts) == 3


def test_questions_of_the_person_are_taken_as_they_are() -> None:
    text = (
        BREAD + "\n? What does yeast make?\n- Sand\n* Gas\n- Salt\n= The net holds it.\n\n? No answer here\n"
    )
    lesson = read_lesson(text)
    assert [(q.text, q.choices, q.answer, q.why) for q in lesson.questions] == [
        ("What does yeast make?", ["Sand", "Gas", "Salt"], 1, "The net holds it.")
    ]
    assert questions_of(lesson, 5, random.Random(0)) == lesson.questions
    assert "No answer here" in " ".join(text for part in lesson.parts for text in part.texts)


@pytest.mark.parametrize("text", [BREAD, TEA], ids=["en", "zh"])
def test_made_questions_are_answered_by_the_lesson_itself(text: str) -> None:
    made = questions_of(read_lesson(text), 6, random.Random(3))
    assert len(made) >= 2
    for question in made:
        right = question.choices[question.answer]
        assert len(set(question.choices)) == len(question.choices) >= 3
        assert right in text
        if question.why:  # a gap: only the right word makes the sentence
            gap = "＿＿＿" if "＿＿＿" in question.text else "____"
            assert question.why.replace(right, gap, 1) in question.text
            assert all(one not in question.why for one in question.choices if one != right)


def test_a_lesson_is_scenes_and_a_page(library: Library) -> None:
    board = _compose(library)
    assert [scene.pattern or scene.name for scene in board.scenes][:4] == [
        "title_plain",
        "step",
        "step_plain",
        "step_plain",
    ]
    assert board.asset_ids()[0] == library.assets.ids()[-1]
    assert board.captions
    kinds = [block.kind for block in walk(board.blocks)]
    assert kinds.count("quiz") == 3
    assert kinds[:2] == ["heading", "text"]
    quiz = next(block for block in board.blocks if block.kind == "quiz")
    assert quiz.data["choices"][quiz.data["answer"]]
    for size in ((1080, 1080), (1080, 1920), (1920, 1080)):
        frame = Renderer(reframe(board, size), library).frame(
            board.scenes[1].end - 0.1, (size[0] // 5, size[1] // 5)
        )
        assert not frame.isNull()
    again = _compose(library)
    assert [b.data for b in again.blocks] == [b.data for b in board.blocks]


def test_given_pictures_come_first_and_the_rest_is_the_slider(library: Library) -> None:
    ids = library.assets.ids()
    text = "# A\n\n## One thing\nOnly one step is here."
    board = _compose(library, text, {"slider": "auto"}, asset_ids=[*ids, ids[0], ids[1]])
    slider = next(block for block in board.blocks if block.kind == "slider")
    assert slider.data["assets"] == [ids[2], ids[0], ids[1]]
    sequence = next(scene for scene in board.scenes if scene.name == "sequence")
    shown = [layer for layer in sequence.layers if layer.name.startswith("frame")]
    assert [layer.asset_id for layer in shown if isinstance(layer, ImageLayer)] == slider.data["assets"]
    assert [layer.begin for layer in shown] == sorted(layer.begin for layer in shown)


def test_a_model_makes_the_slider(library: Library) -> None:
    add_random_model(library, "walker")
    generation = Generation(library, Trainings(library, "cpu"))
    composer = Composer(library, None, generation)
    given = {"text": BREAD, "model": "walker", "seed": 4, "options": {"voice": "none", "questions": 0}}
    board = composer.compose("lesson", inputs=given)
    slider = next(block for block in board.blocks if block.kind == "slider")
    assets = library.assets.get_many(slider.data["assets"])
    assert len(assets) == 9
    assert {asset.origin for asset in assets} == {"generated"}
    assert board.has_generated_part()
    made = library.generations.of_asset(assets[3].id)
    assert made is not None
    assert made.params["frame"] == 3
    same = composer.compose("lesson", inputs=given)
    assert next(b for b in same.blocks if b.kind == "slider").data["assets"] == slider.data["assets"]


@posix_only
def test_the_voice_draws_the_scenes_out(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    fake_espeak(programs)
    alone(monkeypatch, programs)
    board = _compose(library, options={"voice": ""})
    assert board.voice is not None
    assert board.voice.asset_id is not None
    sound = library.assets.get(board.voice.asset_id)
    assert sound.duration is not None
    assert board.scenes[0].end < board.voice.start + sound.duration < board.duration
    assert "sound" in [block.kind for block in board.blocks]
    spoken = " ".join(caption.text for caption in board.captions)
    assert "Stir flour and water" in spoken.replace("\n", " ")
    knead = next(caption for caption in board.captions if "Knead" in caption.text)
    assert board.scenes[2].start < knead.start < board.scenes[2].start + 0.6


def test_no_speech_program_is_no_reason_to_fail(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(monkeypatch, tmp_path)
    board = _compose(library, options={"voice": ""})
    assert board.voice is None
    assert any(source.part == "voice" and source.kind == "drawn" for source in board.sources)
    with pytest.raises(StudioError):
        _compose(library, options={"voice": "nobody"})


def test_chinese_is_told_from_the_text(library: Library) -> None:
    board = _compose(library, TEA)
    assert board.locale == "zh-CN"
    assert "哪个词" in next(b for b in board.blocks if b.kind == "quiz").text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> is only text. =cmd|' /C calc'!A0",
        "# " + "word " * 10_000 + "\n\nA sentence at last.",
        "\x00\x07\u202e control\x1b[31m signs " * 50,
        "![x](../../../../etc/passwd) ![y](https://example.org/a.png) Words that stay.",
        "? \n* \n- \n= \n~ \n# \n## \n1. \nA sentence at last.",
        "## Only a heading",
    ],
)
def test_hostile_texts_stay_text(library: Library, text: str) -> None:
    board = _compose(library, text)
    for word in [board.name, *board.copy.values(), *(block.text for block in walk(board.blocks))]:
        assert not any(c < " " or "\u202a" <= c <= "\u202e" for c in word)
    assert len(board.name) <= 120
    assert all(library.assets.get(asset).kind == "image" for asset in board.asset_ids())


@pytest.mark.parametrize("text", ["", "   \n\n", "---\n***\n"])
def test_nothing_to_teach_is_said(library: Library, text: str) -> None:
    with pytest.raises(UsageError):
        _compose(library, text)


def test_a_sound_is_no_picture(library: Library, tmp_path: Path) -> None:
    sound = add_asset(library, make_wav(tmp_path / "a.wav"), kind="audio", duration=1.0)
    with pytest.raises(MediaError):
        _compose(library, asset_ids=[sound])


def test_a_long_text_is_cut_into_scenes_that_can_be_read(library: Library) -> None:
    text = "# Long\n\n## One\n" + "This sentence is one of many sentences in a row. " * 60
    board = _compose(library, text, {"find": "no"})
    steps = [scene for scene in board.scenes if (scene.pattern or scene.name) == "step_plain"]
    assert len(steps) > 5
    assert all(len(board.copy[f"{scene.name}.line"]) <= 460 for scene in steps)
