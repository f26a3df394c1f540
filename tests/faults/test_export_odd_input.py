"""What nobody planned for: hours of sound, a book for a title, a machine without fonts, odd canvases."""

from __future__ import annotations

import csv
import email
import json
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import wave
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

import feedparser
import pypdfium2
import pytest
from PIL import Image

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.sound import mix
from mmstudio.composition.storyboard import SoundTrack
from mmstudio.errors import StudioError
from mmstudio.export import Exporter
from mmstudio.export.matrix import matrix_work
from mmstudio.export.provenance import verify
from mmstudio.jobs import run_inline
from support.boards import channel, small_board, written
from support.libraries import add_asset
from support.shop import Shop, make_shop

HOURS = 4.0
RATE = 4000
LONG = "Harbour bag of a weekend " * 2000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def hours_of_sound(shop: Shop) -> int:
    """Four hours of WAV, 115 MB of which a sparse file holds next to nothing: a tone at both ends."""
    count = round(HOURS * 3600 * RATE)
    path = shop.folder / "hours.wav"
    tone = b"".join(struct.pack("<h", 9000 if n // 5 % 2 else -9000) for n in range(2 * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone)
    with path.open("r+b") as raw:
        raw.seek(44 + 2 * count - len(tone))
        raw.write(tone)
        raw.seek(4)
        raw.write(struct.pack("<I", 36 + 2 * count))
        raw.seek(40)
        raw.write(struct.pack("<I", 2 * count))
    return add_asset(shop.library, path, kind="audio", duration=HOURS * 3600)


@pytest.mark.parametrize("offset", [0.0, HOURS * 3600 - 1.5])
def test_four_hours_of_music_cost_what_is_heard_of_them(shop: Shop, tmp_path: Path, offset: float) -> None:
    """Under 120 MB of arrays and 20 s of computing: all of it at 48 kHz in stereo would be 5.5 GB."""
    board = small_board(shop)
    board.music = SoundTrack(hours_of_sound(shop), offset=offset, loop=False, fade_in=0.0, fade_out=0.0)
    mix(board, shop.library)  # what is loaded for the first sound is not counted
    tracemalloc.start()
    started = time.process_time()
    try:
        files, notes = written(shop, board, tmp_path / "out", *(channel(kind) for kind in ("mp3", "mp4")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 20
    assert peak < 120_000_000
    assert not any("missing" in note for note in notes)
    assert all(
        abs(file["seconds"] - 1.6) < 0.01 and file["lufs"] > -20 for file in files
    )  # the tone is heard


def test_a_music_video_of_four_hours_takes_the_beginning(shop: Shop, tmp_path: Path) -> None:
    track = hours_of_sound(shop)
    board = Composer(shop.library, None, None).make(
        "music-video",
        inputs={"track_id": track, "asset_ids": board_pictures(shop), "options": {"seconds": 4.0}},
    )
    assert board.duration == pytest.approx(4.0, abs=0.1)
    board.fps = 5
    [file], _ = written(shop, board, tmp_path / "out", channel("mp4"))
    assert file["seconds"] == pytest.approx(4.0, abs=0.2)


def board_pictures(shop: Shop) -> list[int]:
    return [link.asset_id for link in shop.library.items.assets_of(shop.bag)]


def test_a_title_of_ten_thousand_words_is_cut_and_every_file_is_whole(shop: Shop, tmp_path: Path) -> None:
    board = small_board(shop)
    board.name = LONG
    board.copy = dict.fromkeys(board.copy, LONG)
    board.captions[0].text = LONG
    kinds = (
        "png",
        "pdf",
        "svg",
        "srt",
        "vtt",
        "html",
        "email",
        "eml",
        "feed",
        "rss",
        "mp4",
        "otio",
    )
    files, _ = written(shop, board, tmp_path / "out", *(channel(kind) for kind in kinds))
    paths = {file["kind"]: Path(file["path"]) for file in files}
    assert len(paths) == len(kinds)
    assert all(len(path.name.encode()) < 150 for path in paths.values())
    for kind, path in paths.items():
        verdict = verify(path)
        assert verdict.ok, (kind, verdict.problems)
        assert len(str(verdict.record.get("title", ""))) <= 300
    with Image.open(paths["png"]) as picture:
        picture.load()
    document = pypdfium2.PdfDocument(paths["pdf"])
    document.close()
    assert not feedparser.parse(paths["rss"].read_bytes()).bozo
    json.loads(paths["feed"].read_text("utf-8"))
    with pytest.raises(StudioError, match="about no item") as error:
        written(shop, board, tmp_path / "data", channel("jsonld"))
    assert len(str(error.value)) < 300
    message = email.message_from_bytes(paths["eml"].read_bytes(), policy=policy.default)
    assert len(message["Subject"]) < 200


def test_a_row_with_ten_thousand_words_and_formulas(shop: Shop, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "headline", "channels"])
        rows.writerow(["BAG-1", LONG, "square-card"])
        rows.writerow(
            ["BAG-1", '=HYPERLINK("http://evil.example") <script>x</script>\x00\x1b[31m', "square-card"]
        )
    out = tmp_path / "out"
    work = matrix_work(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library), out=out, csv=table,
        recipe="product-card", helpers=0,
    )  # fmt: skip
    result: dict[str, Any] = run_inline(work)
    assert result["done"] + result["failed"] == 2
    assert not list(out.rglob(".mmstudio*"))
    for path in out.rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    with (out / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert all(not cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert "<script>x" not in (out / "summary.html").read_text("utf-8")


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="fonts are taken away with fontconfig's file"
)
def test_a_machine_without_fonts_says_so(shop: Shop, tmp_path: Path) -> None:
    """A bare container: Qt would end the program at the first letter."""
    board = Composer(shop.library, None, None).save(small_board(shop))
    path = shop.library.path
    shop.library.close()
    none = tmp_path / "fonts.conf"
    none.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig><dir>{tmp_path / 'none'}</dir><cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>",
        "utf-8",
    )
    out = tmp_path / "out"
    words = [
        "export",
        str(path),
        "--storyboard",
        str(board.id),
        "--channel",
        "square-card",
        "--out",
        str(out),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mmstudio", *words], capture_output=True, text=True, check=False,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "FONTCONFIG_FILE": str(none)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr[-2000:]
    assert "This machine has no fonts" in done.stderr
    assert "Noto Sans" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.is_dir() or list(out.iterdir()) == []


def test_a_size_that_no_canvas_has_is_refused_and_odd_ones_are_drawn(shop: Shop, tmp_path: Path) -> None:
    board: Storyboard = small_board(shop)
    for size in ((33, 999), (1001, 35)):
        files, _ = written(
            shop, board, tmp_path / f"{size[0]}", channel("png", width=size[0], height=size[1])
        )
        with Image.open(files[0]["path"]) as picture:
            assert all(abs(have - want) <= 1 for have, want in zip(picture.size, size, strict=True))
    with pytest.raises(StudioError, match="not possible"):
        written(shop, board, tmp_path / "none", channel("png", width=8, height=9000))
    assert list((tmp_path / "none").iterdir()) == []
