"""What a renderer keeps of many scenes, pictures and clips is bounded, and what it drew stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmstudio.composition import Storyboard
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.pictures import Pictures, cropped
from mmstudio.composition.storyboard import ImageLayer, Rect, Scene, Transition, VideoLayer
from mmstudio.errors import MediaError
from support.libraries import add_asset
from support.media import make_jpeg, make_mp4
from support.shop import Shop, make_shop

SIZE = (200, 120)
SCENE = 200 * 120 * 4  # bytes of a picture that covers the canvas


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def film(shop: Shop, count: int) -> Storyboard:
    scenes = []
    for number in range(count):
        photo = make_jpeg(shop.folder / f"photo-{number}.jpg", (400, 300), seed=number)
        layer = ImageLayer("photo", rect=Rect(), asset_id=add_asset(shop.library, photo), fit="cover")
        scenes.append(Scene(f"s{number}", number * 0.5, 0.5, [layer], transition=Transition("fade", 0.2)))
    return Storyboard("Many", size=SIZE, fps=10, duration=count * 0.5, scenes=scenes)


def test_scenes_are_let_go_and_drawn_the_same_again(shop: Shop) -> None:
    board = film(shop, 8)
    small, large = Renderer(board, shop.library, keep=3 * SCENE), Renderer(board, shop.library)
    small.prepare()
    assert small.kept <= 3 * SCENE
    times = [number * 0.25 for number in range(16)] + [3.1, 0.1, 2.05]
    for t in times:  # forth and back, in scenes and between two of them
        assert np.array_equal(frame_array(small.frame(t)), frame_array(large.frame(t))), t
        assert small.kept <= 3 * SCENE
    assert large.kept >= 8 * SCENE


def test_between_two_scenes_both_are_kept_however_little_is_allowed(shop: Shop) -> None:
    renderer = Renderer(film(shop, 3), shop.library, keep=1)
    renderer.frame(0.55)
    assert renderer.kept >= 2 * SCENE


def test_no_more_than_two_clips_are_open_and_one_that_rested_goes_on(shop: Shop) -> None:
    pictures = Pictures(shop.library)
    ids = [
        add_asset(shop.library, make_mp4(shop.folder / f"clip-{n}.mp4"), kind="video", duration=1.0)
        for n in range(4)
    ]
    clips = [pictures.clip(asset_id) for asset_id in ids]
    before = [frame_array(clip.image_at(0.4)) for clip in clips if clip is not None]
    assert len(before) == 4
    assert sum(clip is not None and clip.is_open for clip in clips) == 2
    again = [frame_array(clip.image_at(0.4)) for clip in clips if clip is not None]
    assert all(np.array_equal(first, second) for first, second in zip(before, again, strict=True))
    (shop.folder / "clip-0.mp4").unlink()  # closed meanwhile: it is gone, and that is said
    first = clips[0]
    assert first is not None
    with pytest.raises(MediaError, match="clip-0"):
        first.image_at(0.4)


def test_a_film_in_a_renderer_is_the_layer_it_was(shop: Shop) -> None:
    clip = add_asset(shop.library, make_mp4(shop.folder / "c.mp4"), kind="video", duration=1.0)
    board = film(shop, 2)
    board.scenes[1].layers.append(VideoLayer("clip", rect=Rect(0.1, 0.1, 0.5, 0.5), asset_id=clip))
    small, large = Renderer(board, shop.library, keep=1), Renderer(board, shop.library)
    for t in (0.6, 0.1, 0.9):
        assert np.array_equal(frame_array(small.frame(t)), frame_array(large.frame(t))), t


@pytest.mark.parametrize("crop", [Rect(), Rect(0.25, 0.1, 0.5, 0.8)])
@pytest.mark.parametrize("size", [(40, 72), (90, 30), (300, 200)])
def test_of_a_clip_only_what_is_seen_is_kept_and_looks_as_the_whole(
    shop: Shop, size: tuple[int, int], crop: Rect
) -> None:
    asset = add_asset(shop.library, make_mp4(shop.folder / "wide.mp4"), kind="video", duration=1.0)
    clip = Pictures(shop.library).clip(asset)
    assert clip is not None
    seen = clip.covering(0.4, crop, *size)
    assert (seen.width(), seen.height()) == size
    whole = clip.image_at(0.4)
    part = whole.copy(
        round(crop.x * whole.width()), round(crop.y * whole.height()),
        round(crop.w * whole.width()), round(crop.h * whole.height()),
    )  # fmt: skip
    expected = cropped(part, *size, (0.5, 0.5))
    far = np.abs(frame_array(seen).astype(int) - frame_array(expected).astype(int))
    assert far.mean() < 6.0
