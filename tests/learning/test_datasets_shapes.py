"""Any picture to the model's square and back: crops, padding, stretching, aspects, awkward files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmstudio.errors import MediaError
from mmstudio.learning.datasets.gather import picture_of
from mmstudio.learning.datasets.shapes import read_square, shown_size, to_aspect, to_square
from mmstudio.learning.families import default_config
from support.media import make_jpeg, make_picture

RED, BLUE, GREEN = (220, 30, 30), (30, 40, 200), (20, 190, 60)


def saved(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


def thing_at_the_right() -> Image.Image:
    """A blue page, 96 × 32, with a red square near its right end."""
    page = Image.new("RGB", (96, 32), BLUE)
    page.paste(RED, (70, 8, 90, 26))
    return page


def share_of(pixels: NDArray[np.uint8], colour: tuple[int, int, int]) -> float:
    """Share of 3×S×S that is close to a colour."""
    near = np.abs(pixels.astype(int) - np.array(colour)[:, None, None]).max(0) < 40
    return float(near.mean())


def test_the_middle_is_cut_out_and_smart_keeps_what_one_looks_at() -> None:
    page = thing_at_the_right()
    middle, smart = to_square(page, 32), to_square(page, 32, "smart")
    assert middle.shape == smart.shape == (3, 32, 32)
    assert share_of(middle, RED) == 0.0
    assert share_of(smart, RED) == pytest.approx(20 * 18 / 32**2, abs=0.08)


def test_padding_takes_the_edge_colour_and_keeps_all_of_the_picture() -> None:
    page = Image.new("RGB", (96, 48), BLUE)
    page.paste(RED, (20, 10, 76, 38))
    padded = to_square(page, 48, "pad")
    assert share_of(padded[:, :8], BLUE) == 1.0
    assert share_of(padded, RED) == pytest.approx(56 * 28 / 96**2, abs=0.05)


def test_stretching_adds_and_cuts_nothing() -> None:
    page = Image.new("RGB", (100, 20), BLUE)
    page.paste(RED, (0, 0, 50, 20))
    assert share_of(to_square(page, 32, "stretch"), RED) == pytest.approx(0.5, abs=0.07)


def test_transparent_parts_are_white_and_where_padded_of_the_edge_colour() -> None:
    cut_out = Image.new("RGBA", (64, 32), (0, 0, 0, 0))
    cut_out.paste((*RED, 255), (16, 8, 48, 24))
    for fit in ("crop", "smart", "stretch", "pad"):
        found = to_square(cut_out, 32, fit)
        assert found[:, 0, 0].tolist() == [255, 255, 255], fit
        assert share_of(found, RED) > 0.1
    hole = Image.new("RGBA", (64, 32), (*GREEN, 255))
    hole.paste((0, 0, 0, 0), (24, 8, 40, 24))
    assert share_of(to_square(hole, 32, "pad"), GREEN) > 0.95
    assert to_square(hole, 32)[:, 16, 16].tolist() == [255, 255, 255]


@pytest.mark.parametrize("fit", ["crop", "smart", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (1, 60), (60, 1), (3, 200)])
def test_pictures_of_a_few_pixels_become_squares_too(fit: str, size: tuple[int, int]) -> None:
    found = to_square(Image.new("RGB", size, RED), 16, fit, 1.5)
    assert found.shape == (3, 16, 16)
    assert share_of(found, RED) == 1.0


def test_an_aspect_is_cut_first_then_squeezed_and_comes_back() -> None:
    page = Image.new("RGB", (64, 64), BLUE)
    page.paste(RED, (0, 16, 64, 48))  # exactly the middle 2:1 part
    square = to_square(page, 32, "crop", 2.0)
    assert share_of(square, RED) > 0.9
    shown = to_aspect(square.transpose(1, 2, 0).copy(), 2.0)
    assert shown.shape == (32, 64, 3)


@pytest.mark.parametrize(
    ("aspect", "size"), [(1.0, (64, 64)), (1.5, (96, 64)), (0.5, (64, 128)), (16 / 9, (114, 64))]
)
def test_what_a_model_shows_loses_no_pixel_of_its_square(aspect: float, size: tuple[int, int]) -> None:
    assert shown_size(64, aspect) == size
    assert to_aspect(np.zeros((64, 64, 3), np.uint8), aspect).shape[:2] == size[::-1]


def test_a_circle_stays_round_through_an_aspect() -> None:
    y, x = np.mgrid[0:120, 0:180]
    disc = np.where(((x - 90) ** 2 + (y - 60) ** 2 < 50**2)[..., None], np.array(RED), np.array(BLUE))
    square = to_square(Image.fromarray(disc.astype(np.uint8)), 64, "crop", 1.5)
    shown = to_aspect(square.transpose(1, 2, 0).copy(), 1.5)
    red = np.abs(shown.astype(int) - np.array(RED)).max(-1) < 80
    assert red.any(0).sum() == pytest.approx(red.any(1).sum(), abs=2)


def test_a_panorama_is_decoded_with_enough_pixels(tmp_path: Path) -> None:
    lines = np.zeros((64, 1024, 3), np.uint8)
    lines[:, ::8] = 255  # one line in eight: lost where the picture is first made 128 wide
    Image.fromarray(lines).save(tmp_path / "wide.png")
    found = read_square(tmp_path / "wide.png", 64)
    assert found[0].std(axis=1).mean() > 60


def test_awkward_files_come_right(tmp_path: Path) -> None:
    turned = Image.new("RGB", (40, 80), BLUE)
    turned.paste(RED, (0, 0, 40, 40))
    plain = read_square(saved(tmp_path / "a.png", turned), 16, "stretch")
    lying = make_jpeg(tmp_path / "b.jpg", picture=turned.rotate(90, expand=True), orientation=6, quality=95)
    assert np.abs(read_square(lying, 16, "stretch").astype(int) - plain).mean() < 12
    deep = (np.linspace(0, 65535, 64 * 64).reshape(64, 64)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    found = read_square(tmp_path / "deep.png", 16)
    assert found.shape == (3, 16, 16)
    assert found[:, 0].max() < 30
    assert found[:, -1].min() > 225
    make_picture((40, 40)).convert("L").save(tmp_path / "grey.png")
    make_picture((40, 40)).convert("CMYK").save(tmp_path / "print.jpg")
    for name in ("grey.png", "print.jpg"):
        assert read_square(tmp_path / name, 16).shape == (3, 16, 16)


def test_the_door_honours_the_model(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", thing_at_the_right())
    config = default_config("image-vae", "m", size=16)
    assert share_of(picture_of(path, config), RED) == 0.0
    assert np.array_equal(picture_of(path, 16), picture_of(path, config))
    config.fit = "smart"
    assert share_of(picture_of(path, config), RED) > 0.1
    config.fit, config.aspect = "crop", 3.0
    assert share_of(picture_of(path, config), RED) > 0.05
    with pytest.raises(MediaError):
        picture_of(_cut(tmp_path), config)


def _cut(folder: Path) -> Path:
    path = saved(folder / "cut.png", make_picture((80, 80)))
    path.write_bytes(path.read_bytes()[:200])
    return path
