"""Statistics of feature sets: fitted on what was stated, kept, applied, inverted, written out."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmstudio.cli.app import app
from mmstudio.errors import NotFound, UsageError
from mmstudio.features import Features
from mmstudio.features.fitting import keep_fitted
from mmstudio.features.normalise import Fitter, fit_statistics
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewAsset, NewItem
from support.library import add_files
from support.media import make_mp4, make_text, make_wav


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "sounds.mmlib") as opened:
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def tones(folder: Path, count: int, first: float = 200.0) -> list[Path]:
    return [make_wav(folder / f"{first:.0f}-{i}.wav", 0.3, frequency=first * 1.2**i) for i in range(count)]


def kept(features: Features, name: str = "mfcc") -> tuple[np.ndarray, np.ndarray, str]:
    set_id = features.vectors.set_id(features.extractors()[name])
    assert set_id is not None
    stats = features.library.features.stats(set_id)
    assert stats is not None
    return stats.mean, stats.std, stats.fitted_on


# -- arithmetic ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1,), (1, 1, 1), (500, 3, 77), (0, 20, 0)])
def test_pieces_fit_as_the_whole(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    pieces = [(1e4 + rng.normal(size=(n, 6)) * [1, 0.1, 1e3, 0, 1, 1]).astype(np.float32) for n in sizes]
    for piece in pieces:
        piece[::3, 4] = np.nan
        piece[:, 5] = np.nan
    fitter = Fitter(6)
    for piece in pieces:
        fitter.add(piece)
    whole = np.concatenate(pieces).astype(np.float64)
    got = fitter.done()
    assert got.count == len(whole)
    np.testing.assert_allclose(got.mean[:4], whole[:, :4].mean(0), rtol=1e-6)
    assert got.mean[5] == 0
    assert got.std[5] == 1
    assert got.std[3] == 1
    if len(whole) > 20:
        np.testing.assert_allclose(got.std[:3], whole[:, :3].std(0), rtol=1e-5)
        np.testing.assert_allclose(got.std[4], np.nanstd(whole[:, 4]), rtol=1e-5)
    Z = got.apply(np.concatenate(pieces))
    assert np.isnan(Z[:, 5]).all()
    np.testing.assert_allclose(got.invert(Z)[:, :4], whole[:, :4], rtol=1e-4)


def test_numbers_that_are_none_poison_nothing() -> None:
    good = np.random.default_rng(1).normal(5, 2, (50, 3)).astype(np.float32)
    bad = np.concatenate([good, np.full((5, 3), np.nan, np.float32), np.full((1, 3), np.inf, np.float32)])
    for one, two in zip(
        (fit_statistics(good).mean, fit_statistics(good).std),
        (fit_statistics(bad).mean, fit_statistics(bad).std),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, rtol=1e-6)


# -- sets of a library ---------------------------------------------------------------------------------------


def test_default_set_follows_the_library(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, *tones(tmp_path / "m", 3))
    run_inline(features.work(extractor="mfcc"))
    assert "3 of kind audio" in kept(features)[2]
    more = add_files(library, *tones(tmp_path / "m", 4, 900.0))
    run_inline(features.work(extractor="mfcc"))
    mean, std, fitted_on = kept(features)
    assert "7 of kind audio" in fitted_on
    _, raw = features.matrix("mfcc", normalised=False)
    np.testing.assert_allclose(mean, raw.mean(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(std, np.where(raw.std(0) > 1e-4, raw.std(0), std), rtol=1e-3)
    library.assets.trash(more)
    run_inline(features.work(extractor="mfcc"))
    assert "3 of kind audio" in kept(features)[2]


def test_stated_set_stays_as_it_was_fitted(library: Library, features: Features, tmp_path: Path) -> None:
    train = add_files(library, *tones(tmp_path / "m", 4), tags=("train",))
    add_files(library, *tones(tmp_path / "m", 3, 900.0))
    run_inline(features.work(extractor="mfcc", fit="tag:train"))
    mean, _, fitted_on = kept(features)
    assert "tag:train" in fitted_on
    assert "4 of kind audio" in fitted_on
    ids, raw = features.matrix("mfcc", normalised=False)
    own = np.isin(ids, train)
    np.testing.assert_allclose(mean, raw[own].mean(0), rtol=1e-4, atol=1e-4)
    _, Z = features.matrix("mfcc")
    assert np.abs(Z[own].mean(0)).max() < 1e-3 < np.abs(Z.mean(0)).max()
    add_files(library, *tones(tmp_path / "m", 2, 2000.0), tags=("train",))
    run_inline(features.work(extractor="mfcc"))
    np.testing.assert_array_equal(kept(features)[0], mean)
    (listed,) = [one for one in features.listing() if one.name == "mfcc"]
    assert (listed.count, listed.usable, listed.stated) == (9, 9, True)
    run_inline(features.work(extractor="mfcc", fit=""))
    assert "9 of kind audio" in kept(features)[2]
    assert "tag" not in kept(features)[2]


def test_sets_that_cannot_be_fitted_are_refused(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, *tones(tmp_path / "m", 2), make_text(tmp_path / "m" / "t.txt"))
    run_inline(features.work(extractor="mfcc"))
    before = kept(features)
    with pytest.raises(NotFound, match="tag:nothing"):
        run_inline(features.work(extractor="mfcc", fit="tag:nothing"))
    np.testing.assert_array_equal(kept(features)[0], before[0])
    for name in ("tfidf-svd", None):
        with pytest.raises(UsageError):
            features.work(extractor=name, fit="tag:train")


def test_one_single_and_all_alike(library: Library, features: Features, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    add_files(library, make_wav(folder / "a.wav"))
    run_inline(features.work())
    assert not features.matrix("mfcc")[1].any()
    copies = [folder / f"{name}.wav" for name in "bc"]
    for copy in copies:
        copy.write_bytes((folder / "a.wav").read_bytes())
    add_files(library, *copies)
    run_inline(features.work())
    for name in ("mfcc", "sound-shape"):
        _, Z = features.matrix(name)
        np.testing.assert_allclose(Z, 0, atol=1e-3)
        assert np.isfinite(features.vectors.space(name).unit).all()


def test_what_is_missing_is_not_counted(library: Library, features: Features, tmp_path: Path) -> None:
    ids = add_files(
        library,
        make_mp4(tmp_path / "m" / "silent.mp4", seed=1),
        make_mp4(tmp_path / "m" / "a.mp4", audio=True, seed=2),
        make_mp4(tmp_path / "m" / "b.mp4", audio=True, seconds=2.0, seed=3),
    )
    run_inline(features.work(extractor="video-cnn"))
    found, raw = features.matrix("video-cnn", normalised=False)
    heard = raw[found != ids[0], -121:-1]
    mean = kept(features, "video-cnn")[0][-121:-1]
    np.testing.assert_allclose(mean, heard.mean(0), rtol=1e-3, atol=1e-3)
    path = features.export("video-cnn", tmp_path / "v.npz")
    with np.load(path) as data:
        assert data["missing"].sum() == 120
        assert data["missing"][0, -121:-1].all()
        assert not data["normalised"][data["missing"]].any()


def test_only_new_files_are_opened(library: Library, features: Features, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    old = tones(folder, 8)
    add_files(library, *old)
    run_inline(features.work())
    for path in old:
        path.unlink()  # whoever opened one of these again would report it missing
    add_files(library, *tones(folder, 10, 700.0))
    result = run_inline(features.work())
    assert result["files"] == 10
    assert result["failed"] == []
    assert result["extracted"]["mfcc"] == 10
    assert len(features.matrix("mfcc")[0]) == 18


# -- for tools of one's own ----------------------------------------------------------------------------------


def test_every_extractor_is_exported_and_listed(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, *tones(tmp_path / "m", 3), make_mp4(tmp_path / "m" / "v.mp4"))
    library.items.upsert_many([NewItem(sku="L-1", title="Red lamp", description="A lamp of red glass")])
    run_inline(features.work())
    run_inline(features.work(extractor="log-mel"))
    for name in ("mfcc", "sound-shape", "log-mel", "video-cnn", "tfidf-svd"):
        with np.load(features.export(name, tmp_path / name)) as data:
            count = {"video-cnn": 1, "tfidf-svd": 1}.get(name, 3)
            D = features.extractors()[name].dimension
            assert data["raw"].shape == data["normalised"].shape == (count, D)
            assert data["raw"].dtype == data["normalised"].dtype == np.float32
            assert data["mean"].shape == data["std"].shape == (D,)
            assert len(data["ids"]) == count
            assert str(data["fitted_on"])
            gone = data["missing"] if "missing" in data else np.zeros((count, D), bool)
            back = data["normalised"] * data["std"] + data["mean"]
            np.testing.assert_allclose(back[~gone], data["raw"][~gone], rtol=1e-3, atol=1e-3)
            if name == "tfidf-svd":
                assert data["skus"].tolist() == data["item_skus"].tolist() == ["L-1"]
            else:
                assert all(Path(str(path)).is_file() for path in data["paths"])
    with pytest.raises(NotFound, match="no vectors"):
        features.export("cnn", tmp_path / "none.npz")
    with pytest.raises(NotFound, match="no feature extractor"):
        features.export("magic", tmp_path / "none.npz")
    assert not (tmp_path / "none.npz").exists()


def test_the_shell_lists_exports_and_fits(tmp_path: Path) -> None:
    path, shell = tmp_path / "shell.mmlib", CliRunner()
    with Library.create(path) as library:
        add_files(library, *tones(tmp_path / "m", 3), tags=("train",))
        add_files(library, *tones(tmp_path / "m", 2, 900.0))
    command = ["features", str(path), "--device", "cpu", "--extractor", "mfcc"]
    assert shell.invoke(app, [*command, "--fit", "tag:train"]).exit_code == 0
    with Library.open(path):  # a window holds the library: the commands read beside it
        shown = shell.invoke(app, ["features", str(path), "--list", "--json"])
        assert shown.exit_code == 0, shown.output
        rows = {row["name"]: row for row in json.loads(shown.stdout)}
        assert {"cnn", "mfcc", "log-mel", "sound-shape", "video-cnn", "tfidf-svd"} <= set(rows)
        keys = {"dimension", "modality", "source", "licence", "label", "default", "count", "fitted_on"}
        assert all(keys <= set(row) for row in rows.values())
        assert (rows["mfcc"]["count"], rows["mfcc"]["usable"]) == (5, 5)
        assert "tag:train" in rows["mfcc"]["fitted_on"]
        out = tmp_path / "mfcc.npz"
        assert (
            shell.invoke(app, ["features", str(path), "--extractor", "mfcc", "--export", str(out)]).exit_code
            == 0
        )
        with np.load(out) as data:
            assert data["raw"].shape == (5, 120)
    assert "mfcc" in shell.invoke(app, ["features", str(path), "--list"]).output
    refused = shell.invoke(app, [*command, "--fit", "tag:nothing"])
    assert refused.exit_code != 0


def test_memory_does_not_grow_with_the_rows(library: Library, features: Features, tmp_path: Path) -> None:
    D = features.extractors()["video-cnn"].dimension
    info = features.extractors()["video-cnn"]
    set_id = library.features.ensure_set(info.name, info.version, info.parameters, D, "video")
    root = library.roots.add(tmp_path)
    rng = np.random.default_rng(0)
    peaks = []
    for first, last in ((0, 2000), (2000, 8000)):
        row = NewAsset("video", root.id, "", "", 1000, 0)
        ids = library.assets.add_many(
            replace(row, rel_path=f"{n}.mp4", sha256=f"{n:064x}", title=str(n)) for n in range(first, last)
        )
        for start in range(0, len(ids), 1000):
            rows = rng.normal(size=(1000, D)).astype(np.float32)
            library.features.put_many(set_id, zip(ids[start : start + 1000], rows, strict=False))
        tracemalloc.start()
        keep_fitted(library, info, set_id, changed=True)
        tracemalloc.reset_peak()
        keep_fitted(library, info, set_id, changed=True)
        fitted = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        path = features.export("video-cnn", tmp_path / "v.npz")
        peaks.append((fitted, tracemalloc.get_traced_memory()[1]))
        tracemalloc.stop()
    assert library.features.count(set_id) == 8000
    assert path.stat().st_size > 2 * 8000 * D * 4
    assert peaks[1][0] < 1.2 * peaks[0][0]
    assert peaks[1][1] < 1.3 * peaks[0][1]  # four times the rows; only their paths are held
