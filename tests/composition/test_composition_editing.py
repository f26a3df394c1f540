"""Edits of a storyboard: places, order, words, time, sound, locks and the way back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.composition.editing import History, Keeper, alternatives, layers, lock, locks, sounds, timeline
from mmstudio.composition.editing.alternatives import choose, lay_sound, place
from mmstudio.composition.editing.base import layer_of, named, put, set_values, tracks_named
from mmstudio.composition.editing.snapping import Guide, guides_for, scaled, snap_move, snap_scale
from mmstudio.composition.layout import reframe
from mmstudio.composition.storyboard import (
    Caption,
    ImageLayer,
    Motion,
    Rect,
    Scene,
    ShapeLayer,
    SoundTrack,
    Stack,
    Storyboard,
    TextLayer,
    Transition,
    VideoLayer,
)
from mmstudio.errors import Conflict, NotFound, UsageError
from mmstudio.library import AssetFilter
from support.shop import Shop, make_shop


def board() -> Storyboard:
    """Two scenes by hand; the second shows the first one's words again."""
    first = Scene(
        "one",
        0.0,
        2.0,
        [
            ShapeLayer(name="ground", colour="#ffffff"),
            ImageLayer(name="photo", rect=Rect(0.1, 0.1, 0.4, 0.3), asset_id=1, source="hero", fit="cover"),
            TextLayer(name="title", rect=Rect(0.1, 0.6, 0.5, 0.1), bind="headline"),
            TextLayer(name="small", rect=Rect(0.1, 0.7, 0.5, 0.1), text="Own words"),
        ],
        [Stack(Rect(0.1, 0.5, 0.8, 0.4), ["title", "small"])],
        Transition("cut", 0.0),
    )
    second = Scene(
        "two",
        2.0,
        3.0,
        [
            ImageLayer(name="photo", asset_id=1, source="hero"),
            TextLayer(name="title", bind="headline", motion=Motion("rise", 0.2, 0.6), begin=0.5, end=2.5),
        ],
        [],
        Transition("fade", 0.4),
    )
    return Storyboard(
        name="By hand",
        duration=5.0,
        scenes=[first, second],
        music=SoundTrack(7, source="asset"),
        captions=[Caption(0.2, 1.9, "Good day"), Caption(2.2, 4.9, "“Good day”")],
        copy={"headline": "Good day"},
        facts={"headline": ["title"]},
    )


