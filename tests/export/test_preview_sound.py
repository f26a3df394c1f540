"""A client hears what an export plays: a preview package's film has the exported film's sound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mmstudio.composition import ImageLayer, Rect, Scene, SoundTrack, Storyboard
from mmstudio.composition.sound import CEILING_DBTP, true_peak
from mmstudio.export import Exporter
from mmstudio.export.channels import Channel
from mmstudio.export.package import package_work
from mmstudio.export.writer import OutputFolder
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter
from mmstudio.media.audio import load_audio
from support.libraries import add_asset
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def test_the_sound_of_a_preview_is_that_of_the_export(shop: Shop, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    hits = rng.uniform(-1, 1, 48_000) * (np.arange(48_000) % 9_600 < 700)  # bright, dense, all peaks
    file = tmp_path / "shop" / "media" / "hits.wav"
    soundfile.write(file, np.sign(hits) * np.abs(hits) ** 0.2, 48_000)
    sound = add_asset(shop.library, file, kind="audio", duration=1.0)
    picture = shop.library.assets.ids(AssetFilter(kinds=("image",)))[0]
    layer = ImageLayer(name="hero", asset_id=picture, rect=Rect(0.1, 0.1, 0.8, 0.6))
    board = Storyboard(
        name="hits", recipe="hand", size=(320, 240), fps=10, duration=1.0,
        scenes=[Scene("a", 0.0, 1.0, [layer])], music=SoundTrack(sound), loudness=-9.0,
    )  # fmt: skip
    board.id = shop.library.storyboards.save(board.name, "hand", None, None, board.to_dict())
    result = run_inline(package_work(shop.library, [board.id], tmp_path / "preview", zipped=False))
    (film,) = Path(result["path"]).glob("media/*.mp4")
    folder = OutputFolder(tmp_path / "export")
    channel = Channel("film", "Film", "mp4", width=320, height=240)
    list(Exporter(shop.library).board_files(board, [channel], folder))
    previewed, _ = load_audio(film, rate=48_000)
    exported, _ = load_audio(folder.files[0]["path"], rate=48_000)
    assert previewed.shape == exported.shape
    assert (previewed == exported).all()
    assert true_peak(previewed) <= CEILING_DBTP
    listed = json.loads((Path(result["path"]) / "manifest.json").read_text("utf-8"))["files"]
    told = next(one for one in listed if one["path"] == film.name)
    assert told["true_peak"] <= CEILING_DBTP
