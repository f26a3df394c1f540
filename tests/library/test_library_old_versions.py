"""A real library of every released schema opens, and nothing in it is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmstudio.library import ItemAsset, ItemLink, Library, parse_query
from mmstudio.library.migrations import MIGRATIONS, newest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "libraries"


def test_every_major_version_has_a_fixture() -> None:
    majors = {step.version // 100 for step in MIGRATIONS}
    assert {folder.name for folder in FIXTURES.iterdir() if folder.is_dir()} >= {f"v{one}" for one in majors}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the library of format 1.0."""
    return Path(shutil.copytree(FIXTURES / "v1", tmp_path / "v1"))


def test_a_library_of_version_1_opens_whole(old: Path) -> None:
    with Library.open(old) as library:
        assert library.db.read().execute("SELECT MAX(version) FROM schema_version").fetchone()[0] == newest()
        assert library.db.read().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert [library.assets.get(asset_id).title for asset_id in library.assets.ids()] == [
            "Made",
            "Song",
            "Red shoe",
        ]
        shoe = library.assets.get(1)
        assert (shoe.rating, shoe.width, shoe.captured_at, shoe.phash) == (
            4, 800, "2024-05-01T10:00:00", "00ff00ff00ff00ff",
        )  # fmt: skip
        assert library.assets.tags_of([1]) == {1: ["Summer"]}
        assert library.assets.ids(parse_query("明月 status:trashed")) == [3]
        assert (
            library.assets.path_of(library.assets.get(4)).read_text(encoding="utf-8") == "made by the studio"
        )
        assert library.assets.count(parse_query("collection:best")) == 2
        strap = library.items.by_sku("YS-1")
        assert strap is not None
        assert (strap.price, strap.attributes) == (12.5, {"colour": "teal"})
        assert library.items.assets_of(strap.id) == [ItemAsset(1, "hero", 0), ItemAsset(2, "music", 0)]
        assert library.items.reviews_of(strap.id)[0].text == "Holds well."
        assert library.items.links_of(strap.id) == [ItemLink(1, 2, "upsell")]
        assert library.items.missing_media(2) == ["ball.jpg"]
        [cooks] = library.audiences.list()
        assert cooks.liked == [1]
        assert library.audiences.interactions().weight.tolist() == [3.0]
        [vectors] = library.features.sets()
        assert library.features.matrix(vectors.id)[1].tolist() == [[1.0, 2.0, 3.0]]
        assert [model.metrics for model in library.models.list()] == [{"loss": 0.5}]
        generation = library.generations.of_asset(4)
        assert generation is not None
        assert generation.sources == [1]
        assert library.recommendations.load(cooks.id)[0]["why"] == "because"
        assert library.storyboards.approvals(1)[0].verdict == "approved"
        assert library.exports.list()[0].channel == "square"
        assert library.jobs.get(1).state == "paused"
        assert library.undo.undo() == "Rate an asset"
        assert library.undo.undo() == "Move an asset to the trash"
        assert library.assets.get(3).status == "ok"


def test_a_library_of_version_1_can_be_read_where_it_may_not_be_written(old: Path) -> None:
    with Library.open(old, read_only=True) as library:
        assert library.assets.count() == 3
        assert library.jobs.get(1).state == "running"
