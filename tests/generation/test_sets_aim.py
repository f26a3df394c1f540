"""What a set aims at: mood, colours, tempo and words of whatever is given. No model is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import MediaError, NotFound, UsageError
from mmstudio.features.sounds.hearing import Sound
from mmstudio.generation.sets import Mood, SetWish, colours, mood, parts_of
from mmstudio.generation.sets.lexicon import found_in, words
from mmstudio.generation.sets.packing import packed, unpacked
from mmstudio.generation.sets.source import Given, read
from mmstudio.generation.sets.words import LINE, lines_for, weight
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from support.libraries import add_asset, new_library
from support.media import make_image, make_wav
from support.shop import make_shop


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return new_library(tmp_path)


def flat(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((32, 32, 3), colour, np.uint8)


# -- wishes ------------------------------------------------------------------------------------------------


def test_a_wish_survives_json() -> None:
    wish = SetWish(
        text="sea", seed=4, seeds={"sound": 9}, locks=("picture",), given={"text": "hi"}, seconds=8.0
    )
    assert SetWish.of(wish.as_json()) == wish
    assert SetWish().as_json() == {}


@pytest.mark.parametrize(
    "wish",
    [
        SetWish(text="a", item_id=1),
        SetWish(seconds=0.1),
        SetWish(seconds=float("nan")),
        SetWish(temperature=3.0),
        SetWish(size=8),
        SetWish(candidates=0),
        SetWish(locks=("video",)),  # type: ignore[arg-type]
        SetWish(given={"picture": "1", "sound": "2", "text": "x"}),
    ],
)
def test_what_cannot_be_had_is_one_sentence(wish: SetWish) -> None:
    with pytest.raises(UsageError) as caught:
        wish.checked()
    assert str(caught.value)


@pytest.mark.parametrize(
    "data", [{"seed": "x"}, {"seeds": 5}, {"locks": 3}, {"given": ["a"]}, {"seconds": None}]
)
def test_broken_json_is_one_sentence(data: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        SetWish.of(data)


def test_variations_keep_what_is_locked() -> None:
    wish = SetWish(text="sea", seed=5, locks=("sound",))
    third = wish.variation(3)
    assert third.seed_of("sound") == 5
    assert third.seed_of("picture") == third.seed_of("text") == 8
    assert wish.variation(0) == wish
    assert SetWish(seed=5).variation(2).seed == 7


def test_parts_have_other_names_too() -> None:
    assert parts_of(["image", "music"]) == ("picture", "sound")
    with pytest.raises(UsageError):
        parts_of(["smell"])


def test_latents_are_packed_exactly() -> None:
    latent = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)
    assert np.array_equal(unpacked(packed(latent)), latent)
    assert unpacked(packed(np.zeros((0, 4), np.float32))).shape == (0, 4)


# -- moods -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calm", "lively"),
    [("a calm, quiet evening", "a wild party"), ("宁静的夜晚", "欢庆的派对"), ("sleep", "workout")],
)
def test_words_say_how_lively_it_is(calm: str, lively: str) -> None:
    slow, sure = mood.of_words(calm)
    fast, _ = mood.of_words(lively)
    assert sure > 0.4
    assert slow.energy < 0.35 < 0.65 < fast.energy
    assert mood.tempo_of(slow) < mood.tempo_of(fast)


def test_a_not_turns_a_word_round() -> None:
    assert mood.of_words("happy")[0].valence > 0.8
    assert mood.of_words("not happy")[0].valence < 0.3
    assert mood.of_words("不高兴")[0].valence < 0.4


def test_words_without_a_mood_are_not_sure() -> None:
    assert mood.of_words("table 42")[1] == 0.0
    assert mood.of_words("")[1] == 0.0


def test_every_mood_word_is_found_in_both_languages() -> None:
    for word in words():
        assert word in [found for found, _ in found_in(word.english)]
        assert word in [found for found, _ in found_in(word.chinese)]


def test_saturated_warm_pictures_are_livelier_and_warmer_than_grey_ones() -> None:
    red, grey, blue = (mood.of_picture(flat(c)) for c in ((230, 60, 30), (120, 120, 120), (30, 70, 200)))
    assert red.energy > grey.energy
    assert red.warmth > 0.7 > 0.3 > blue.warmth
    assert mood.of_picture(flat((250, 240, 180))).valence > mood.of_picture(flat((40, 40, 50))).valence


def test_a_sound_has_a_mood_and_silence_a_middling_one() -> None:
    t = np.arange(4 * 22_050) / 22_050
    beat = (np.sin(2 * np.pi * 1200 * t) * (np.exp(-((t % 0.5) * 30)))).astype(np.float32)
    low = (0.3 * np.sin(2 * np.pi * 110 * t)).astype(np.float32)
    quick, tempo, _ = mood.of_sound(Sound([beat[None]], 22_050))
    slow, _, _ = mood.of_sound(Sound([low[None]], 22_050))
    assert tempo == pytest.approx(120, rel=0.05)
    assert quick.energy > slow.energy
    assert quick.brightness > slow.brightness
    none, no_tempo, no_key = mood.of_sound(Sound([np.zeros((1, 22_050), np.float32)], 22_050))
    assert (no_tempo, no_key) == (0.0, None)
    assert 0.0 <= none.energy <= 0.5


def test_happy_moods_are_in_major_and_sad_ones_in_minor() -> None:
    for seed in range(8):
        assert mood.key_for(Mood(valence=0.8), seed) < 12 <= mood.key_for(Mood(valence=0.2), seed)


def test_mood_words_do_not_contradict_each_other() -> None:
    for seed in range(20):
        values = np.random.default_rng(seed).random(4)
        said = mood.words_for(Mood(*map(float, values)), False)
        assert len(said) <= 3
        assert not {"dark", "bright"} <= set(said)
    assert mood.words_for(Mood(0.1, 0.6, 0.4, 0.5), False, named=["a calm day"])[0] == "calm"


# -- colours -----------------------------------------------------------------------------------------------


def test_palettes_of_moods_are_warm_or_cold_and_depend_on_the_seed() -> None:
    warm, cold = colours.of_mood(Mood(warmth=0.9), 1), colours.of_mood(Mood(warmth=0.1), 1)
    assert mood.of_palette(warm).warmth > 0.55 > 0.45 > mood.of_palette(cold).warmth
    assert colours.of_mood(Mood(), 1) != colours.of_mood(Mood(), 2)
    assert colours.of_mood(Mood(), 1) == colours.of_mood(Mood(), 1)


def test_distance_of_palettes() -> None:
    a = [(200, 40, 40), (250, 250, 250)]
    assert colours.distance(a, a) == pytest.approx(0.0)
    assert colours.distance(a, [(195, 45, 40), (250, 250, 250)]) < 0.02
    assert colours.distance(a, [(20, 60, 200), (30, 160, 90)]) > 0.15
    assert colours.distance(a, []) == 1.0


@pytest.mark.parametrize("palette", [[(20, 20, 20)], [(128, 128, 60)], [(255, 255, 255), (250, 250, 250)]])
def test_areas_can_be_told_apart_whatever_the_palette(palette: list[tuple[int, int, int]]) -> None:
    lab, shares = colours.areas(palette)
    assert lab.shape == (5, 3)
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diff(lab[:, 0]) <= 0).all()
    assert lab[0, 0] - lab[-1, 0] > 0.2


def test_colours_are_named_in_both_languages() -> None:
    assert colours.colour_names([(205, 40, 45), (45, 95, 200)], False) == ("red", "blue")
    assert colours.colour_names([(20, 20, 20), (45, 95, 200)], True) == ("蓝色", "黑色")


# -- sources -----------------------------------------------------------------------------------------------


def test_an_item_lends_its_picture_and_words(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    given = read(shop.library, SetWish(item_id=shop.bag))
    assert given.kind == "item"
    assert colours.distance(given.palette, [(200, 60, 40)]) < 0.2
    assert given.sources == (shop.library.items.hero_of(shop.bag),)
    assert "Harbour" in given.words
    assert not given.chinese
    assert read(shop.library, SetWish(item_id=shop.bag, audience_id=shop.chinese)).chinese
    shop.library.close()


def test_an_item_without_a_picture_or_with_a_broken_one_still_has_an_aim(
    library: Library, tmp_path: Path
) -> None:
    bare, broken = library.items.upsert_many([NewItem("A", "Quiet lamp"), NewItem("B", "Loud drum")])
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG broken")
    library.items.link_asset(broken, add_asset(library, bad), "hero")
    for item in (bare, broken):
        given = read(library, SetWish(item_id=item))
        assert given.picture is None
        assert 2 <= len(given.palette) <= 5
        assert given.tempo > 0


def test_an_item_without_a_picture_has_the_colours_it_is_named_by(library: Library) -> None:
    red, blue = library.items.upsert_many(
        [
            NewItem(sku="R", title="Red wool scarf", description="Also in blue."),
            NewItem(sku="N", title="Scarf", attributes={"color": "navy blue"}),
        ]
    )
    first = [read(library, SetWish(item_id=item, seed=3)).palette[0] for item in (red, blue)]
    assert first[0][0] > 1.5 * max(first[0][1:])
    assert first[1][2] > 1.2 * first[1][0]


def test_colours_named_by_a_sentence_come_first(library: Library) -> None:
    given = read(library, SetWish(text="a red door"))
    assert given.palette[0] == (205, 52, 52)
    assert given.locale == "en"
    assert read(library, SetWish(text="雪落在山上")).chinese


@pytest.mark.parametrize("text", ["x", "🎉", "42", "שלום", "a" * 1_000_000, "安"])
def test_any_text_with_something_in_it_has_an_aim(library: Library, text: str) -> None:
    given = read(library, SetWish(text=text))
    assert len(given.palette) >= 2
    title, lines = lines_for(given)
    assert title
    assert lines
    assert all(0 < weight(line) <= LINE for line in lines)


@pytest.mark.parametrize("text", [" ", "\x00\x01", "...", "​"])
def test_a_text_without_words_is_one_sentence(library: Library, text: str) -> None:
    with pytest.raises(UsageError, match="no words"):
        read(library, SetWish(text=text))


def test_different_words_and_seeds_that_say_nothing_give_different_sets(library: Library) -> None:
    palettes = {read(library, SetWish(text=word, seed=s)).palette for word in ("qwx", "zzt") for s in (0, 1)}
    assert len(palettes) == 4


def test_a_party_popper_is_a_party(library: Library) -> None:
    assert read(library, SetWish(text="🎉")).mood.energy > 0.7


def test_a_sound_gives_tempo_and_a_palette(library: Library, tmp_path: Path) -> None:
    file = make_wav(tmp_path / "low.wav", seconds=2.0, frequency=110.0)
    given = read(library, SetWish(file=str(file)))
    assert given.kind == "sound"
    assert len(given.palette) >= 2
    assert given.origins["sound"]["sha256"]


def test_missing_and_strange_files_are_one_sentence(library: Library, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(library, SetWish(file=str(tmp_path / "none.png")))
    odd = tmp_path / "odd.xyz"
    odd.write_text("?")
    with pytest.raises(MediaError):
        read(library, SetWish(file=str(odd)))
    with pytest.raises(NotFound):
        read(library, SetWish(item_id=999))
    lost = add_asset(library, make_image(tmp_path / "lost.png"))
    (tmp_path / "lost.png").unlink()
    with pytest.raises(NotFound):
        read(library, SetWish(asset_id=lost))


def test_parts_that_are_given_must_be_what_they_are_called(library: Library, tmp_path: Path) -> None:
    picture, sound = make_image(tmp_path / "p.png"), make_wav(tmp_path / "s.wav")
    given = read(library, SetWish(given={"picture": str(picture), "sound": str(sound)}))
    assert set(given.origins) == {"picture", "sound"}
    assert given.picture is not None
    assert given.sound is not None
    with pytest.raises(UsageError, match="something else"):
        read(library, SetWish(given={"sound": str(picture)}))


def test_an_audience_is_known_by_what_it_did(library: Library, tmp_path: Path) -> None:
    ids = []
    for name, colour in (("red", (210, 30, 30)), ("blue", (30, 60, 210))):
        Image.fromarray(flat(colour)).save(tmp_path / f"{name}.png")
        ids.append(add_asset(library, tmp_path / f"{name}.png"))
    items = library.items.upsert_many([NewItem("R", "Racer"), NewItem("B", "Sleeper")])
    for item, asset in zip(items, ids, strict=True):
        library.items.link_asset(item, asset, "hero")
    runners = library.audiences.add("Runners", "They love fast, intense training", liked=[items[0]])
    sleepers = library.audiences.add("Sleepers", "They want calm and quiet evenings", locale="zh_CN")
    library.audiences.add_interactions([NewInteraction("m", sleepers, items[1], "buy", 5.0)])
    fast, slow = (read(library, SetWish(audience_id=one)) for one in (runners, sleepers))
    assert colours.distance(fast.palette, [(210, 30, 30)]) < colours.distance(fast.palette, [(30, 60, 210)])
    assert colours.distance(slow.palette, [(30, 60, 210)]) < colours.distance(slow.palette, [(210, 30, 30)])
    assert fast.tempo > slow.tempo
    assert slow.chinese
    assert fast.item is not None
    assert fast.item.sku == "R"


# -- words -------------------------------------------------------------------------------------------------


def test_lines_claim_nothing_but_what_is_seen_and_heard() -> None:
    given = Given("picture", palette=((45, 95, 200), (240, 135, 35)), mood=Mood(words=("calm", "warm")))
    title, lines = lines_for(given)
    assert title == "Calm blue"
    allowed = {"blue", "orange", "calm", "warm", "and", "in", "meets", "from", "to"}
    for line in lines:
        assert {word.strip(".,:;").lower() for word in line.split()} <= allowed


def test_a_file_s_name_is_said_only_where_it_is_one() -> None:
    base = {"palette": ((45, 95, 200),), "mood": Mood(words=("calm",))}
    named = Given("picture", words="harbour at dusk. ", **base)  # type: ignore[arg-type]
    camera = Given("picture", words="IMG 20240301. ", **base)  # type: ignore[arg-type]
    assert any("Harbour at dusk" in line for line in lines_for(named)[1])
    assert not any("IMG" in line for line in lines_for(camera)[1])


def test_chinese_lines_are_chinese() -> None:
    given = Given("nothing", locale="zh_CN", palette=((45, 95, 200),), mood=Mood(words=("宁静", "温暖")))
    title, lines = lines_for(given)
    assert title == "宁静的蓝色"
    assert all(not any(c.isascii() and c.isalpha() for c in line) for line in lines)
