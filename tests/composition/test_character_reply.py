"""Character sheets and answer cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.composition.layout import reframe
from mmstudio.composition.making.character import character_of, characters_of
from mmstudio.composition.render import Renderer
from mmstudio.composition.storyboard import Storyboard
from mmstudio.errors import MediaError, UsageError
from mmstudio.generation import Generation
from mmstudio.learning import Trainings
from mmstudio.library import ItemAsset, Library, NewItem, NewReview
from support.latents import add_random_model
from support.libraries import add_asset, new_library
from support.media import make_wav
from support.shop import scene_photo
from support.speech import alone, fake_espeak, posix_only

MIRA = """Name: Mira Stone
Role: Keeper of the lighthouse
Line: "The light stays on as long as I do."
- Patient with people, short with gulls
- Reads weather from the swell
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = new_library(tmp_path)
    hero = add_asset(made, scene_photo(tmp_path / "bag.png"), width=480)
    add_asset(
        made, tmp_path / "care.txt", kind="text", title="Care guide",
        text="Care guide. Wash the canvas by hand in cold water. Never put leather straps into a dryer.",
    )  # fmt: skip
    bag, lamp = made.items.upsert_many(
        [
            NewItem(
                "BAG-1", "Harbour Bag",
                "A canvas bag for every day. The inner pocket holds a laptop up to 15 inches.",
                price=79.0, currency="EUR", category="Bags",
                attributes={"material": "canvas", "waterproof": "yes"},
            ),
            NewItem("LAMP-1", "Reading Lamp", "A lamp with a warm light.", price=45.0, currency="EUR"),
        ]
    )  # fmt: skip
    made.items.set_assets(bag, [ItemAsset(hero, "hero", 0)])
    made.items.add_reviews([NewReview(lamp, "The cable is long enough for my desk.", "Beth Long", 5.0)])
    return made


def _compose(library: Library, recipe: str, text: str, voice: str = "none", **inputs: object) -> Storyboard:
    given = {"text": text, "options": {"voice": voice}, **inputs}
    return Composer(library, None, None).compose(recipe, inputs=given)


