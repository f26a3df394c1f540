"""What a joint model ties: the modalities that were asked for, and the traits of audiences."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmstudio.errors import UsageError
from mmstudio.jobs import Progress
from mmstudio.learning.families import default_config
from mmstudio.learning.joint.belongs import engagement, trait_labels
from mmstudio.learning.joint.parts import only_of
from mmstudio.learning.joint.source import read_sets
from mmstudio.learning.service import Trainings
from mmstudio.library.records import NewInteraction
from support.joint_library import item_library


def test_only_the_modalities_asked_for_are_read(tmp_path: Path) -> None:
    with item_library(tmp_path, 16) as library:
        config = default_config("joint", "few", size=16)
        config.parts = {"only": ["text", "image"]}
        work = read_sets(Trainings(library, "cpu"), config)
        while True:
            try:
                assert isinstance(next(work), Progress)
            except StopIteration as stop:
                found = stop.value
                break
        assert [part.name for part in found.parts if not part.about] == ["image", "text"]
        assert {part.about for part in found.parts} <= {"", "image", "text"}


def test_modalities_that_cannot_be_tied_are_refused() -> None:
    assert only_of({}) == ("image", "audio", "text", "tags", "audience")
    assert only_of({"only": ["text", "image", "text"]}) == ("image", "text")
    with pytest.raises(UsageError, match="smell"):
        only_of({"only": ["image", "smell"]})
    with pytest.raises(UsageError, match="two kinds"):
        only_of({"only": ["image", "image"]})


def test_traits_become_labels() -> None:
    traits = {"likes": ["yoga", " ", "hiking"], "age": 30, "local": True, "shy": False, "deep": {"a": 1}}
    assert trait_labels(traits) == ["age: 30", "likes: yoga", "likes: hiking", "local"]
    assert len(trait_labels({"many": list(range(500))})) == 32


def test_what_people_did_counts_for_their_traits(tmp_path: Path) -> None:
    with item_library(tmp_path, 12) as library:
        item = library.items.ids()[0]
        for name, count, age in (("First", 3, "young"), ("Second", 1, "young"), ("Third", 0, "old")):
            audience = library.audiences.add(name, traits={"age": age})
            rows = [NewInteraction(f"{name}-1", audience, item, time=float(i)) for i in range(count)]
            library.audiences.add_interactions(rows)
        told = engagement(library)[item]
        assert told["First"] == told["age: young"] == 1.0
        assert 0 < told["Second"] < 1
        assert "age: old" not in told