EDITS: dict[str, Callable[[Storyboard], Storyboard]] = {
    "move": lambda b: layers.move(b, 0, ["photo", "title"], 0.1, 0.0),
    "align": lambda b: layers.align(b, 0, ["photo"], "right"),
    "order": lambda b: layers.order(b, 0, "photo", "front"),
    "delete": lambda b: layers.delete(b, 0, ["photo"]),
    "add": lambda b: layers.add(b, 0, TextLayer(name="title", text="More")),
    "duplicate": lambda b: layers.duplicate(b, 0, "photo")[0],
    "rename": lambda b: layers.rename(b, 0, "photo", "title")[0],
    "replace": lambda b: layers.replace_asset(b, 0, "photo", 9, "image", everywhere=True),
    "crop": lambda b: layers.crop(b, 0, "photo", Rect(0.2, 0.2, 0.5, 0.5)),
    "ken burns": lambda b: layers.ken_burns(b, 0, "photo", "in"),
    "write": lambda b: layers.write(b, 0, "title", "Hello"),
    "values": lambda b: set_values(b, 0, "title", size=0.08, colour="#ff0000"),
    "trim": lambda b: timeline.trim(b, 0, 1.0),
    "move scene": lambda b: timeline.move_scene(b, 0, 1),
    "split": lambda b: timeline.split(b, 3.0)[0],
    "duplicate scene": lambda b: timeline.duplicate_scene(b, 1)[0],
    "add scene": lambda b: timeline.add_scene(b, 1)[0],
    "delete scene": lambda b: timeline.delete_scene(b, 0),
    "transition": lambda b: timeline.set_transition(b, 1, "wipe", 0.8),
    "times": lambda b: timeline.set_times(b, 1, "title", 0.2, 9.0),
    "gain": lambda b: sounds.set_track(b, "music", gain=-6.0, duck=False),
    "effect": lambda b: sounds.put_sound(b, "effect", 8, title="Click")[0],
    "no music": lambda b: sounds.remove_track(b, "music"),
    "lock": lambda b: lock(b, 0, "photo"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_gives_a_copy_that_is_saved_and_undone(name: str) -> None:
    given = named(board())
    before = copy.deepcopy(given)
    history = History(given)
    assert history.do(EDITS[name], name)
    assert given == before, "the storyboard that was given is changed"
    made = history.board
    assert made != before
    assert Storyboard.from_dict(made.to_dict()).to_dict() == made.to_dict()
    assert made.duration == pytest.approx(sum(scene.duration for scene in made.scenes))
    assert [s.start for s in made.scenes] == pytest.approx(
        [sum(one.duration for one in made.scenes[:n]) for n in range(len(made.scenes))]
    )
    for scene in made.scenes:
        assert len({layer.name for layer in scene.layers}) == len(scene.layers)
    assert history.undo() == name
    assert history.board == before
    assert history.redo() == name
    assert history.board == made


def test_one_drag_is_one_step_and_the_next_another() -> None:
    now = [0.0]
    history = History(named(board()), lambda: now[0])
    start = history.board
    for _ in range(20):
        now[0] += 0.1
        history.do(lambda b: layers.move(b, 0, ["photo"], 0.01, 0.0), "Move", key=("move", "photo"))
    history.seal()
    history.do(lambda b: layers.move(b, 0, ["photo"], 0.0, 0.2), "Move", key=("move", "photo"))
    assert layer_of(history.board, 0, "photo").rect.x == pytest.approx(0.3)
    history.undo()
    assert layer_of(history.board, 0, "photo").rect == Rect(pytest.approx(0.3), 0.1, 0.4, 0.3)
    history.undo()
    assert history.board is start
    assert history.undo() is None
    assert history.labels == (None, "Move")


def test_an_edit_that_fails_or_changes_nothing_leaves_no_step() -> None:
    history = History(named(board()))
    with pytest.raises(NotFound):
        history.do(lambda b: layers.write(b, 0, "nobody", "x"), "Write")
    assert not history.do(lambda b: layers.write_slot(b, "headline", "Good day"), "Write")
    assert history.labels == (None, None)


# --- places -----------------------------------------------------------------------------------------------


def test_a_box_snaps_to_the_middle_and_to_other_layers_and_says_where() -> None:
    guides = guides_for([Rect(0.1, 0.1, 0.4, 0.3)], safe=Rect(0.05, 0.12, 0.9, 0.73))
    rect, lines = snap_move(Rect(0.247, 0.3, 0.5, 0.1), guides)
    assert rect.x == pytest.approx(0.25)
    assert ("x", 0.5) in {(line.axis, line.at) for line in lines}
    rect, lines = snap_move(Rect(0.107, 0.62, 0.33, 0.0999), guides)
    assert rect.x == pytest.approx(0.1)
    assert {line.why for line in lines if line.axis == "x"} == {"layer"}
    rect, lines = snap_move(Rect(0.2, 0.746, 0.21, 0.11), guides)
    assert rect.y + rect.h == pytest.approx(0.85)  # the lower edge of the safe zone
    far = Rect(0.213, 0.307, 0.2, 0.07)
    assert snap_move(far, [Guide("x", 0.9)]) == (far, [])


def test_a_side_that_is_pulled_snaps_and_a_corner_can_keep_the_shape() -> None:
    box = Rect(0.1, 0.1, 0.4, 0.3)
    pulled, lines = snap_scale(scaled(box, "e", 0.495, 0.0), "e", guides_for([]))
    assert pulled == Rect(0.1, 0.1, pytest.approx(0.9), pytest.approx(0.3))
    assert [line.at for line in lines] == [1.0]
    kept = scaled(box, "se", 0.2, 0.01, keep=True)
    assert kept.w / kept.h == pytest.approx(box.w / box.h)
    assert (kept.x, kept.y) == (box.x, box.y)
    upper = scaled(box, "nw", 0.1, 0.1)
    assert (upper.x + upper.w, upper.y + upper.h) == pytest.approx((0.5, 0.4))
    assert scaled(box, "w", 5.0, 0.0).w > 0  # never inside out


def test_a_moved_text_leaves_its_stack() -> None:
    made = layers.move(board(), 0, ["title"], 0.0, -0.2)
    assert made.scenes[0].stacks[0].members == ["small"]


def test_layers_are_aligned_and_spaced() -> None:
    given = board()
    given.scenes[0].layers += [
        ShapeLayer(name=n, rect=Rect(x, 0.8, 0.1, 0.1)) for n, x in (("a", 0.0), ("b", 0.15), ("c", 0.7))
    ]
    made = layers.distribute(given, 0, ["c", "a", "b"], "x")
    assert [layer_of(made, 0, n).rect.x for n in "abc"] == pytest.approx([0.0, 0.35, 0.7])
    made = layers.align(made, 0, ["photo"], "center", Rect(0.0, 0.0, 0.5, 1.0))
    assert layer_of(made, 0, "photo").rect.x == pytest.approx(0.05)
    with pytest.raises(UsageError):
        layers.distribute(given, 0, ["a", "b"], "x")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop") / "editing")


@pytest.fixture(scope="module")
def ad(shop: Shop) -> Storyboard:
    return named(Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience, seed=1))


def test_what_is_moved_in_one_format_stays_in_the_others(ad: Storyboard) -> None:
    price = layer_of(ad, 2, "price").rect
    moved = put(ad, 2, "price", Rect(0.5, 0.05, 0.3, 0.1))
    moved = set_values(moved, 2, "headline", lines=1, align="center")
    tall = reframe(moved, (1080, 1920))
    assert layer_of(tall, 2, "price").rect == layer_of(reframe(ad, (1080, 1920)), 2, "price").rect
    square = reframe(moved, (1080, 1080))  # what every export of this shape does
    assert layer_of(square, 2, "price").rect == Rect(0.5, 0.05, 0.3, 0.1) != price
    for shape in (tall, square):
        headline = layer_of(shape, 2, "headline")
        assert isinstance(headline, TextLayer)
        assert (headline.lines, headline.align) == (1, "center")


def test_a_text_alone_in_one_format_is_in_its_stack_in_another(ad: Storyboard) -> None:
    moved = put(ad, 2, "line", Rect(0.1, 0.1, 0.5, 0.1))
    assert "line" not in reframe(moved, (1080, 1080)).scenes[2].stacks[0].members
    assert "line" in reframe(moved, (1080, 1920)).scenes[2].stacks[0].members


# --- pictures and words -----------------------------------------------------------------------------------


def test_a_dropped_clip_takes_the_place_and_the_times_of_a_picture() -> None:
    made = layers.replace_asset(board(), 0, "photo", 5, "video", title="Waves")
    clip = layer_of(made, 0, "photo")
    assert isinstance(clip, VideoLayer)
    assert (clip.asset_id, clip.rect, clip.fit) == (5, Rect(0.1, 0.1, 0.4, 0.3), "cover")
    assert [s.asset_id for s in made.sources if s.part == clip.source] == [5]
    other = layer_of(made, 1, "photo")
    assert isinstance(other, ImageLayer)
    assert other.asset_id == 1
    with pytest.raises(UsageError):
        layers.replace_asset(board(), 0, "title", 5, "image")
    with pytest.raises(UsageError):
        layers.replace_asset(board(), 0, "photo", 5, "audio")


def test_bound_words_change_everywhere_and_rest_on_a_person_then() -> None:
    made = layers.write(board(), 0, "title", "Good night")
    assert made.text_of(layer_of(made, 1, "title")) == "Good night"  # type: ignore[arg-type]
    assert [c.text for c in made.captions] == ["Good night", "“Good night”"]
    assert "headline" not in made.facts
    assert [s.kind for s in made.sources if s.part == "headline"] == ["person"]
    loose = layers.write(layers.own_words(board(), 0, "title"), 0, "title", "Only here")
    assert loose.text_of(layer_of(loose, 1, "title")) == "Good day"  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        layers.write_slot(board(), "nothing", "x")
    long = layers.write(board(), 0, "title", "word " * 10_000)
    assert len(long.copy["headline"]) <= 10_000


@pytest.mark.parametrize("preset", layers.KEN_BURNS)
def test_a_camera_never_shows_an_edge_and_is_known_again(preset: layers.KenBurns) -> None:
    made = layers.ken_burns(board(), 0, "photo", preset, point=(0.9, 0.2), strength=0.2)
    motion = layer_of(made, 0, "photo").motion
    assert layers.ken_burns_of(motion) == preset
    for end in (0, 1):
        spare = (motion.zoom[end] - 1.0) / 2 + 1e-6
        assert abs(motion.pan_x[end]) <= spare
        assert abs(motion.pan_y[end]) <= spare


def test_a_crop_stays_inside_the_picture() -> None:
    cropped = layer_of(layers.crop(board(), 0, "photo", Rect(0.6, -0.2, 0.9, 0.5)), 0, "photo").crop
    assert cropped == Rect(0.6, 0.0, 0.4, 0.5)
    with pytest.raises(UsageError):
        layers.crop(board(), 0, "photo", Rect(0.5, 0.5, 0.0, 0.1))


# --- time -------------------------------------------------------------------------------------------------


def test_a_trimmed_scene_takes_everything_behind_it_along() -> None:
    made = timeline.trim(board(), 0, 1.0)
    assert (made.scenes[1].start, made.duration) == (1.0, 4.0)
    assert [(c.start, c.end) for c in made.captions] == [(0.2, 1.0), (1.2, 3.9)]
    later = timeline.trim(board(), 1, 2.0, "start")
    title = layer_of(later, 1, "title")
    assert (title.begin, title.end) == (0.0, 1.5)
    with pytest.raises(UsageError):
        timeline.trim(board(), 0, 0.01)


def test_a_voice_is_not_moved_by_scenes() -> None:
    given = board()
    given.voice = SoundTrack(3)
    assert timeline.trim(given, 0, 1.0).captions == given.captions


def test_a_scene_cut_in_two_looks_the_same() -> None:
    from mmstudio.composition.motion import pose

    given = layers.ken_burns(named(board()), 1, "photo", "in")
    made, second = timeline.split(given, 3.2)
    assert [s.name for s in made.scenes] == ["one", "two", "two 2"]
    assert made.scenes[second].pattern == "two"
    for t in (2.5, 3.1, 3.3, 4.0, 4.8):
        old, new = given.scenes[1], made.scenes[made.scene_at(t)]
        for layer in old.layers:
            visible = layer.begin <= t - old.start < (layer.end or old.duration)
            twin = next((one for one in new.layers if one.name == layer.name), None)
            assert visible <= (twin is not None)
            if visible and twin is not None:
                was, now = pose(layer, t - old.start, old.duration), pose(twin, t - new.start, new.duration)
                assert now.scale == pytest.approx(was.scale, abs=1e-3)
                assert now.opacity == pytest.approx(was.opacity, abs=1e-3)
    with pytest.raises(UsageError):
        timeline.split(given, 2.05)


def test_the_first_scene_never_comes_in_over_nothing() -> None:
    moved = timeline.move_scene(board(), 1, 0)
    assert [s.name for s in moved.scenes] == ["two", "one"]
    assert moved.scenes[0].transition.kind == "cut"
    assert moved.scenes[1].transition.kind == "fade"
    assert timeline.delete_scene(board(), 0).scenes[0].transition.kind == "cut"
    with pytest.raises(UsageError):
        timeline.set_transition(board(), 0, "fade")
    with pytest.raises(UsageError):
        timeline.delete_scene(timeline.delete_scene(board(), 0), 0)


# --- sound ------------------------------------------------------------------------------------------------


def test_a_trimmed_sound_keeps_its_moments() -> None:
    made, name = sounds.put_sound(board(), "effect", 8, start=1.0, title="Rain")
    made = sounds.trim_track(made, name, 1.5, 3.0, duration=4.0)
    track = tracks_named(made)[name]
    assert (track.start, track.offset, track.length) == (1.5, 0.5, 1.5)
    made, second = sounds.put_sound(made, "effect", 9, title="Rain")
    assert second == "Rain 2"
    made = sounds.remove_track(made, name)
    assert list(tracks_named(made)) == ["music", "Rain 2"]
    assert sounds.set_track(made, "music", gain=99.0).music.gain == 12.0  # type: ignore[union-attr]
    with pytest.raises(NotFound):
        sounds.set_track(made, "voice", gain=0.0)


# --- locks ------------------------------------------------------------------------------------------------


def test_what_is_locked_is_neither_moved_nor_rewritten_nor_deleted() -> None:
    made = locks.lock_sound(lock(lock(board(), 0, "photo"), 1, "title"), "music")
    for edit in (
        lambda b: layers.move(b, 0, ["photo"], 0.1, 0),
        lambda b: layers.delete(b, 0, ["photo"]),
        lambda b: layers.write(b, 0, "title", "x"),  # the words of the locked text of the other scene
        lambda b: layers.replace_asset(b, 0, "photo", 2, "image"),
        lambda b: sounds.set_track(b, "music", gain=-3.0),
        lambda b: timeline.delete_scene(b, 0),
    ):
        with pytest.raises(UsageError):
            edit(made)
    assert lock(made, 0, "photo", on=False).scenes[0].layers[1].locked is False
    assert locks.lock_slot(made, "headline").locks == ["music", "copy:headline"]
    with pytest.raises(UsageError):
        locks.lock_slot(made, "nobody")


def test_the_rest_is_made_anew_and_locks_stay_byte_for_byte(shop: Shop, ad: Storyboard) -> None:
    composer = Composer(shop.library, None, None)
    given = put(ad, 0, "headline", Rect(0.1, 0.1, 0.6, 0.2))
    given = locks.lock_sound(locks.lock_copy(lock(lock(given, 1, "picture"), 1, "panel"), "line"), "music")
    given = layers.add(given, 0, TextLayer(name="badge", text="New", rect=Rect(0.7, 0.1, 0.2, 0.1)))
    given, _second = timeline.split(given, 4.0)
    given = layers.write_slot(given, "cta", "Take it home")
    before = given.to_dict()
    made = locks.reroll(composer, given, seed=77)
    after = made.to_dict()
    assert given.to_dict() == before
    assert made.id == given.id
    assert made.seed == 77
    assert [s["name"] for s in after["scenes"]] == [s["name"] for s in before["scenes"]]
    for scene in (1, 2):  # both halves of the scene that was cut
        for name in ("picture", "panel"):
            old = next(one for one in before["scenes"][scene]["layers"] if one["name"] == name)
            assert next(one for one in after["scenes"][scene]["layers"] if one["name"] == name) == old
    assert after["copy"]["line"] == before["copy"]["line"]
    assert after["copy"]["cta"] == "Take it home"
    assert after["music"] == before["music"]
    assert layer_of(made, 0, "badge").rect == Rect(0.7, 0.1, 0.2, 0.1)
    assert layer_of(made, 0, "headline").rect == Rect(0.1, 0.1, 0.6, 0.2)
    ground = layer_of(made, 0, "background")
    assert ground.seed != layer_of(given, 0, "background").seed  # type: ignore[union-attr]


# --- alternatives -----------------------------------------------------------------------------------------


def test_other_pictures_of_the_item_come_first_and_stay_what_they_are(shop: Shop, ad: Storyboard) -> None:
    found = alternatives(shop.library, ad, 1, "picture")
    now = layer_of(ad, 1, "picture").asset_id  # type: ignore[union-attr]
    assert next(one.origin for one in found) == "item"
    assert now not in [one.asset_id for one in found]
    made = choose(shop.library, ad, 1, "picture", found[0])
    picture = layer_of(made, 1, "picture")
    assert isinstance(picture, ImageLayer)
    assert picture.asset_id == found[0].asset_id
    assert picture.rect == layer_of(ad, 1, "picture").rect
    assert found[0].asset_id in [s.asset_id for s in made.sources]
    assert alternatives(shop.library, ad, 0, "scrim") == []


def test_other_words_rest_on_facts(shop: Shop, ad: Storyboard) -> None:
    found = alternatives(shop.library, ad, 0, "headline")
    assert found
    made = choose(shop.library, ad, 0, "headline", found[0])
    assert made.copy["headline"] == found[0].text != ad.copy["headline"]
    assert made.facts["headline"] == list(found[0].facts)
    assert not [s for s in made.sources if s.part == "headline" and s.kind == "person"]


def test_what_may_not_be_used_is_refused(shop: Shop, ad: Storyboard) -> None:
    library = shop.library
    (loop,) = library.assets.ids(AssetFilter(kinds=("audio",)))
    with pytest.raises(UsageError):
        place(library, ad, 1, "picture", loop)
    with pytest.raises(NotFound):
        place(library, ad, 1, "picture", 99_999)
    made, name = lay_sound(library, ad, "effect", loop, 1.0)
    assert tracks_named(made)[name].asset_id == loop
    picture = layer_of(ad, 1, "picture").asset_id  # type: ignore[union-attr]
    with pytest.raises(UsageError):
        lay_sound(library, ad, "music", picture)


# --- keeping ----------------------------------------------------------------------------------------------


def test_somebody_elses_change_is_told_and_never_overwritten_unasked(shop: Shop, tmp_path: Path) -> None:
    composer = Composer(shop.library, None, None)
    mine = composer.compose("product-ad", shop.lamp, seed=3)
    assert mine.id is not None
    keeper = Keeper(shop.library, mine)
    edited = layers.write_slot(named(mine), "headline", "Mine")
    keeper.save(edited)
    assert keeper.theirs() is None
    composer.edit(mine.id, headline="Theirs")
    with pytest.raises(Conflict):
        keeper.save(layers.write_slot(edited, "headline", "Mine again"))
    theirs = keeper.theirs()
    assert theirs is not None
    assert theirs.copy["headline"] == "Theirs"
    keeper.save(edited, over=True)
    assert composer.load(mine.id).copy["headline"] == "Mine"
    shop.library.storyboards.remove(mine.id)
    with pytest.raises(NotFound):
        keeper.save(edited)


def test_a_drag_there_and_back_leaves_no_trace() -> None:
    history = History(named(board()), lambda: 0.0)
    start = history.board
    for seconds in (2.0, 1.0, 0.4, 1.5, 3.0):
        history.do(lambda b, s=seconds: timeline.trim(b, 1, s, "start"), "Trim", key="trim", anew=True)
    title = layer_of(history.board, 1, "title")
    assert (title.begin, title.end) == (0.5, 2.5)
    history.seal()
    history.undo()
    assert history.board is start


def test_other_scenes_with_another_seed_take_the_locked_layers_in() -> None:
    given = locks.lock_sound(lock(lock(board(), 0, "photo"), 1, "title"), "music")
    given, effect = sounds.put_sound(given, "effect", 8, title="Click")
    given = locks.lock_sound(given, effect)
    fresh = board()
    fresh.scenes[0].name, fresh.scenes[1].name = "alpha", "two"
    fresh.copy = {"headline": "Fresh words", "line": "More"}
    fresh.music, fresh.effects = SoundTrack(99), [SoundTrack(98, name="Other")]
    made = locks.merged(named(given), named(fresh), 5)
    assert [scene.name for scene in made.scenes] == ["alpha", "two"]
    assert layer_of(made, 0, "photo") == layer_of(given, 0, "photo")  # by its time: its scene is gone
    assert layer_of(made, 1, "title") == layer_of(given, 1, "title")
    assert made.copy == {"headline": "Good day", "line": "More"}  # the words of a locked text
    assert made.music == given.music
    assert [track.name for track in made.effects] == ["Other", "Click"]
    assert made.duration == pytest.approx(5.0)


def test_words_made_anew_are_in_the_captions_of_scenes_that_were_cut() -> None:
    given, _second = timeline.split(named(board()), 1.0)
    fresh = named(board())
    fresh.copy = {"headline": "Fresh words"}
    made = locks.merged(given, fresh, 5)
    assert "Fresh words" in made.captions[0].text
    assert all(0 <= caption.start < caption.end <= made.duration for caption in made.captions)


def test_places_that_make_no_sense_are_left_aside(ad: Storyboard) -> None:
    given = put(ad, 2, "price", Rect(0.5, 0.05, 0.3, 0.1))
    given.places["square"]["card/price"] = {"rect": [0.1, float("nan"), "x"], "size": "huge", "nothing": 1}
    given.places["*"] = {"card/headline": "no"}  # type: ignore[dict-item]
    made = reframe(given, (1080, 1080))
    assert layer_of(made, 2, "price") == layer_of(reframe(ad, (1080, 1080)), 2, "price")
