"""Features read by readers that Ray started: the same vectors as without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmstudio.errors import StudioError
from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from support.library import add_files
from support.media import make_jpeg, make_mp4, make_wav

pytest.importorskip("ray")


@pytest.fixture
def media(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "media"
    pictures = [make_jpeg(folder / f"{i}.jpg", seed=i) for i in range(3)]
    return [
        *pictures,
        make_jpeg(folder / "broken.jpg", seed=9),
        make_wav(folder / "a.wav"),
        make_mp4(folder / "c.mp4"),
    ]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "shop.mmlib") as opened:
        yield opened


def vectors(features: Features, name: str) -> np.ndarray:
    ids, rows = features.matrix(name, normalised=False)
    return rows[np.argsort(ids)]


@pytest.mark.slow
def test_the_vectors_of_a_cluster_are_those_of_this_computer(
    library: Library, media: list[Path], tmp_path: Path
) -> None:
    add_files(library, *media)
    broken = next(path for path in media if path.name == "broken.jpg")
    whole = broken.read_bytes()
    broken.write_bytes(whole[:200])
    names = ("cnn", "colour", "mfcc", "video-cnn")
    far = Features(library, "cpu")
    result = run_inline(far.work(cluster="local"))
    assert result["cluster"]["readers"] >= 1
    assert result["cluster"]["left_out"] == []
    assert [name for name, _ in result["failed"]] == ["broken.jpg"]
    measured = library.facts.measures_of([int(i) for i in library.assets.ids()])
    found = {name: vectors(far, name) for name in names}
    far.close()
    with Library.create(tmp_path / "near.mmlib") as other:
        broken.write_bytes(whole)
        add_files(other, *media)
        broken.write_bytes(whole[:200])
        near = Features(other, "cpu")
        run_inline(near.work())
        for name in names:
            np.testing.assert_allclose(found[name], vectors(near, name), rtol=1e-4, atol=1e-4)
        here = other.facts.measures_of([int(i) for i in other.assets.ids()])
        assert [sorted(one) for one in measured.values()] == [sorted(one) for one in here.values()]
        near.close()


def test_a_cluster_that_is_not_there_is_said(library: Library, media: list[Path]) -> None:
    add_files(library, media[0])
    features = Features(library, "cpu")
    with pytest.raises(StudioError, match="no cluster at 127") as caught:
        run_inline(features.work(cluster="127.0.0.1:9"))
    assert "ray start" in caught.value.hint
    features.close()


def test_the_shell_knows_the_option() -> None:
    from mmstudio.cli.app import app

    assert "--cluster" in CliRunner().invoke(app, ["features", "--help"], env={"COLUMNS": "200"}).output
