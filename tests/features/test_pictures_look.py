"""What is read off a picture: measures, named colours, palette, the salient box, and crops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mmstudio.errors import MediaError
from mmstudio.features import Features
from mmstudio.features.loading import load_media
from mmstudio.features.pictures import look
from mmstudio.features.pictures.named import NAMES, name_pixels, shares
from mmstudio.features.pictures.saliency import WHOLE, saliency, salient_box, smart_crop
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.colours import COLOURS
from mmstudio.media.oklab import srgb_to_oklab
from support.library import add_files
from support.media import make_jpeg, make_wav


def packshot(side: int = 400, colour: str = "#c22028", blur: float = 0.0, left: float = 0.3) -> Image.Image:
    """A thing with folds before white, 40 % of the width, from 20 to 90 % of the height."""
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    x, y = int(left * side), int(0.2 * side)
    draw.rectangle((x, y, x + int(0.4 * side), int(0.9 * side)), fill=colour)
    for i in range(6):
        at = x + int((0.04 + 0.06 * i) * side)
        draw.line((at, y, at, int(0.9 * side)), fill="black", width=max(1, side // 160))
    return picture.filter(ImageFilter.GaussianBlur(blur * side)) if blur else picture


def seen(picture: Image.Image) -> look.Look:
    return look.read(look.describe(np.asarray(picture)))


def one(rgb: tuple[int, int, int]) -> str:
    return NAMES[int(name_pixels(srgb_to_oklab(np.array(rgb))))]


def test_every_example_has_its_own_name() -> None:
    assert {name: one(rgb) for name, rgb in COLOURS.items()} == {name: name for name in COLOURS}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        (
            "red",
            [(255, 0, 0), (140, 20, 26), (90, 10, 18), (60, 8, 12), (231, 76, 60)],
        ),  # a dress, its shadows
        ("blue", [(0, 0, 255), (20, 24, 80), (15, 20, 52), (91, 155, 231), (30, 144, 255)]),
        ("green", [(0, 255, 0), (20, 60, 22), (107, 142, 35), (85, 107, 47), (152, 230, 170)]),
        ("orange", [(255, 165, 0), (255, 128, 40), (220, 120, 20)]),
        ("brown", [(101, 67, 33), (139, 90, 60), (70, 44, 26)]),
        ("yellow", [(255, 255, 0), (255, 225, 50), (230, 200, 20)]),
        ("purple", [(128, 0, 128), (75, 0, 130), (160, 110, 210)]),
        ("pink", [(255, 192, 203), (255, 105, 180), (230, 120, 150)]),
        ("teal", [(0, 128, 128), (64, 224, 208), (0, 90, 95)]),
        ("beige", [(245, 222, 179), (222, 190, 165), (210, 180, 150)]),
        ("black", [(0, 0, 0), (28, 28, 32), (36, 32, 30)]),
        ("grey", [(90, 90, 92), (128, 128, 128), (190, 190, 195)]),
        ("white", [(255, 255, 255), (245, 245, 248), (252, 250, 246)]),
    ],
)
def test_shades_and_shadows_keep_the_name(name: str, members: list[tuple[int, int, int]]) -> None:
    assert {rgb: one(rgb) for rgb in members} == dict.fromkeys(members, name)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_a_name(rgb: tuple[int, int, int]) -> None:
    lab = srgb_to_oklab(np.array(rgb))
    assert one(rgb) in COLOURS
    assert shares(lab[None, None]).sum() == pytest.approx(1.0)


def test_a_picture_tells_the_shares_of_its_colours() -> None:
    told = seen(packshot())
    assert list(told.colours)[:2] == ["white", "red"]
    assert told.colours["white"] == pytest.approx(0.72, abs=0.06)
    assert told.colours["red"] == pytest.approx(0.25, abs=0.06)
    red = told.palette[0]
    assert abs(red[0] - 0xC2) < 25
    assert red[1] < 80


def test_sharpness_falls_with_blur_and_not_with_size() -> None:
    sizes = [look.sharpness(np.asarray(packshot(side))) for side in (400, 1600)]
    assert min(sizes) > 0.6
    assert abs(sizes[0] - sizes[1]) < 0.12
    values = [look.sharpness(np.asarray(packshot(800, blur=blur))) for blur in (0.0, 0.004, 0.01, 0.03)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.6
    assert values[2] < 0.45
    assert values[3] < 0.2


def test_plain_and_soft_pictures_are_not_sharp() -> None:
    assert look.sharpness(np.full((300, 300, 3), 90, np.uint8)) == 0.0
    ramp = np.repeat(np.linspace(0, 255, 300)[None, :, None], 300, axis=0).repeat(3, axis=2).astype(np.uint8)
    assert look.sharpness(ramp) < 0.2


def test_exposure_and_what_is_lost_at_its_ends() -> None:
    black, white = seen(Image.new("RGB", (80, 80))), seen(Image.new("RGB", (80, 80), "white"))
    assert (black.measures["exposure"], black.measures["dark"], black.measures["light"]) == (0, 1, 0)
    assert white.measures["exposure"] == pytest.approx(1.0, abs=1e-3)
    assert (white.measures["dark"], white.measures["light"]) == (0, 1)
    half = Image.new("RGB", (80, 80))
    half.paste("white", (0, 0, 40, 80))
    assert seen(half).measures["contrast"] == pytest.approx(0.5, abs=0.02)
    assert seen(half).measures["colourfulness"] == pytest.approx(0, abs=1e-3)
    assert seen(Image.new("RGB", (80, 80), "red")).measures["colourfulness"] > 0.2


@pytest.mark.parametrize("left", [0.05, 0.3, 0.55])
def test_the_box_holds_the_thing(left: float) -> None:
    x, y, w, h = seen(packshot(left=left)).box
    assert x == pytest.approx(left, abs=0.05)
    assert x + w == pytest.approx(left + 0.4, abs=0.05)
    assert (y, y + h) == (pytest.approx(0.2, abs=0.05), pytest.approx(0.9, abs=0.05))


def test_where_nothing_stands_out_the_box_is_the_picture() -> None:
    assert seen(Image.new("RGB", (64, 64), "teal")).box == WHOLE
    assert salient_box(saliency(np.zeros((2, 2, 3), np.float32))) == WHOLE


@given(
    size=st.tuples(st.integers(1, 900), st.integers(1, 900)),
    corner=st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    extent=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)),
    ratio=st.floats(0.2, 5),
)
def test_crops_keep_the_box_wherever_their_shape_can(
    size: tuple[int, int], corner: tuple[float, float], extent: tuple[float, float], ratio: float
) -> None:
    box = (corner[0], corner[1], min(extent[0], 1 - corner[0]), min(extent[1], 1 - corner[1]))
    left, top, right, bottom = smart_crop(size, box, ratio)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert right - left == size[0] or bottom - top == size[1]  # as large as the shape allows
    wide, tall = right - left, bottom - top
    assert abs(wide - tall * ratio) <= max(1.0, ratio) or min(wide, tall) == 1
    for start, stop, first, length, whole in (
        (left, right, box[0], box[2], size[0]), (top, bottom, box[1], box[3], size[1]),
    ):  # fmt: skip
        if length * whole <= stop - start - 1:
            assert start <= first * whole + 1e-6
            assert stop >= (first + length) * whole - 1e-6


@pytest.mark.parametrize(("size", "ratio"), [((0, 5), 1.0), ((5, 5), 0.0), ((5, 5), float("nan"))])
def test_impossible_crops_are_refused(size: tuple[int, int], ratio: float) -> None:
    with pytest.raises(ValueError, match="no crop"):
        smart_crop(size, WHOLE, ratio)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "shop.mmlib") as opened:
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def test_extraction_writes_facts_that_can_be_searched(
    library: Library, features: Features, tmp_path: Path
) -> None:
    ids = add_files(
        library,
        make_jpeg(tmp_path / "red.jpg", picture=packshot()),
        make_jpeg(tmp_path / "teal.jpg", picture=packshot(colour="#1e9691")),
    )
    before = features.look(ids[0])
    run_inline(features.work(extractor="look"))
    measures, colours = library.facts.measures_of(ids), library.facts.colours_of(ids)
    assert set(measures[ids[0]]) == {*look.MEASURES, *look.BOX}
    assert list(colours[ids[0]])[:2] == ["white", "red"]
    assert "teal" in colours[ids[1]]
    stored = features.look(ids[0])
    assert set(stored) == {"palette", "colours", "salient_box", *look.MEASURES}
    assert stored["colours"].keys() == before["colours"].keys()
    assert stored["salient_box"] == pytest.approx(before["salient_box"], abs=1e-6)


def test_only_pictures_have_a_look(library: Library, features: Features, tmp_path: Path) -> None:
    (sound,) = add_files(library, make_wav(tmp_path / "a.wav"))
    with pytest.raises(MediaError, match="not a picture"):
        features.look(sound)


def strange(folder: Path) -> list[Path]:
    """Pictures that trip up programs."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    made: dict[str, Image.Image] = {
        "dot.png": Image.new("RGB", (1, 1), "red"),
        "line.png": Image.new("RGB", (3000, 1), "blue"),
        "cmyk.jpg": Image.fromarray(noise).convert("CMYK"),
        "palette.png": Image.fromarray(noise).convert("P"),
        "bits.png": Image.fromarray(noise).convert("1"),
        "deep.png": Image.fromarray((np.arange(6000, dtype=np.uint16) * 10).reshape(60, 100)),
        "clear.png": Image.new("RGBA", (40, 40), (255, 0, 0, 0)),
        "alpha.webp": Image.fromarray(np.dstack([noise, noise[..., :1]])),
        "float.tif": Image.fromarray(noise[..., 0].astype(np.float32) / 255),
    }
    for name, picture in made.items():
        picture.save(folder / name)
    frames = [Image.new("P", (20, 20), i) for i in range(3)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    return sorted(folder.iterdir())


def test_strange_pictures_give_finite_facts(library: Library, features: Features, tmp_path: Path) -> None:
    paths = strange(tmp_path / "m")
    ids = add_files(library, *paths)
    result = run_inline(features.work(kind="image"))
    assert result["failed"] == []
    for name in ("cnn", "colour", "look"):
        assert result["extracted"][name] == len(paths)
        for normalised in (False, True):
            X = features.matrix(name, normalised)[1]
            assert np.isfinite(X).all()
            assert np.abs(X).max() < 1e4
    for told in library.facts.measures_of(ids).values():
        assert all(0.0 <= value <= 1.0 for value in told.values())
    shares_of = library.facts.colours_of(ids)
    assert shares_of[ids[paths.index(tmp_path / "m" / "dot.png")]] == {"red": 1.0}
    assert shares_of[ids[paths.index(tmp_path / "m" / "clear.png")]] == {"white": 1.0}


def test_pictures_that_are_all_alike_poison_nothing(
    library: Library, features: Features, tmp_path: Path
) -> None:
    add_files(library, *(make_jpeg(tmp_path / f"{i}.jpg", color=(90, 120, 200)) for i in range(3)))
    (other,) = add_files(library, make_jpeg(tmp_path / "x.jpg", seed=4))
    run_inline(features.work(kind="image"))
    alike = [i for i in features.matrix("look")[0] if i != other]
    for name in ("cnn", "colour", "look"):
        ids, X = features.matrix(name)
        assert np.isfinite(X).all()
        rows = X[np.isin(ids, alike)]
        np.testing.assert_array_equal(rows, np.repeat(rows[:1], len(rows), axis=0))
    best = features.neighbours(int(alike[0]), 3)
    assert {hit.id for hit in best[:2]} == set(map(int, alike[1:]))


def test_every_size_of_a_photo_looks_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    small: NDArray[np.uint8] = rng.integers(0, 256, (12, 16, 3), np.uint8)
    photo = Image.fromarray(small).resize((1600, 1200), Image.Resampling.NEAREST)
    path = make_jpeg(tmp_path / "large.jpg", picture=photo)
    reduced = load_media("image", path, look.SIDE, (1600, 1200), None)
    assert max(reduced.shape) < 400
    one_row, two = look.describe(reduced), look.describe(np.asarray(Image.open(path).convert("RGB")))
    at = len(look.MEASURES)
    np.testing.assert_allclose(one_row[:at], two[:at], atol=0.08)
    np.testing.assert_allclose(one_row[at + 4 : at + 17], two[at + 4 : at + 17], atol=0.05)
