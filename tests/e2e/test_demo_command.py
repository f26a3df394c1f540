"""`mmstudio demo` as typed without a display: the whole way, then looked at with other readers."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from support.sample_shop import drawn_sample


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    drawn_sample(tmp_path_factory, folder / "out" / "sample")
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    environment["MMSTUDIO_HOME"] = str(folder / "home")
    command = [sys.executable, "-m", "mmstudio", "demo", "--out", str(folder / "out"), "--json", "--open"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=1400, env=environment)
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    report = json.loads(answer.stdout)
    # Said beside the document, which stays one.
    assert "There is no display" in answer.stderr
    assert report["library"] in answer.stderr.replace("\n", "")
    return folder / "out", report


pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_every_stage_is_reported(demo: tuple[Path, dict[str, Any]]) -> None:
    _, report = demo
    names = [stage["name"] for stage in report["stages"]]
    for word in ("sample", "Import", "features", "VAE", "GAN", "Generate", "Recommend", "Compose", "Export"):
        assert any(word in name for name in names), f"no stage says {word}: {names}"
    assert Path(report["library"]).is_dir()


def test_cards_are_sharp_pictures_of_the_stated_sizes(demo: tuple[Path, dict[str, Any]]) -> None:
    out, _ = demo
    sizes = set()
    for file in (out / "exports").rglob("*.png"):
        with Image.open(file) as picture:
            sizes.add(picture.size)
            grey = np.asarray(picture.convert("L"), np.float32)
        assert grey.std() > 8, f"{file.name} is a blank"
        assert np.abs(np.diff(grey, axis=1)).max() > 60, f"{file.name} has no edge in it"
    assert sizes >= {(1080, 1080), (1080, 1920), (1920, 1080)}


def test_videos_play_with_sound_in_step(demo: tuple[Path, dict[str, Any]]) -> None:
    out, _ = demo
    videos = list((out / "exports").rglob("*.mp4"))
    assert videos
    for file in videos:
        with av.open(str(file)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            picture_end = max(float(f.pts * f.time_base) for f in container.decode(video))
            container.seek(0)
            sound_end = max(
                float(f.pts * f.time_base) + f.samples / f.sample_rate for f in container.decode(audio)
            )
        assert 5.5 < picture_end < 10.5
        assert abs(picture_end + 1 / 30 - sound_end) < 0.12


def test_sound_is_neither_silent_nor_clipped(demo: tuple[Path, dict[str, Any]]) -> None:
    out, _ = demo
    sounds = list((out / "exports").rglob("*.wav"))
    assert sounds
    for file in sounds:
        samples, rate = soundfile.read(file)
        assert rate == 48000
        assert np.sqrt(np.mean(samples**2)) > 0.005
        assert np.abs(samples).max() < 0.99


def exported(out: Path) -> list[str]:
    return sorted(str(p.relative_to(out)) for p in (out / "exports").rglob("*") if p.is_file())


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.pictures += tag == "img"
        for name in ("src", "srcset", "poster", "data"):
            if values.get(name):
                self.loaded.append(str(values[name]))
        if tag == "link" and values.get("href"):
            self.loaded.append(str(values["href"]))


def test_the_page_stands_alone(demo: tuple[Path, dict[str, Any]]) -> None:
    _, report = demo
    page = Path(report["page"]).read_text(encoding="utf-8")
    parser = _Addresses()
    parser.feed(page)
    assert parser.pictures >= 10
    assert not [
        address for address in parser.loaded if address.startswith(("http:", "https:", "//", "file:"))
    ]


@pytest.mark.skipif(os.name == "nt", reason="process groups of POSIX")
def test_a_second_run_doubles_nothing_and_with_a_display_the_window_opens(
    demo: tuple[Path, dict[str, Any]],
) -> None:
    out, report = demo
    before = exported(out)
    home = out.parent / "home-window"
    environment = {**os.environ, "MMSTUDIO_HOME": str(home), "DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "mmstudio", "demo", "--out", str(out), "--open"]
    settings = home / "config" / "settings.toml"
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            # The window remembers a library once it has opened it.
            deadline = time.monotonic() + 600
            while not (settings.exists() and report["library"] in settings.read_text(encoding="utf-8")):
                assert process.poll() is None, "the window closed by itself"
                assert time.monotonic() < deadline
                select.select([], [], [], 0.1)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.stderr is not None
        assert "went wrong" not in process.stderr.read()
    assert exported(out) == before