def test_a_sheet_is_a_character_for_stories(library: Library) -> None:
    picture = library.assets.ids()[-1]
    board = _compose(library, "character", MIRA, asset_ids=[picture])
    assert board.id is not None
    mira = characters_of(library, [board.id])[0]
    assert (mira.name, mira.role) == ("Mira Stone", "Keeper of the lighthouse")
    assert mira.line == "The light stays on as long as I do."
    assert mira.asset_id == picture
    assert mira.traits == ["Patient with people, short with gulls", "Reads weather from the swell"]
    assert [block.kind for block in board.blocks] == ["heading", "picture", "text", "quote", "list"]
    for size in ((1080, 1080), (1080, 1920), (1920, 1080)):
        frame = Renderer(reframe(board, size), library).frame(2.0, (size[0] // 5, size[1] // 5))
        assert not frame.isNull()


def test_an_edited_sheet_is_the_edited_character(library: Library) -> None:
    composer = Composer(library, None, None)
    board = _compose(library, "character", MIRA)
    assert board.id is not None
    changed = composer.edit(board.id, **{"sheet.name": "Mira Rock"})
    assert character_of(changed).name == "Mira Rock"
    assert character_of(changed).asset_id is None


def test_a_voice_that_is_given_is_its_voice(library: Library, tmp_path: Path) -> None:
    sound = add_asset(library, make_wav(tmp_path / "mira.wav", seconds=6.0), kind="audio", duration=6.0)
    board = _compose(library, "character", MIRA, track_id=sound)
    assert character_of(board).voice_asset == sound
    assert board.duration >= 6.0
    with pytest.raises(MediaError):
        _compose(library, "character", MIRA, track_id=library.assets.ids()[-1])
    with pytest.raises(MediaError):
        _compose(library, "character", MIRA, asset_ids=[sound])


def test_a_model_draws_a_face_that_is_marked_as_generated(library: Library) -> None:
    add_random_model(library, "faces")
    composer = Composer(library, None, Generation(library, Trainings(library, "cpu")))
    given = {"text": MIRA, "model": "faces", "seed": 9, "options": {"voice": "none"}}
    board = composer.compose("character", inputs=given)
    asset = character_of(board).asset_id
    assert asset is not None
    assert library.assets.get(asset).origin == "generated"
    assert board.has_generated_part()
    assert character_of(composer.compose("character", inputs=given)).asset_id == asset


def test_chinese_and_loose_texts_are_read(library: Library) -> None:
    board = _compose(
        library, "character", "名字：米拉\n角色：灯塔守护人\n台词：只要我在，灯就不会灭。\n- 对人耐心"
    )
    assert board.locale == "zh-CN"
    assert character_of(board).name == "米拉"
    loose = _compose(library, "character", "Otto\nLikes maps\nHates heights: all of them")
    assert character_of(loose).traits == ["Likes maps", "Hates heights: all of them"]


@pytest.mark.parametrize(
    "text", ["", "  \n", "A sentence that is far too long to be the name of anybody at all."]
)
def test_a_character_without_a_name_is_refused(library: Library, text: str) -> None:
    with pytest.raises(UsageError):
        _compose(library, "character", text)


def test_other_storyboards_are_no_characters() -> None:
    with pytest.raises(UsageError):
        character_of(Storyboard(name="x", recipe="lesson"))


@pytest.mark.parametrize(
    ("question", "said", "source"),
    [
        ("How much is the Harbour Bag?", "€79", "Harbour Bag"),
        ("Is the harbour bag waterproof?", "Waterproof: yes.", "Harbour Bag"),
        ("What is the Harbour Bag made of?", "Material: canvas.", "Harbour Bag"),
        (
            "Does a laptop fit into the bag's pocket?",
            "The inner pocket holds a laptop up to 15 inches.",
            "Harbour Bag",
        ),
        ("Is the cable of the lamp long?", "“The cable is long enough for my desk.”", "Review by B. L."),
        ("Can leather straps go into the dryer?", "Never put leather straps into a dryer.", "Care guide"),
    ],
)
def test_questions_are_answered_in_the_librarys_own_words(
    library: Library, question: str, said: str, source: str
) -> None:
    board = _compose(library, "reply", question)
    assert said in board.copy["answer.answer"]
    assert source in board.copy["answer.source"]
    assert board.facts["answer.answer"]
    assert board.copy["answer.question"] == question


def test_the_answer_comes_with_the_items_picture(library: Library) -> None:
    board = _compose(library, "reply", "Is the harbour bag waterproof?")
    assert board.item_id is not None
    assert board.asset_ids() == [library.items.hero_of(board.item_id)]
    assert [block.kind for block in board.blocks] == ["heading", "quote", "note", "picture"]


@pytest.mark.parametrize(
    "question",
    [
        "Does it work on the moon?",
        "Who won the world cup in 1998?",
        "会褪色吗？",
        "Is the Harbour Bag vegan?",
    ],
)
def test_what_the_library_does_not_know_is_not_invented(library: Library, question: str) -> None:
    board = _compose(library, "reply", question)
    answer = board.copy["answer.answer"]
    assert answer in ("Nothing in this library answers that.", "媒体库中没有能回答这个问题的内容。")
    assert (board.item_id, board.asset_ids(), board.facts) == (None, [], {})


def test_an_item_that_has_a_voice_answers_with_it(library: Library, tmp_path: Path) -> None:
    bag = library.items.by_sku("BAG-1")
    assert bag is not None
    own = add_asset(library, make_wav(tmp_path / "bag.wav", seconds=7.0), kind="audio", duration=7.0)
    library.items.set_assets(bag.id, [*library.items.assets_of(bag.id), ItemAsset(own, "voice", 0)])
    board = _compose(library, "reply", "Is the harbour bag waterproof?", voice="")
    assert board.voice is not None
    assert (board.voice.asset_id, board.voice.source) == (own, "asset")
    assert board.duration > 7.0
    assert ("voice", own) in [(source.part, source.asset_id) for source in board.sources]
    assert board.blocks[-1].asset_id == own
    assert _compose(library, "reply", "Is the harbour bag waterproof?").voice is None  # silence was asked for


@posix_only
def test_characters_of_a_story_speak_with_their_own_voices(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    alone(monkeypatch, programs)
    log = fake_espeak(programs)
    ids = [
        _compose(library, "character", f"Name: {name}\nLine: Hello.", voice=voice).id
        for name, voice in (("Mara", "en-us"), ("Bob", "cmn"))
    ]
    log.write_text("")
    story = "- Night falls.\n- Mara: The light never sleeps.\n- Bob: Nor do I!\n- Both of them laugh."
    board = _compose(library, "story", story, voice="gmw/en", characters=ids)
    said = [json.loads(line) for line in log.read_text().splitlines()]
    voices = [one["arguments"][one["arguments"].index("-v") + 1] for one in said]
    assert [one["text"].strip() for one in said] == [
        "Night falls.", "The light never sleeps.", "Nor do I!", "Both of them laugh.",
    ]  # fmt: skip
    assert voices == ["gmw/en", "gmw/en-US", "sit/cmn", "gmw/en"]
    assert "Mara: The light never sleeps." in [caption.text for caption in board.captions]
    assert board.voice is not None
    record = library.generations.of_asset(board.voice.asset_id or 0)
    assert "gmw/en-US" in str(record)
    log.write_text("")
    _compose(library, "story", story, characters=ids)
    assert log.read_text() == ""  # silence was asked for: nobody speaks


@posix_only
def test_a_character_whose_voice_is_not_here_is_read_by_the_narrator(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    alone(monkeypatch, programs)
    log = fake_espeak(programs)
    composer = Composer(library, None, None)
    sheet = _compose(library, "character", "Name: Mara", voice="en-us")
    sheet.inputs["options"]["voice"] = "a voice of another computer"
    composer.save(sheet)
    board = _compose(
        library,
        "story",
        "- Night falls.\n- Mara: I wait.\n- Day breaks.",
        voice="default",
        characters=[sheet.id],
    )
    assert "I wait." in log.read_text()
    assert any("a voice of another computer" in source.detail for source in board.sources)


@pytest.mark.parametrize("question", ["", "???", "\x00\x01"])
def test_no_question_is_refused(library: Library, question: str) -> None:
    with pytest.raises(UsageError):
        _compose(library, "reply", question)


@pytest.mark.parametrize(
    "question",
    ['bag" OR 1=1 --', "kind:image like:1 bag", "<script>bag</script>", "bag " * 5000, "\u202ebag*^~(("],
)
def test_hostile_questions_are_only_words(library: Library, question: str) -> None:
    board = _compose(library, "reply", question)
    assert len(board.copy["answer.question"]) <= 300
    assert not any(c < " " or "\u202a" <= c <= "\u202e" for c in board.copy["answer.question"])
