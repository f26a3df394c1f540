"""What a model saw, what used a picture, and how a picture is forgotten, marked, and trained without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio import paths
from mmstudio.errors import Cancelled, NotFound, ReadOnly
from mmstudio.jobs import Progress, run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.datasets.gather import as_record, gather
from mmstudio.learning.engine.checkpoint import load_weights
from mmstudio.learning.families import default_config
from mmstudio.learning.rights import forget, retrain_wish, saw, used_by
from mmstudio.learning.training import Wish, new_config
from mmstudio.library import Library
from support.learning import picture_library
from support.libraries import add_asset


@pytest.fixture
def library(tmp_path: Path) -> Any:
    with picture_library(tmp_path, count=6) as opened:
        yield opened


def put_model(
    library: Library,
    name: str,
    assets: list[int],
    *,
    base: str = "",
    folder: Path | None = None,
    of: str = "",
    **trained: Any,
) -> Trainings:
    """A model as a training leaves it, without weights: what it saw is in its config."""
    config = default_config("image-gan", name, size=16, steps=40, batch=4)
    config.base = base
    config.trained = {
        "assets": assets,
        "steps": 40,
        "examples": len(assets),
        "library": of or library.id,
    } | trained
    place = (folder or library.models_dir) / name
    place.mkdir(parents=True)
    config.save(place)
    if folder is None:
        library.models.add(name, "image-gan", f"models/{name}", steps=40, status="ready")
    return Trainings(library, "cpu")


def put_output(library: Library, name: str, model: str, sources: list[int]) -> int:
    asset = add_asset(library, library.generated_dir / name)
    library.generations.add(model, 0, None, {}, sources, asset)
    return asset


def train(library: Library, name: str = "m", **more: Any) -> dict[str, Any]:
    settings = {"size": 16, "steps": 2, "batch": 2} | more
    return run_inline(Trainings(library, "cpu").train_work("image-vae", name, **settings))  # type: ignore[no-any-return]


def test_a_model_lists_what_it_saw(library: Library) -> None:
    ids = library.assets.ids()
    trainings = put_model(library, "m", ids[:2], held_assets=ids[2:3], inherited_assets=ids[3:4])
    seen = {one.asset_id: one for one in saw(trainings, "m")}
    assert [seen[i].how for i in ids[:4]] == ["trained", "trained", "held-out", "base"]
    assert set(seen) == set(ids[:4])
    assert seen[ids[0]].title == library.assets.get(ids[0]).title
    assert not any(one.forgotten for one in seen.values())
    with pytest.raises(NotFound):
        saw(trainings, "other")


def test_which_models_and_outputs_used_a_picture(library: Library) -> None:
    a, b, c, *_ = library.assets.ids()
    put_model(library, "one", [a, b])
    trainings = put_model(library, "two", [b, c])
    drawn = put_output(library, "drawn.png", "one", [])
    varied = put_output(library, "varied.png", "two", [a])
    later = put_output(library, "later.png", "starter-image-gan", [drawn])
    other = put_output(library, "other.png", "two", [])
    used = used_by(trainings, a)
    assert [(one.name, one.how) for one in used.models] == [("one", "trained")]
    assert {(one.asset_id, one.how) for one in used.outputs} == {
        (drawn, "model"),
        (varied, "source"),
        (later, "source"),
    }
    assert {one.asset_id for one in used_by(trainings, c).outputs} == {varied, other}
    assert used_by(trainings, drawn).models == []
    with pytest.raises(NotFound):
        used_by(trainings, 10_000)


def test_storyboards_and_their_exports_are_outputs_too(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    trainings = put_model(library, "one", [a])
    drawn = put_output(library, "drawn.png", "one", [])
    scene = {"layers": [{"kind": "image", "asset_id": b}, {"kind": "background", "asset_id": drawn}]}
    board = library.storyboards.save("Ad", "product-ad", None, None, {"scenes": [scene], "music": None})
    library.storyboards.save("Other", "product-ad", None, None, {"music": {"asset_id": None}})
    library.exports.add(board, "square", "ad.mp4", "", 1, 1.0, "video")
    used = used_by(trainings, a).storyboards
    assert [(one.id, one.name, one.files) for one in used] == [(board, "Ad", ["ad.mp4"])]
    assert [one.id for one in used_by(trainings, b).storyboards] == [board]


def test_forgetting_removes_training_pictures_kept_by_an_evaluation(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    put_model(library, "one", [a])
    trainings = put_model(library, "two", [b])
    kept = [library.path / "evaluations" / name / "nearest.png" for name in ("one", "two")]
    for path in kept:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a training picture")
    forget(trainings, [a])
    assert [path.exists() for path in kept] == [False, True]


def test_forgetting_forbids_marks_and_is_undone(library: Library) -> None:
    a, b, c, *_ = library.assets.ids()
    put_model(library, "one", [a, b])
    trainings = put_model(library, "two", [b, c])
    drawn = put_output(library, "drawn.png", "one", [])
    told = forget(trainings, [a])
    assert (told.assets, told.models, told.outputs) == ([a], ["one"], [drawn])
    assert library.assets.get(a).rights == "no-training"
    assert {model.name: model.forgotten for model in trainings.models() if model.source == "library"} == {
        "one": 1,
        "two": 0,
    }
    config = load_config(library.models_dir / "one")
    assert config.trained["forgotten"] == [a]
    assert "Forgotten since: 1 assets" in (library.models_dir / "one/card.md").read_text(encoding="utf-8")
    assert [one.asset_id for one in saw(trainings, "one") if one.forgotten] == [a]

    library.undo.undo()
    assert library.assets.get(a).rights == "unknown"
    assert not any(one.forgotten for one in saw(trainings, "one"))
    assert "forgotten" not in load_config(library.models_dir / "one").trained
    assert "Forgotten" not in (library.models_dir / "one/card.md").read_text(encoding="utf-8")
    library.undo.redo()
    assert next(model for model in trainings.models() if model.name == "one").forgotten == 1


def test_a_forgotten_picture_that_is_deleted_stays_forgotten(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    trainings = put_model(library, "m", [a, b])
    forget(trainings, [a])
    library.assets.trash([a])
    library.empty_trash()
    gone = next(one for one in saw(trainings, "m") if one.asset_id == a)
    assert (gone.rights, gone.forgotten) == ("", True)


def test_rights_changed_by_hand_count_as_well(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    trainings = put_model(library, "m", [a, b])
    library.assets.set_rights([b], "restricted")
    assert [one.asset_id for one in saw(trainings, "m") if one.forgotten] == [b]
    assert retrain_wish(trainings, "m").leave_out == [b]


def test_models_of_other_libraries_name_other_assets(library: Library) -> None:
    user_models = paths.user_models_dir()
    a, *_ = library.assets.ids()
    put_model(library, "stranger", [a], folder=user_models, of="another")
    trainings = put_model(library, "copied", [a], folder=user_models)
    assert [one.name for one in used_by(trainings, a).models] == ["copied"]
    assert saw(trainings, "stranger") == []
    forget(trainings, [a])
    assert {m.name: m.forgotten for m in trainings.models() if m.source == "user"} == {
        "copied": 1,
        "stranger": 0,
    }


def test_nothing_is_forgotten_in_a_library_open_for_reading(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=1) as made:
        path, ids = made.path, made.assets.ids()
    with Library.open(path, read_only=True) as library, pytest.raises(ReadOnly):
        forget(Trainings(library, "cpu"), ids)


def test_an_unknown_picture_changes_nothing(library: Library) -> None:
    a, *_ = library.assets.ids()
    with pytest.raises(NotFound):
        forget(put_model(library, "m", [a]), [a, 10_000])
    assert library.assets.get(a).rights == "unknown"


def test_retraining_keeps_the_settings_and_leaves_out_what_is_forgotten(library: Library) -> None:
    a, b, c, *_ = library.assets.ids()
    trainings = put_model(library, "m", [a, b, c])
    config = load_config(library.models_dir / "m")
    config.options |= {"gamma": 0.7, "penalty_every": 1.0}
    config.fit, config.aspect, config.query, config.leave_out = "smart", 1.5, "kind:picture", [c]
    config.rate, config.seed = 3e-4, 5
    config.condition = {"tags": ["x"], "palette": 2, "vector": 0}
    config.save(library.models_dir / "m")
    forget(trainings, [a])
    wish = retrain_wish(trainings, "m")
    assert (wish.name, wish.leave_out) == ("m 2", sorted([a, c]))
    again = new_config(trainings, wish, wish.name)
    for key in ("size", "widths", "latent", "steps", "batch", "rate", "seed", "options", "query", "fit"):
        assert getattr(again, key) == getattr(config, key), key
    assert (again.aspect, again.condition) == (1.5, config.condition)
    put_model(library, "m 2", [b])
    assert retrain_wish(trainings, "m").name == "m 3"
    assert retrain_wish(trainings, "m 2").name == "m 3"


def test_a_base_that_saw_it_is_no_base_any_more(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    put_model(library, "clean", [b])
    put_model(library, "first", [a, b], base="clean")
    trainings = put_model(library, "second", [b], base="first", inherited_assets=[a, b])
    assert retrain_wish(trainings, "second").base == "first"
    forget(trainings, [a])
    assert {m.name: m.forgotten for m in trainings.models() if m.source == "library"} == {
        "clean": 0,
        "first": 1,
        "second": 1,
    }
    assert retrain_wish(trainings, "second").base == "clean"
    assert retrain_wish(trainings, "first").base == "clean"


def test_a_training_started_from_a_model_inherits_what_that_saw(library: Library) -> None:
    ids = library.assets.ids()
    library.assets.add_tags(ids[:2], ["two"])
    library.assets.add_tags(ids[2:], ["rest"])
    train(library, "first", query="tag:two")
    train(library, "second", query="tag:rest", base="first")
    trainings = Trainings(library, "cpu")
    how = {one.asset_id: one.how for one in saw(trainings, "second")}
    assert how == dict.fromkeys(ids[2:], "trained") | dict.fromkeys(ids[:2], "base")
    assert {one.name for one in used_by(trainings, ids[0]).models} == {"first", "second"}


def test_a_resumed_training_reads_anew_without_what_was_forgotten(library: Library) -> None:
    a, *rest = library.assets.ids()
    trainings = Trainings(library, "cpu")
    work = trainings.train_work("image-vae", "m", size=16, steps=50, batch=2)
    steps: list[int] = [0]
    with pytest.raises(Cancelled):
        run_inline(work, on_progress=lambda p: steps.append(p.done), cancelled=lambda: steps[-1] >= 3)
    done = load_config(library.models_dir / "m").trained["steps"]
    assert 0 < done < 50
    assert a in load_config(library.models_dir / "m").trained["assets"]
    forget(trainings, [a])
    result = train(library, "m", steps=done + 1, resume=True)
    assert "forgotten since, so that the data is read anew without them: 1" in result["notes"]
    trained = load_config(library.models_dir / "m").trained
    assert trained["assets"] == sorted(rest)
    assert trained["left_out_rights_assets"] == [a]
    assert [one.asset_id for one in saw(trainings, "m") if one.forgotten] == [a]  # the weights still know it


def test_a_picture_that_vanishes_during_the_training_changes_nothing(library: Library) -> None:
    whole = train(library, "whole", steps=4)
    trainings = Trainings(library, "cpu")
    steps: list[int] = [0]

    def watch(progress: Progress) -> None:
        steps.append(progress.done)
        if progress.done == 1:
            for asset in library.assets.get_many(library.assets.ids()):
                library.assets.path_of(asset).unlink(missing_ok=True)

    work = trainings.train_work("image-vae", "cut", size=16, steps=4, batch=2)
    with pytest.raises(Cancelled):
        run_inline(work, on_progress=watch, cancelled=lambda: steps[-1] >= 2)
    result = train(library, "cut", steps=4, resume=True)
    assert (whole["steps"], result["steps"]) == (4, 4)
    folders = [library.models_dir / name for name in ("whole", "cut")]
    one, two = (load_weights(folder) for folder in folders)
    assert all(np.array_equal(one[key], two[key]) for key in one)


def test_what_was_seen_earlier_stays_known(library: Library) -> None:
    a, *rest = library.assets.ids()
    config = default_config("image-vae", "m", size=16)
    config.leave_out = [a]
    steps = gather(library, config)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found = stop.value
            break
    assert found.left_out == [a]
    record = as_record(found, {"assets": [a, rest[0]], "held_assets": [999], "earlier_assets": [998]})
    assert record["assets"] == sorted(rest)
    assert record["earlier_assets"] == sorted([a, 998, 999])
    assert as_record(found)["earlier_assets"] == []


def test_leaving_out_is_part_of_the_wish(library: Library) -> None:
    a, b, *_ = library.assets.ids()
    config = new_config(Trainings(library, "cpu"), Wish("image-vae", size=16, leave_out=[b, a, b]), "m")
    assert config.leave_out == sorted([a, b])
