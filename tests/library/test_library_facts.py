"""Measures, colours, scenes, ignored findings, saved searches, steps of undo that hold several edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.library import Facts, FileUpdate, Library, Scene
from support.libraries import add_asset


def test_facts_are_kept_and_replaced(library: Library, tmp_path: Path) -> None:
    one, two = (add_asset(library, tmp_path / f"{n}.png") for n in "ab")
    stored = library.facts.put_many(
        [
            Facts(one, {"sharpness": 0.5, "tempo": 90.0}, {"teal": 0.6, "white": 0.4}, (Scene(0, 2, 1),)),
            Facts(two, {"sharpness": 0.1}),
            Facts(999, {"sharpness": 1.0}),
        ]
    )
    assert stored == 2
    library.facts.put_many([Facts(one, {"tempo": 120.0}, {"red": 1.0})])
    assert library.facts.measures_of([one, two]) == {
        one: {"sharpness": 0.5, "tempo": 120.0},
        two: {"sharpness": 0.1},
    }
    assert library.facts.colours_of([one, two]) == {one: {"red": 1.0}, two: {}}
    assert library.facts.scenes_of(one) == [Scene(0, 2, 1)]
    ids, values = library.facts.column("sharpness")
    assert ids.tolist() == [one, two]
    np.testing.assert_allclose(values, [0.5, 0.1])
    assert library.facts.without("tempo", ("image",)) == [two]


def test_facts_that_are_not_numbers_are_refused(library: Library, tmp_path: Path) -> None:
    one = add_asset(library, tmp_path / "a.png")
    with pytest.raises(ValueError, match="finite"):
        library.facts.put_many([Facts(one, {"sharpness": float("nan")})])
    assert library.facts.measures_of([one]) == {one: {}}


def test_facts_go_with_the_content(library: Library, tmp_path: Path) -> None:
    one = add_asset(library, tmp_path / "a.png")
    library.facts.put_many([Facts(one, {"sharpness": 0.5}, {"red": 1.0}, (Scene(0, 1, 0.5),))])
    library.assets.update_files([FileUpdate(one, sha256="f" * 64)])
    assert library.facts.measures_of([one]) == {one: {}}
    assert library.facts.colours_of([one]) == {one: {}}
    assert library.facts.scenes_of(one) == []


def test_ignoring_can_be_undone(library: Library) -> None:
    library.ignored.add([("blurred", "12"), ("near", "3,4"), ("near", "3,4")])
    assert library.ignored.all() == {("blurred", "12"), ("near", "3,4")}
    assert library.undo.undo() == "Ignore 2 findings"
    assert library.ignored.all() == set()
    library.undo.redo()
    library.ignored.remove([("near", "3,4")])
    assert library.ignored.all() == {("blurred", "12")}


def test_saved_searches(library: Library) -> None:
    library.searches.save("Beach", "kind:image beach")
    again = library.searches.save("beach", "kind:sound  sea ")
    assert [(s.id, s.name, s.query) for s in library.searches.list()] == [(again, "beach", "kind:sound  sea")]
    with pytest.raises(StudioError, match="needs a name"):
        library.searches.save("  ", "x")
    library.searches.remove(again)
    assert library.searches.list() == []


def test_a_refused_tag_is_remembered_and_can_be_undone(library: Library, tmp_path: Path) -> None:
    one = add_asset(library, tmp_path / "a.png")
    library.assets.refuse_tag([one], "Beach")
    assert library.assets.refused("beach") == {one}
    assert library.undo.undo() == "Refuse the tag Beach"
    assert library.assets.refused("beach") == set()


def test_several_edits_are_one_step(library: Library, tmp_path: Path) -> None:
    one, two = (add_asset(library, tmp_path / f"{n}.png") for n in "ab")
    with library.undo.as_one("Merge {n} copies", n=2):
        library.assets.add_tags([one], ["red"])
        library.assets.trash([two])
    assert library.assets.get(two).status == "trashed"
    assert library.undo.undo() == "Merge 2 copies"
    assert library.assets.get(two).status == "ok"
    assert library.assets.tags_of([one]) == {one: []}
    library.undo.redo()
    assert library.assets.tags_of([one]) == {one: ["red"]}


def test_a_step_that_fails_leaves_nothing(library: Library, tmp_path: Path) -> None:
    one = add_asset(library, tmp_path / "a.png")
    with pytest.raises(RuntimeError), library.undo.as_one("Half a step"):
        library.assets.add_tags([one], ["red"])
        raise RuntimeError
    assert library.assets.tags_of([one]) == {one: []}
    assert not library.undo.can_undo()
