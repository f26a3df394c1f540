"""Every format read back by a program we did not write."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pysrt
import pytest
import soundfile
import webvtt
from numpy.typing import NDArray
from PIL import Image

from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.sound import true_peak
from mmstudio.export.captions import is_right_to_left
from support.boards import FLASH, SIZE, channel, flash_board, small_board, written
from support.shop import Shop, make_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = make_shop(tmp_path_factory.mktemp("formats") / "shop")
    yield made
    made.library.close()


def exported(shop: Shop, tmp_path: Path, kind: str, **more: Any) -> tuple[Path, dict[str, Any]]:
    files, _ = written(shop, small_board(shop), tmp_path, channel(kind, **more))
    return Path(files[0]["path"]), files[0]


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    error = float(np.mean((first.astype(float) - second.astype(float)) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize(("kind", "least"), [("png", 90.0), ("jpg", 33.0), ("webp", 33.0), ("avif", 33.0)])
def test_a_still_is_the_card_of_the_preview(shop: Shop, tmp_path: Path, kind: str, least: float) -> None:
    path, _ = exported(shop, tmp_path, kind)
    drawn = frame_array(Renderer(small_board(shop), shop.library).card())
    with Image.open(path) as picture:
        assert picture.size == SIZE
        assert not picture.getexif()
        assert psnr(np.asarray(picture.convert("RGB")), drawn) > least


def test_a_gif_moves_loops_and_keeps_time(shop: Shop, tmp_path: Path) -> None:
    path, file = exported(shop, tmp_path, "gif")
    renderer = Renderer(small_board(shop), shop.library)
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0
        assert picture.n_frames == round(1.6 * file["fps"])  # type: ignore[attr-defined]
        total, pictures = 0, []
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            total += picture.info["duration"]
            pictures.append(np.asarray(picture.convert("RGB")))
    assert abs(total - 1600) <= 20
    assert psnr(pictures[3], frame_array(renderer.frame(3 / file["fps"]))) > 27
    assert not np.array_equal(pictures[0], pictures[-1])


@pytest.mark.parametrize(("kind", "codecs"), [("mp4", {"h264"}), ("webm", {"vp9", "av1", "libdav1d"})])
def test_a_film_is_what_was_previewed(shop: Shop, tmp_path: Path, kind: str, codecs: set[str]) -> None:
    path, file = exported(shop, tmp_path, kind)
    renderer = Renderer(small_board(shop), shop.library)
    with av.open(str(path)) as film:
        video, sound = film.streams.video[0], film.streams.audio[0]
        assert video.codec_context.name in codecs
        assert sound.codec_context.name == ("aac" if kind == "mp4" else "opus")
        assert abs(float(film.duration or 0) / 1e6 - 1.6) < 0.1
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video)]
    assert len(frames) == 16
    assert file["seconds"] == 1.6
    for number in (0, 5, 9, 15):
        assert psnr(frames[number], frame_array(renderer.frame(number / 10))) > 30, number


def test_seconds_of_the_same_moment_have_the_same_frame(shop: Shop) -> None:
    renderer = Renderer(small_board(shop), shop.library)
    moments = {t: renderer.moment(t) for t in (0.2, 0.3, 0.9, 1.1, 1.2, 1.5)}
    assert moments[0.9] is None  # between two scenes
    assert moments[0.2] != moments[0.3]
    assert moments[1.1] == moments[1.2] == moments[1.5] != moments[0.3]
    assert np.array_equal(frame_array(renderer.frame(1.1)), frame_array(renderer.frame(1.5)))


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_sound_and_picture_come_within_40_ms(shop: Shop, tmp_path: Path, kind: str) -> None:
    files, _ = written(shop, flash_board(shop), tmp_path, channel(kind, width=128, height=128))
    flash = click = None
    with av.open(files[0]["path"]) as film:
        for frame in film.decode(film.streams.video[0], film.streams.audio[0]):
            assert frame.time is not None
            if isinstance(frame, av.VideoFrame):
                if flash is None and frame.to_ndarray(format="gray").mean() > 128:
                    flash = float(frame.time)
            elif click is None:
                loud = np.abs(np.asarray(frame.to_ndarray(), np.float32)).max(0) > 0.1
                if loud.any():
                    click = float(frame.time) + int(np.argmax(loud)) / frame.sample_rate
    assert flash is not None
    assert click is not None
    assert abs(flash - FLASH) < 0.02
    assert abs(click - flash) < 0.04


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "opus"])
def test_a_sound_has_its_length_rate_and_loudness(shop: Shop, tmp_path: Path, kind: str) -> None:
    path, file = exported(shop, tmp_path, kind, loudness=-14.0)
    samples, rate = soundfile.read(path, always_2d=True)
    assert (rate, samples.shape[1]) == (48_000, 2)
    assert abs(len(samples) / rate - 1.6) < 0.06
    assert true_peak(samples.T.astype(np.float32)) < 0.0
    assert abs(file["lufs"] + 14) < 0.3
    assert file["true_peak"] <= -1.0


def test_a_pdf_becomes_a_picture_and_has_a_page_a_scene(shop: Shop, tmp_path: Path) -> None:
    import pypdfium2

    board = small_board(shop)
    board.pages = True
    files, _ = written(shop, board, tmp_path, channel("pdf"))
    document = pypdfium2.PdfDocument(files[0]["path"])
    try:
        assert len(document) == files[0]["pages"] == 2
        width, height = document[0].get_size()
        assert abs(width / height - SIZE[0] / SIZE[1]) < 0.01
        assert document[0].get_textpage().get_text_range().split() == ["Harbour", "light"]
        assert "Quiet water" in document[1].get_textpage().get_text_range()
        shown = np.asarray(document[1].render(scale=SIZE[0] / width).to_pil().convert("RGB").resize(SIZE))
    finally:
        document.close()
    drawn = frame_array(Renderer(board, shop.library).card())
    assert psnr(shown, drawn) > 20


def test_an_svg_is_xml_of_the_canvas_and_asks_for_nothing(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    board.copy["headline"] = '<script>alert(1)</script> & "quotes" \x00\u202e'
    files, _ = written(shop, board, tmp_path, channel("svg"))
    text = Path(files[0]["path"]).read_text("utf-8")
    root = ET.fromstring(text)
    assert root.get("viewBox", "").split()[2:] == [str(SIZE[0]), str(SIZE[1])]
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert "script" not in tags
    links = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
    assert all(link.startswith(("data:", "#")) for link in links)


def test_captions_are_read_by_their_parsers(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    board.captions[0].text = "1 < 2 --> & <b>bold</b>\x07\n\n\u202eabc"
    files, _ = written(shop, board, tmp_path, channel("srt"), channel("vtt", safe=(0.0, 0.0, 0.2, 0.0)))
    cues = pysrt.open(files[0]["path"], encoding="utf-8")
    assert [(c.start.ordinal, c.end.ordinal) for c in cues] == [(0, 700), (800, 1500)]
    assert "\u202e" not in cues[0].text
    assert "<b>" not in cues[0].text
    captions = webvtt.read(files[1]["path"])
    assert [(c.start_in_seconds, c.end_in_seconds) for c in captions] == [(0, 0), (0, 1)] or [
        round(c.start_in_seconds, 1) for c in captions
    ] == [0.0, 0.8]
    text = Path(files[1]["path"]).read_text("utf-8")
    assert "line:80%,end" in text
    assert "\u2068שלום, a shape.\u2069" in text
    assert "&amp;" in text


def test_directions_follow_the_first_strong_letter() -> None:
    assert is_right_to_left("123 שלום abc")
    assert is_right_to_left("«مرحبا»")
    assert not is_right_to_left("abc שלום")
    assert not is_right_to_left("123")


@pytest.mark.parametrize(
    "kind",
    [
        "png",
        "jpg",
        "webp",
        "avif",
        "gif",
        "svg",
        "pdf",
        "mp4",
        "webm",
        "wav",
        "flac",
        "mp3",
        "opus",
        "srt",
        "vtt",
    ],
)
def test_the_same_storyboard_gives_the_same_bytes(shop: Shop, tmp_path: Path, kind: str) -> None:
    board = small_board(shop)
    first = written(shop, board, tmp_path / "one", channel(kind))[0][0]
    second = written(shop, board, tmp_path / "two", channel(kind))[0][0]
    assert first["sha256"] == second["sha256"]
