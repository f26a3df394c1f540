"""Maps, neighbours with reasons, what a network looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.features import Features
from mmstudio.features.inside.maps import LAID_OUT, pca, t_sne
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import ItemAsset, NewItem
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_text, make_wav


def blobs(count: int, groups: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length 1 around ``groups`` far centres, and which group each belongs to."""
    rng = np.random.default_rng(seed)
    group = np.arange(count) % groups
    rows = np.eye(16, dtype=np.float32)[group] + 0.05 * rng.standard_normal((count, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), group


def told_apart(xy: np.ndarray, group: np.ndarray) -> float:
    """Share of points whose nearest other point is of their own group."""
    distance = ((xy[:, None] - xy[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    return float((group[distance.argmin(1)] == group).mean())


@pytest.mark.parametrize("method", [lambda rows: pca(rows)[0], t_sne])
def test_alike_things_lie_together(method: object) -> None:
    rows, group = blobs(60)
    xy = method(rows)  # type: ignore[operator]
    assert xy.shape == (60, 2)
    assert xy.dtype == np.float32
    assert np.abs(xy).max() == pytest.approx(1.0, abs=1e-5)
    assert told_apart(xy, group) > 0.95
    np.testing.assert_array_equal(xy, method(rows))  # type: ignore[operator]


def test_pca_says_how_much_it_keeps() -> None:
    rng = np.random.default_rng(0)
    flat = np.zeros((50, 8), np.float32)
    flat[:, :2] = rng.standard_normal((50, 2))
    assert pca(flat)[1] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("method", [lambda rows: pca(rows)[0], t_sne])
def test_all_alike_is_one_place(method: object) -> None:
    xy = method(np.ones((40, 8), np.float32))  # type: ignore[operator]
    assert np.isfinite(xy).all()
    assert np.ptp(xy, axis=0).max() == 0.0


def test_more_than_can_be_laid_out_lie_between_their_neighbours() -> None:
    rows, group = blobs(LAID_OUT + 150)
    xy = t_sne(rows)
    assert np.isfinite(xy).all()
    centres = np.stack([xy[group == g].mean(0) for g in range(3)])
    nearest = ((xy[:, None] - centres[None]) ** 2).sum(2).argmin(1)
    assert (nearest == group).mean() > 0.95


def spotted(path: Path, colour: tuple[int, int, int], corner: int) -> Path:
    """A grey picture with a coloured square in one of its four corners."""
    picture = Image.new("RGB", (96, 96), (120, 120, 120))
    x, y = (0, 56)[corner % 2], (0, 56)[corner // 2]
    picture.paste(colour, (x, y, x + 40, y + 40))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[tuple[Library, Features, list[int]]]:
    """Eight pictures: a red square in each corner, and a blue one in each; the red ones are tagged."""
    with new_library(tmp_path) as library:
        files = [spotted(tmp_path / f"m/red{c}.png", (230, 30, 30), c) for c in range(4)]
        files += [spotted(tmp_path / f"m/blue{c}.png", (30, 60, 230), c) for c in range(4)]
        ids = add_files(library, *files)
        library.assets.add_tags(ids[:4], ["red"])
        features = Features(library, "cpu")
        run_inline(features.work(kind="image"))
        yield library, features, ids
        features.close()


def test_a_map_of_the_library_is_kept(pictures: tuple[Library, Features, list[int]]) -> None:
    library, features, ids = pictures
    maps = features.inside.maps
    assert maps.choices()[0][0].name == "cnn"
    assert maps.choices()[0][1] == 8
    first = maps.project("cnn", "t-sne")
    assert first.ids.tolist() == ids
    assert first.laid_out == 8
    kept = list(library.index_dir.glob("map-cnn-*.npy"))
    assert len(kept) == 1
    np.testing.assert_array_equal(maps.project("cnn", "t-sne").xy, first.xy)
    kept[0].write_bytes(b"not a map")
    np.testing.assert_array_equal(maps.project("cnn", "t-sne").xy, first.xy)
    assert 0 < maps.project("cnn", "pca").kept <= 1
    with pytest.raises(UsageError, match="no map called"):
        maps.project("cnn", "spiral")  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        maps.project("nothing")


def test_groups_of_a_map(pictures: tuple[Library, Features, list[int]]) -> None:
    library, features, ids = pictures
    maps = features.inside.maps
    group, names = maps.groups(ids, "tag")
    assert names == ["red"]
    assert group.tolist() == [0] * 4 + [-1] * 4
    assert maps.groups(ids, "origin")[1] == ["imported"]
    library.items.upsert_many([NewItem("A", "Ball", category="Sport > Balls")])
    item = library.items.by_sku("A")
    assert item is not None
    library.items.set_assets(item.id, [ItemAsset(ids[2], "hero", 0)])
    assert maps.groups(ids[:3], "category")[0].tolist() == [-1, -1, 0]


def test_a_library_with_too_little_has_no_map(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_files(library, make_image(tmp_path / "a.png"))
        features = Features(library, "cpu")
        run_inline(features.work(extractor="cnn"))
        assert features.inside.maps.choices() == []
        assert len(features.inside.maps.project("cnn").xy) == 1
        features.close()


def test_neighbours_come_with_reasons(pictures: tuple[Library, Features, list[int]]) -> None:
    library, features, ids = pictures
    library.items.upsert_many([NewItem("A", "Ball")])
    item = library.items.by_sku("A")
    assert item is not None
    library.items.set_assets(item.id, [ItemAsset(ids[0], "hero", 0), ItemAsset(ids[1], "detail", 0)])
    found = features.inside.neighbours(ids[0], k=7)
    assert len(found) == 7
    assert [n.score for n in found] == sorted((n.score for n in found), reverse=True)
    other = next(n for n in found if n.asset_id == ids[1])
    assert other.tags == ("red",)
    assert other.items == ("Ball",)
    assert other.parts[0][1] == pytest.approx(other.score, abs=1e-4)
    assert len(other.parts) >= 2
    assert next(n for n in found if n.asset_id == ids[5]).tags == ()


def test_texts_tell_the_words_they_share(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        ids = add_files(
            library,
            make_text(tmp_path / "a.txt", "Harbour\n\nBoats and ropes in the harbour at dawn.\n"),
            make_text(tmp_path / "b.txt", "Morning\n\nThe harbour wakes, boats leave.\n"),
            make_text(tmp_path / "c.txt", "Bread\n\nFlour, water, salt and time.\n"),
        )
        features = Features(library, "cpu")
        run_inline(features.work(kind="text"))
        best = features.inside.neighbours(ids[0])[0]
        assert best.asset_id == ids[1]
        assert {"boat", "harbour"} <= set(best.words)
        telling = features.inside.telling_words(ids[0])
        assert telling[0][0] == "harbour"
        assert [w for _, w in telling] == sorted((w for _, w in telling), reverse=True)
        features.close()


def test_the_network_looks_at_what_the_tag_means(pictures: tuple[Library, Features, list[int]]) -> None:
    _, features, ids = pictures
    inside = [features.inside.explain_tag(ids[corner], "red") for corner in range(4)]
    for corner, found in enumerate(inside):
        assert found.how == "grad-cam"
        assert found.score > 0
        assert found.box == (0.0, 0.0, 1.0, 1.0)
        assert 0 <= found.heat.min() <= found.heat.max() <= 1
        side = len(found.heat) // 2
        quarters = [found.heat[y : y + side, x : x + side].mean() for y in (0, side) for x in (0, side)]
        assert quarters[corner] > np.mean(quarters), f"corner {corner}: {quarters}"
    assert features.inside.explain_tag(ids[4], "red").score < inside[0].score


def test_likeness_is_explained(pictures: tuple[Library, Features, list[int]]) -> None:
    _, features, ids = pictures
    same = features.inside.explain_likeness(ids[0], ids[0])
    other = features.inside.explain_likeness(ids[0], ids[7])
    assert same.score > other.score


def test_what_cannot_be_explained_is_said(pictures: tuple[Library, Features, list[int]]) -> None:
    library, features, ids = pictures
    with pytest.raises(StudioError, match="some pictures must have it"):
        features.inside.explain_tag(ids[0], "never used")
    library.assets.add_tags(ids, ["everything"])
    with pytest.raises(StudioError, match="some pictures must have it"):
        features.inside.explain_tag(ids[0], "everything")
    with pytest.raises(StudioError, match="no features of the other"):
        features.inside.explain_likeness(ids[0], 999)


def test_the_vectors_of_an_asset(pictures: tuple[Library, Features, list[int]]) -> None:
    _, features, ids = pictures
    rows = {row.name: row for row in features.inside.vectors_of(ids[0])}
    assert rows["cnn"].raw.shape == rows["cnn"].normalised.shape
    assert "8" in rows["cnn"].fitted_on
    assert np.isfinite(rows["cnn"].normalised).all()


def test_a_sound_over_time(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        [sound] = add_files(library, make_wav(tmp_path / "a.wav", seconds=1.0, frequency=440.0))
        features = Features(library, "cpu")
        found = features.inside.sound(sound)
        assert found.seconds == pytest.approx(1.0, abs=0.05)
        assert found.mel.shape[1] == found.mfcc.shape[1] == found.chroma.shape[1]
        assert (found.mfcc.shape[0], found.chroma.shape[0]) == (20, 12)
        assert int(found.chroma.mean(1).argmax()) == 9  # A
        assert features.inside.neighbours(sound) == []
        features.close()
