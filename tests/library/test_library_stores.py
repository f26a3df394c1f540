"""Vectors, models, generations, recommendations, storyboards, exports, and the check against the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import NotFound
from mmstudio.library import Library, NewItem, parse_query
from support.libraries import add_asset, put_file


def test_vectors_of_assets(library: Library, media: Path) -> None:
    ids = [add_asset(library, media / f"{n}.jpg") for n in range(3)]
    add_asset(library, media / "a.wav", kind="audio")
    add_asset(library, media / "gone.jpg", status="missing")
    vectors = library.features.ensure_set("cnn", "1", "abc", 4, "image")
    assert library.features.ensure_set("cnn", "1", "abc", 4, "image") == vectors
    assert library.features.missing(vectors) == ids
    rng = np.random.default_rng(0)
    wanted = rng.standard_normal((3, 4)).astype(np.float32)
    stored = library.features.put_many(
        vectors, [*zip(ids, wanted, strict=True), (999, np.zeros(4, np.float32))]
    )
    assert stored == 3
    found, matrix = library.features.matrix(vectors)
    assert found.dtype == np.int64
    assert found.tolist() == ids
    assert matrix.dtype == np.float32
    assert matrix.flags.writeable
    np.testing.assert_array_equal(matrix, wanted)
    one = library.features.get(vectors, ids[1])
    assert one is not None
    np.testing.assert_array_equal(one, wanted[1])
    assert library.features.get(vectors, 999) is None
    library.features.put_many(vectors, [(ids[0], np.ones(4, np.float32))])
    assert library.features.matrix(vectors)[1][0].tolist() == [1, 1, 1, 1]
    library.assets.trash(ids[:1])
    assert library.features.matrix(vectors)[0].tolist() == ids[1:]
    library.features.delete_for(ids[1:2])
    assert library.features.missing(vectors) == ids[1:2]
    library.empty_trash()
    [only] = library.features.sets()
    assert (only.extractor, only.count, only.target) == ("cnn", 1, "asset")


def test_vectors_of_items(library: Library) -> None:
    ids = library.items.upsert_many([NewItem("A"), NewItem("B")])
    vectors = library.features.ensure_set("tfidf-svd", "1", "x", 2, "text", target="item")
    assert library.features.missing(vectors) == ids
    library.features.put_many(vectors, [(ids[1], np.zeros(2, np.float32))])
    assert library.features.matrix(vectors)[0].tolist() == ids[1:]
    library.features.delete_for(ids, "item")
    assert library.features.missing(vectors) == ids


def test_an_empty_set_has_an_empty_matrix(library: Library) -> None:
    ids, matrix = library.features.matrix(library.features.ensure_set("cnn", "1", "x", 7, "image"))
    assert ids.shape == (0,)
    assert matrix.shape == (0, 7)


def test_statistics(library: Library) -> None:
    vectors = library.features.ensure_set("mfcc", "1", "x", 3, "audio")
    assert library.features.stats(vectors) is None
    library.features.save_stats(vectors, np.arange(3), np.ones(3), 10, "library")
    stats = library.features.stats(vectors)
    assert stats is not None
    assert stats.mean.tolist() == [0, 1, 2]
    assert (stats.count, stats.fitted_on) == (10, "library")


def test_wrong_vectors(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    vectors = library.features.ensure_set("cnn", "1", "x", 2, "image")
    for wrong in (np.ones(3), np.ones((2, 1)), np.array([1, np.nan]), np.array([1, np.inf])):
        with pytest.raises(ValueError, match="finite float32"):
            library.features.put_many(vectors, [(asset_id, wrong.astype(np.float32))])
    with pytest.raises(ValueError, match="no feature set"):
        library.features.matrix(99)


def test_a_new_dimension_drops_the_old_vectors(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    old = library.features.ensure_set("cnn", "1", "x", 2, "image")
    library.features.put_many(old, [(asset_id, np.ones(2, np.float32))])
    library.features.ensure_set("cnn", "1", "x", 3, "image")
    assert [(one.dimension, one.count) for one in library.features.sets()] == [(3, 0)]


def test_models(library: Library) -> None:
    library.models.add("cats", "image-vae", "models/cats")
    library.models.add("dogs", "image-gan", "models/dogs", steps=5, metrics={"fid": 3.5}, status="done")
    library.models.update("cats", steps=10, metrics={"loss": 0.5}, status="running")
    assert [model.name for model in library.models.list()] == ["cats", "dogs"]
    found = library.models.get("cats")
    assert found is not None
    assert (found.steps, found.metrics, found.status) == (10, {"loss": 0.5}, "running")
    assert library.models.add("cats", "image-vae", "models/cats") == found.id
    assert library.models.get("none") is None
    library.models.remove("cats")
    assert [model.name for model in library.models.list()] == ["dogs"]


def test_generations(library: Library, media: Path) -> None:
    source = add_asset(library, media / "a.jpg")
    made = add_asset(library, library.generated_dir / "b.png")
    library.generations.add("cats", 7, b"\0\1", {"truncation": 0.7}, [source], made)
    library.generations.add("cats", 8, None, {}, [], None)
    found = library.generations.of_asset(made)
    assert found is not None
    assert (found.model, found.seed, found.latent, found.params, found.sources) == (
        "cats", 7, b"\0\1", {"truncation": 0.7}, [source],
    )  # fmt: skip
    assert library.generations.of_asset(source) is None
    assert library.generations.made_from(source) == [made]
    assert [one.seed for one in library.generations.list()] == [8, 7]


def test_recommendations_replace_each_other(library: Library) -> None:
    cooks = library.audiences.add("Cooks")
    first, second = library.items.upsert_many([NewItem("A"), NewItem("B")])
    rows = [{"item_id": second, "score": 0.9, "why": "青色"}, {"item_id": first, "score": 0.1, "parts": [1]}]
    library.recommendations.save(cooks, rows)
    assert library.recommendations.load(cooks) == rows
    library.recommendations.save(cooks, rows[:1])
    assert library.recommendations.load(cooks) == rows[:1]
    assert library.recommendations.load(99) == []


def test_storyboards(library: Library) -> None:
    [item] = library.items.upsert_many([NewItem("A")])
    cooks = library.audiences.add("Cooks")
    first = library.storyboards.save("Ad", "product-ad", item, cooks, {"scenes": ["红"]})
    second = library.storyboards.save("Other", "product-ad", None, None, {})
    assert library.storyboards.save("Ad 2", "product-ad", item, cooks, {"scenes": []}, id=first) == first
    assert library.storyboards.get(first).name == "Ad 2"
    assert [one.id for one in library.storyboards.list()] == [first, second]
    assert [one.id for one in library.storyboards.list(item_id=item)] == [first]
    assert library.storyboards.list(audience_id=99) == []
    library.storyboards.approve(first, "Ada", "changes", "Bigger price")
    library.storyboards.approve(first, "Ada", "approved")
    assert [one.verdict for one in library.storyboards.approvals(first)] == ["changes", "approved"]
    with pytest.raises(ValueError, match="verdict"):
        library.storyboards.approve(first, "Ada", "nice")
    for missing in (
        lambda: library.storyboards.get(99),
        lambda: library.storyboards.approve(99, "Ada", "approved"),
    ):
        with pytest.raises(NotFound):
            missing()
    with pytest.raises(NotFound):
        library.storyboards.save("x", "y", None, None, {}, id=99)
    library.exports.add(first, "square", "/out/ad.png", "ab", 10, 0.5, "card")
    library.storyboards.remove(first)
    [export] = library.exports.list()
    assert (export.storyboard_id, export.channel, export.seconds) == (None, "square", 0.5)


def test_a_sound_library_has_nothing_to_report(library: Library, media: Path) -> None:
    add_asset(library, media / "a.jpg")
    add_asset(library, library.generated_dir / "b.png")
    trashed = add_asset(library, library.generated_dir / "c.png")
    library.assets.trash([trashed])
    report = library.check()
    assert report.ok
    assert report.assets == 3


def test_check_finds_and_repairs(library: Library, media: Path) -> None:
    gone, back, changed = (add_asset(library, media / f"{name}.jpg") for name in ("gone", "back", "changed"))
    trashed = add_asset(library, library.generated_dir / "t.png")
    restored = add_asset(library, library.generated_dir / "r.png")
    (media / "gone.jpg").unlink()
    library.assets.set_status(back, "missing")
    (media / "changed.jpg").write_text("longer than before", encoding="utf-8")
    library.assets.trash([trashed])
    (library.trash_dir / f"{trashed}.png").rename(library.generated_dir / "t.png")
    (library.generated_dir / "r.png").rename(library.trash_dir / f"{restored}.png")
    stray = put_file(library.generated_dir / "ab" / "stray.png")
    with library.db.write() as tx:
        tx.execute("DELETE FROM asset_search WHERE rowid = ?", (changed,))
    report = library.check()
    assert (report.missing, report.back, report.changed) == ((gone,), (back,), (changed,))
    assert report.stray_files == (str(stray),)
    assert len(report.problems) == 6
    assert report.repaired == 0
    assert library.check(repair=True).repaired == 5
    assert library.assets.get(gone).status == "missing"
    assert library.assets.get(back).status == "ok"
    assert library.assets.ids(parse_query("changed")) == [changed]
    assert (library.generated_dir / "r.png").is_file()
    assert (library.trash_dir / f"{trashed}.png").is_file()
    assert stray.is_file()
    again = library.check()
    assert (again.changed, again.stray_files) == ((changed,), (str(stray),))
    assert len(again.problems) == 2
