"""The sample shop: complete, believable, the same every time, and at home in a library."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.demo.fill import fill_work
from mmstudio.demo.sample import SampleFiles, make_sample
from mmstudio.demo.shop import products
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter, Library
from mmstudio.media.probe import probe
from support.sample_shop import drawn_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return drawn_sample(tmp_path_factory, tmp_path_factory.mktemp("sample"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_catalogue_is_about_sixty_true_products(sample: SampleFiles) -> None:
    catalogue = rows(sample.catalog)
    assert 55 <= len(catalogue) <= 65
    assert (
        len({row["sku"] for row in catalogue}) == len({row["title"] for row in catalogue}) == len(catalogue)
    )
    assert len({row["category"] for row in catalogue}) >= 10
    for row in catalogue:
        assert float(row["price"]) > 0
        assert len(row["description"]) > 60
        assert any("一" <= sign <= "鿿" for sign in row["description_zh"])
        assert row["images"].startswith(f"{row['sku'].lower()}-hero.jpg")


def test_every_picture_a_row_names_is_there(sample: SampleFiles) -> None:
    files = {path.name for path in sample.media.rglob("*.*")}
    named = {name for row in rows(sample.catalog) for name in row["images"].split("|")}
    assert named <= files
    assert len(files) > 90


def test_every_medium_can_be_read(sample: SampleFiles) -> None:
    kinds: dict[str, int] = {}
    for path in sorted(sample.media.rglob("*.*")):
        info = probe(path)
        kinds[info.kind] = kinds.get(info.kind, 0) + 1
    assert kinds["image"] > 60
    assert kinds["audio"] == 13
    assert kinds["video"] == 4
    assert kinds["text"] >= 4


def test_reviews_read_varied_and_some_are_chinese(sample: SampleFiles) -> None:
    reviews = rows(sample.reviews)
    skus = {row["sku"] for row in rows(sample.catalog)}
    assert {row["sku"] for row in reviews} == skus
    assert len({row["text"] for row in reviews}) == len(reviews)
    ratings = [int(row["rating"]) for row in reviews]
    assert set(ratings) >= {2, 3, 4, 5}
    assert sum("一" <= row["text"][0] <= "鿿" for row in reviews) >= 20


def test_links_and_interactions_name_real_products(sample: SampleFiles) -> None:
    skus = {row["sku"] for row in rows(sample.catalog)}
    links = rows(sample.links)
    assert {row["relation"] for row in links} == {"related", "crosssell", "upsell"}
    assert all(row["sku"] in skus and row["related_sku"] in skus for row in links)
    assert all(row["sku"] != row["related_sku"] for row in links)
    events = rows(sample.interactions)
    assert {row["event"] for row in events} == {"view", "like", "buy"}
    assert all(row["sku"] in skus for row in events)
    people = json.loads(sample.audiences.read_text(encoding="utf-8"))
    assert {person["locale"] for person in people} == {"en", "zh-CN"}
    assert all(sku in skus for person in people for sku in person["liked"] + person["disliked"])


def test_a_second_run_keeps_what_is_there_and_makes_what_is_missing(sample: SampleFiles) -> None:
    lost = sample.media / "pictures" / "mug-01-hero.jpg"
    before = lost.read_bytes()
    kept = sample.media / "music" / "morning-light.wav"
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    seen: list[tuple[int, int]] = []
    make_sample(sample.folder, 7, lambda done, total: seen.append((done, total)))
    assert lost.read_bytes() == before
    assert kept.stat().st_mtime_ns == stamp
    assert seen == [(1, 1)]


def test_the_colours_named_are_the_colours_shown() -> None:
    for product in products():
        assert product.colour
        assert product.look.colours[0].startswith("#")


def test_a_library_takes_all_of_it_once(sample: SampleFiles, tmp_path: Path) -> None:
    with Library.create(tmp_path / "shop.mmlib") as library:
        first: dict[str, Any] = run_inline(fill_work(library, sample.folder))
        assert first["failed"] == []
        assert first["row_errors"] == []
        assert first["missing_images"] == []
        assert first["items"] == len(products())
        assert first["interactions"] > 1000
        assert len(first["audiences"]) == 2
        for audience in library.audiences.list():
            assert audience.liked
            assert library.audiences.members(audience.id)
        assert library.items.hero_of(library.items.skus()["MUG-01"]) is not None
        assets = library.assets.count(AssetFilter())
        again: dict[str, Any] = run_inline(fill_work(library, sample.folder))
        assert again["added"] == 0
        assert again["interactions"] == 0
        assert library.assets.count(AssetFilter()) == assets
        assert len(library.audiences.list()) == 2


def test_a_job_that_was_cut_off_is_resumed_by_its_kind(sample: SampleFiles, tmp_path: Path) -> None:
    import mmstudio.demo  # noqa: F401 - brings the job kind
    from mmstudio.studio import Studio

    with Studio.create(tmp_path / "Sample.mmlib") as studio:
        number = studio.library.jobs.create(
            "sample", {"folder": str(sample.folder)}, "Make the sample library"
        )
        studio.library.jobs.update(number, state="paused")
        record = studio.unfinished("sample", {"folder": str(sample.folder)})
        assert record is not None
        report = studio.resume(record).result(240)
        assert report["items"] == studio.library.items.count() >= 55
        assert len(report["audiences"]) == 2
        assert report["interactions"] > 1000
    with Studio.open(tmp_path / "Sample.mmlib") as again:
        assert again.library.jobs.get(number).state == "done"
