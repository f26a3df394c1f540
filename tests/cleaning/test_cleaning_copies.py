"""What counts as a copy: made variants do, the like of it does not; odd input harms nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mmstudio.cleaning import duplicates, pictures, report, sounds, texts, videos
from mmstudio.features import Features
from mmstudio.library import Library
from mmstudio.media.audio import write_wav
from support.library import add_files
from support.media import make_image, make_text


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Shapes of many colours on a soft ground."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(90, 200, (4, 5, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    pen = ImageDraw.Draw(ground)
    for _ in range(9):
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        w, h = int(rng.integers(30, 110)), int(rng.integers(30, 90))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)((x - w, y - h, x + w, y + h), fill=colour)
    return ground.filter(ImageFilter.GaussianBlur(0.7))


def is_copy(one: Image.Image, other: Image.Image) -> bool:
    codes = np.frombuffer(pictures.fingerprint(one) + pictures.fingerprint(other), np.uint64).reshape(2, -1)
    proposed = [*pictures.whole_pairs(codes), *pictures.crop_pairs(codes, np.ones(2, bool))]
    small = [pictures.small(one), pictures.small(other)]
    return any(pictures.alike(small[i], small[j], share) for i, j, share in proposed)


def compressed(picture: Image.Image, quality: int) -> Image.Image:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=quality)
    return Image.open(io.BytesIO(kept.getvalue())).convert("RGB")


def test_variants_of_a_picture_are_copies() -> None:
    original = scene(1)
    width, height = original.size
    assert is_copy(original, compressed(original, 60))
    assert is_copy(original, original.resize((width // 2, height // 2)))
    assert is_copy(original, original.point([min(255, int(1.1 * v)) for v in range(256)] * 3))
    assert is_copy(original, original.crop((20, 15, width - 12, height - 9)))
    assert is_copy(original.crop((40, 30, width - 30, height - 22)), original)


def test_pictures_that_are_only_like_each_other_are_not() -> None:
    original = scene(2)
    red, green, blue = original.split()
    assert not is_copy(original, Image.merge("RGB", (green, red, blue)))
    assert not is_copy(original, scene(3))
    stage = Image.new("RGB", (300, 300), "white")
    shirts = []
    for colour in ("#202020", "#8a8a8a", "#b02020", "#a86010"):
        shirt = stage.copy()
        pen = ImageDraw.Draw(shirt)
        pen.polygon(
            [(90, 60), (210, 60), (260, 120), (220, 140), (215, 260), (85, 260), (80, 140), (40, 120)], colour
        )
        pen.ellipse((120, 10, 180, 66), "#d0a080")
        shirts.append(shirt)
    assert not any(is_copy(a, b) for n, a in enumerate(shirts) for b in shirts[n + 1 :])


def test_file_names_that_say_other_colours_are_believed(library: Library, tmp_path: Path) -> None:
    picture = scene(5)
    folder = tmp_path / "m"
    folder.mkdir()
    for name, quality in (("coat-black", 95), ("coat-blue", 60)):
        picture.save(folder / f"{name}.jpg", quality=quality)
    add_files(library, *sorted(folder.iterdir()))
    features = Features(library, "cpu")
    assert duplicates(library, features) == []
    features.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "lib.mmlib") as opened:
        yield opened


def loop(seed: int, seconds: float = 3.0, rate: int = 16_000) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    voices = [np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) * np.exp(-2 * (t % rng.uniform(0.2, 0.7)))
              for f in rng.uniform(100, 3000, 5)]  # fmt: skip
    return (0.1 * np.sum(voices, axis=0)).astype(np.float32)


def same_sound(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    prints = [sounds.fingerprint_of(one), sounds.fingerprint_of(other)]
    if list(sounds.pairs(prints)) != [(0, 1)] or not sounds.maybe_alike(*prints):
        return False
    return bool(sounds.alike(one[::2].copy(), other[::2].copy()))


def test_trimmed_quieter_noisier_sounds_are_copies_and_others_not() -> None:
    original = loop(1)
    noise = np.random.default_rng(0).normal(0, 0.004, len(original)).astype(np.float32)
    assert same_sound(original, original * np.float32(0.3))
    assert same_sound(original, original[3_000:-6_000])
    assert same_sound(original, original + noise)
    assert not same_sound(original, loop(2))
    assert not same_sound(original, original[::-1].copy())


def test_edited_texts_are_copies_in_both_languages() -> None:
    english = "A quiet lamp for the desk with a warm light that can be dimmed in five steps by hand. " * 3
    chinese = (
        "秦川雄帝宅，函谷壯皇居。綺殿千尋起，離宮百雉餘。連甍遙接漢，飛觀迥凌虛。雲日隱層闕，風煙出綺疎。"
    )
    assert texts.alike(english, english.upper().replace(". ", ".\n"))
    assert texts.alike(english + "The shade is glass.", english + "The shade is paper.")
    assert texts.alike(chinese, chinese.replace("雲日", "白日"))
    assert not texts.alike(
        english, "Running shoes with a soft sole for long distances on the road and in town."
    )
    assert texts.alike("", "") == 0
    prints = [texts.fingerprint(one) for one in ("", english, "!!!", english + " New.")]
    assert list(texts.pairs(prints)) == [(1, 3)]


def test_a_text_of_five_megabytes() -> None:
    rng = np.random.default_rng(1)
    words = [f"w{n}" for n in range(5000)]
    long = " ".join(words[i] for i in rng.integers(0, 5000, 900_000))
    assert len(long) > 5_000_000
    one, other = texts.fingerprint(long), texts.fingerprint(long[: int(0.95 * len(long))])
    assert texts.estimated(one, other) > 0.85


def film(seed: int, first: int = 0, count: int = 24) -> bytes:
    rng = np.random.default_rng(seed)
    page = scene(9)  # one fixed camera
    path = rng.uniform(0.1, 0.9, (64, 2))
    rows = []
    for n in range(first, first + count):
        frame = page.copy()
        x, y = path[n // 3] * (320, 240)
        ImageDraw.Draw(frame).ellipse((x - 50, y - 50, x + 50, y + 50), "#f0f0f0")
        rows.append(videos.frame_row(frame))
    return np.float64(0.5).tobytes() + b"".join(rows)


def test_trimmed_films_are_copies_and_another_film_of_one_camera_is_not() -> None:
    one, trimmed, other = film(1), film(1, 2, 20), film(2)
    assert videos.alike(one, trimmed)
    assert not videos.alike(one, other)
    assert (0, 1) in list(videos.pairs([one, trimmed, b""]))


@pytest.mark.parametrize("count", [1, 5])
def test_one_asset_and_all_the_same(library: Library, tmp_path: Path, count: int) -> None:
    path = make_image(tmp_path / "m" / "0.png", (60, 40), seed=1)
    for n in range(1, count):
        (path.parent / f"{n}.png").write_bytes(path.read_bytes())
    add_files(library, *sorted(path.parent.iterdir()))
    assert report(library).counts.get("exact", 0) == count - 1


def test_odd_files_harm_nothing(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    for n, colour in enumerate(("white", "black", "white")):
        Image.new("RGB", (1 + n // 2, 1), colour).save(folder / f"dot{n}.png")
    Image.new("RGB", (64, 64), "white").save(folder / "white.png")
    Image.new("RGB", (80, 80), "#101010").save(folder / "dark.png")
    write_wav(folder / "short.wav", np.zeros(80, np.float32), 8_000)
    make_text(folder / "blank.txt", " \n\t\n")
    add_files(library, *sorted(folder.iterdir()))
    (folder / "dark.png").write_bytes(b"no longer a picture")
    made = report(library)
    assert made.counts["tiny"] == 4
    assert made.counts["empty"] == 1
    assert [path for path, _ in made.unreadable] == ["dark.png"]
    names = [
        {library.assets.get(i).rel_path for i in subject.asset_ids}
        for finding in made.findings
        if finding.kind == "near"
        for subject in finding.subjects
    ]
    assert all("dot1.png" not in group for group in names), "black is not white"
