"""Fixes lose nothing, are one step of undo each, and touch nothing but what they were asked to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.cleaning import (
    Report,
    Subject,
    fix,
    fix_work,
    ignore,
    last_report,
    merge,
    mind,
    propose,
    relink,
    report,
    report_work,
)
from mmstudio.errors import Cancelled, StudioError, UsageError
from mmstudio.jobs import JobContext, run_inline
from mmstudio.library import AssetFilter, Facts, Library
from mmstudio.library.records import NewItem
from support.library import add_files
from support.media import make_image, make_text, make_wav


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "lib.mmlib") as opened:
        yield opened


@pytest.fixture
def twins(library: Library, tmp_path: Path) -> list[int]:
    """Three exact copies and another picture."""
    folder = tmp_path / "m"
    make_image(folder / "one.png", (120, 90), seed=1)
    for name in ("two.png", "three.png"):
        shutil.copy(folder / "one.png", folder / name)
    make_image(folder / "other.png", (120, 90), seed=2)
    names = ("one", "two", "three", "other")
    return add_files(library, *(folder / f"{name}.png" for name in names))


def everything(library: Library) -> dict[str, object]:
    """What a fix could change, as plain values."""
    assets = library.assets.get_many(
        library.assets.ids(AssetFilter(statuses=("ok", "missing", "corrupt", "trashed")), descending=False)
    )
    tags = library.assets.tags_of([asset.id for asset in assets])
    return {
        "assets": [
            (a.id, a.title, a.caption, a.rating, a.rights, a.status, a.root_id, a.rel_path) for a in assets
        ],
        "tags": tags,
        "items": {i: library.items.all_assets_of(i) for i in library.items.ids()},
        "collections": [
            (c.name, library.assets.ids(AssetFilter(collection=c.id, statuses=("ok", "trashed"))))
            for c in library.collections.list()
        ],
        "ignored": library.ignored.all(),
    }


def undo_steps(library: Library) -> int:
    steps = 0
    while library.undo.can_undo():
        library.undo.undo()
        steps += 1
    return steps


def test_a_merge_hands_over_everything_and_is_one_step(library: Library, twins: list[int]) -> None:
    one, two, three, other = twins
    assets = library.assets
    assets.set_title([two], "Blue lamp")
    assets.set_title([three], "A lamp at night")
    assets.set_caption([one], "On the desk.")
    assets.set_caption([two], "By the window.")
    assets.set_rating([three], 4)
    assets.set_rights([two], "licensed")
    assets.add_tags([two], ["summer"])
    assets.add_tags([three], ["sale"])
    (item,) = library.items.upsert_many([NewItem(sku="1", title="Lamp")])
    library.items.link_asset(item, other, "hero")
    library.items.link_asset(item, two, "detail", 3)
    assets.set_status(other, "missing", "gone")
    collection = library.collections.add("Best")
    library.collections.put(collection, [three])
    steps_before = len(undo_labels(library))
    before = everything(library)
    assert merge(library, [Subject("x", (one, two, three))]) == 2
    kept = assets.get(one)
    assert (kept.title, kept.rating, kept.rights) == ("Blue lamp", 4, "licensed")
    assert set(kept.caption.splitlines()) == {"On the desk.", "By the window.", "A lamp at night"}
    assert assets.tags_of([one])[one] == ["sale", "summer"]
    links = {(link.asset_id, link.role, link.position) for link in library.items.all_assets_of(item)}
    assert links == {(other, "hero", 0), (one, "detail", 3)}, "a missing picture keeps its place"
    assert one in assets.ids(AssetFilter(collection=collection))
    assert [assets.get(i).status for i in (two, three)] == ["trashed", "trashed"]
    assert len(undo_labels(library)) == steps_before + 1
    library.undo.undo()
    assert everything(library) == before


def undo_labels(library: Library) -> list[str]:
    """Steps that can be undone, counted by undoing and redoing all of them."""
    done: list[str] = []
    while (label := library.undo.undo()) is not None:
        done.append(label)
    while library.undo.redo() is not None:
        pass
    return done


def test_another_copy_can_be_kept(library: Library, twins: list[int]) -> None:
    one, two, three, _ = twins
    assert merge(library, [Subject("x", (one, two, three))], keep=three) == 2
    assert library.assets.get(three).status == "ok"
    assert library.assets.get(one).status == "trashed"


def test_a_cancelled_merge_changes_nothing(library: Library, twins: list[int]) -> None:
    before = everything(library)
    with pytest.raises(Cancelled):
        merge(library, [Subject("x", tuple(twins[:3]))], JobContext(0, {}, _cancelled=lambda: True))
    assert everything(library) == before
    with pytest.raises(Cancelled):
        run_inline(fix_work(library, "exact"), cancelled=lambda: True)
    assert everything(library) == before


def test_only_the_named_subjects_are_fixed(library: Library, tmp_path: Path) -> None:
    ids = add_files(
        library,
        make_image(tmp_path / "m" / "a.png", (5, 5), seed=1),
        make_image(tmp_path / "m" / "b.png", (6, 6), seed=2),
    )
    assert fix(library, "tiny", keys=[str(ids[1])]) == 1
    assert [library.assets.get(i).status for i in ids] == ["ok", "trashed"]
    assert fix(library, "tiny", keys=["999"]) == 0


def test_what_is_ignored_stays_ignored_until_it_is_minded(library: Library, twins: list[int]) -> None:
    finding = report(library).finding("exact")
    assert finding is not None
    (group,) = finding.subjects
    assert ignore(library, "exact", [group.key]) == 1
    kept = last_report(library)
    assert kept is not None
    assert kept.counts.get("exact") is None
    again = report(library).finding("exact")
    assert again is not None
    assert not again.subjects
    assert again.ignored == 3
    assert fix(library, "exact") == 0
    assert mind(library, "exact") == 3
    assert report(library).counts["exact"] == 2
    library.undo.undo()
    assert report(library).counts.get("exact") is None, "undo of the minding"
    with pytest.raises(UsageError, match="kind of finding"):
        ignore(library, "everything", ["1"])


def test_missing_files_are_found_by_content(library: Library, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "m", tmp_path / "elsewhere" / "deep"
    ids = add_files(
        library,
        make_image(folder / "moved.png", (80, 60), seed=1),
        make_image(folder / "changed.png", (80, 60), seed=2),
        make_image(folder / "again.png", (80, 60), seed=3),
        make_image(folder / "lost.png", (80, 60), seed=4),
    )
    library.assets.add_tags([ids[2]], ["summer"])
    elsewhere.mkdir(parents=True)
    shutil.move(folder / "moved.png", elsewhere / "renamed.png")
    (folder / "changed.png").unlink()
    make_image(elsewhere / "changed.png", (20, 20), seed=9)
    shutil.move(folder / "again.png", elsewhere / "again.png")
    (again,) = add_files(library, elsewhere / "again.png")
    (folder / "lost.png").unlink()
    found = list_of(propose(library, JobContext(0, {}), tmp_path))
    assert {one.asset_id: one.same for one in found} == {ids[0]: True, ids[1]: False, ids[2]: True}
    before = everything(library)
    assert relink(library, found) == 2
    assert library.assets.path_of(library.assets.get(ids[0])) == elsewhere / "renamed.png"
    assert library.assets.tags_of([again])[again] == ["summer"], "the one that was imported again has it all"
    assert library.assets.get(ids[2]).status == "trashed"
    assert report(library).counts["missing"] == 2
    library.undo.undo()
    assert everything(library) == before
    with pytest.raises(StudioError, match="no folder"):
        list_of(propose(library, JobContext(0, {}), tmp_path / "nowhere"))


def list_of(steps: object) -> list:  # type: ignore[type-arg]
    while True:
        try:
            next(steps)  # type: ignore[call-overload]
        except StopIteration as end:
            return list(end.value)


def test_measures_decide_and_what_lacks_them_is_said(library: Library, tmp_path: Path) -> None:
    ids = add_files(
        library,
        *(make_image(tmp_path / "m" / f"{n}.png", (80, 60), seed=n) for n in range(4)),
        *(make_wav(tmp_path / "m" / f"{n}.wav", seconds=0.4, frequency=300 + 200 * n) for n in range(3)),
    )
    library.facts.put_many(
        [
            Facts(ids[0], {"sharpness": 0.01, "dark": 0.0}),
            Facts(ids[1], {"sharpness": 0.0, "dark": 0.99}),
            Facts(ids[2], {"sharpness": 0.9, "dark": 0.1}),
            Facts(ids[4], {"silence": 1.0, "clipping": 0.0, "loudness": -70.0}),
            Facts(ids[5], {"silence": 0.0, "clipping": 0.4, "loudness": -8.0}),
        ]
    )
    made = report(library)
    assert {kind: made.finding(kind).asset_ids for kind in ("blurred", "dark", "silent", "clipped")} == {  # type: ignore[union-attr]
        "blurred": [ids[0]], "dark": [ids[1]], "silent": [ids[4]], "clipped": [ids[5]],
    }  # fmt: skip
    assert made.waiting == {"blurred": 1, "silent": 1}
    assert len(made.notes) == 2


def test_classes_and_languages_in_words(library: Library, tmp_path: Path) -> None:
    items = [NewItem(sku=str(n), title="Thing", category="Bags" if n < 30 else "Hats") for n in range(32)]
    library.items.upsert_many(items)
    words = [
        "lamp",
        "shoe",
        "table",
        "river",
        "summer",
        "paper",
        "window",
        "garden",
        "letter",
        "cloud",
        "bread",
    ]
    texts = [make_text(tmp_path / "m" / f"{n}.txt", f"About the {w} of {n}.") for n, w in enumerate(words)]
    for asset in add_files(library, *texts):
        library.assets.set_text(asset, library.assets.text_of(asset), "en")
    (french,) = add_files(library, make_text(tmp_path / "m" / "fr.txt", "Une lampe sur la table."))
    library.assets.set_text(french, "Une lampe sur la table.", "fr")
    made = report(library)
    small = made.finding("category-small")
    assert small is not None
    assert small.message == "One category has far fewer items than the largest: Hats."
    assert made.categories == {"Bags": 30, "Hats": 2}
    assert made.languages == {"en": 11, "fr": 1}
    odd = made.finding("language")
    assert odd is not None
    assert odd.asset_ids == [french]


def test_the_report_is_remembered_and_survives_damage(library: Library, twins: list[int]) -> None:
    result = run_inline(report_work(library))
    assert result["findings"]["exact"] == 2
    path = library.path
    library.close()
    with Library.open(path) as opened:
        kept = last_report(opened)
        assert kept is not None
        assert kept.counts == result["findings"]
        assert Report.from_dict(kept.to_dict()) == kept
    for file in (path / "index").glob("doctor*"):
        file.write_bytes(b"not what it was")
    with Library.open(path) as opened:
        assert last_report(opened) is None
        assert report(opened).counts == result["findings"]
