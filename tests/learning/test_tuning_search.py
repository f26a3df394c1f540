"""Settings looked for by short trainings: kept, stopped, gone on with, and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.jobs import Progress, run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.tuning.report import Trial, Tuned, best_of, folder_of, searches, stored
from mmstudio.learning.tuning.space import config_of, settings, wish_of
from mmstudio.learning.tuning.study import Study
from support.learning import picture_library, sound_library

SHORT: dict[str, Any] = {"size": 16, "steps": 4, "trials": 1, "looks": 1}


def test_the_defaults_come_first_and_the_best_becomes_a_wish(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=6) as library:
        trainings = Trainings(library, "cpu")
        seen: list[Progress] = []
        work = trainings.tune_work("image-vae", **SHORT)
        found = Tuned.of(run_inline(work, on_progress=seen.append))
        assert [trial.state for trial in found.trials] == ["done"]
        first = found.trials[0]
        assert first.settings == {s.name: s.default for s in settings("image-vae", 16)}
        assert first.curve == [[4, first.value]]
        assert found.features.startswith("starter-backbone@")
        assert found.best == 0
        assert stored(library, "image-vae") == found
        assert searches(library) == ["image-vae"]
        assert [p.name for p in folder_of(library, "image-vae").glob("*.npy")] == []
        assert any("tuning" in (progress.data or {}) for progress in seen)
        assert [m.name for m in trainings.models() if m.source == "library"] == []
        # A longer search goes on; the best settings are those of a training.
        longer = Tuned.of(run_inline(trainings.tune_work("image-vae", **SHORT | {"trials": 2})))
        assert longer.trials[:1] == found.trials
        assert [trial.state for trial in longer.trials] == ["done", "done"]
        assert longer.best in (0, 1)
        assert longer.wish["batch"] == longer.trials[longer.best].settings["batch"]
        longer.wish |= {"batch": 2}
        run_inline(trainings.train_work(**longer.wish, name="m", steps=1))


def test_a_search_that_was_stopped_in_a_training_goes_on_with_it(tmp_path: Path) -> None:
    short = SHORT | {"trials": 1, "looks": 2}
    with picture_library(tmp_path, count=6) as library:
        trainings = Trainings(library, "cpu")
        whole = Tuned.of(run_inline(trainings.tune_work("image-vae", name="whole", **short)))
        seen: list[Progress] = []
        with pytest.raises(Cancelled):
            run_inline(
                trainings.tune_work("image-vae", name="half", **short),
                on_progress=seen.append,
                cancelled=lambda: bool(seen) and "figures" in (seen[-1].data or {}),
            )
        half = stored(library, "half")
        assert [trial.state for trial in half.trials] == ["running"]
        assert len(half.trials[0].curve) == 1
        again = Tuned.of(run_inline(trainings.tune_work("image-vae", name="half", **short)))
        assert [trial.state for trial in again.trials] == ["done"]
        assert again.trials[0].curve == whole.trials[0].curve


def test_what_cannot_be_searched_is_said(tmp_path: Path) -> None:
    with picture_library(tmp_path / "p", count=3) as library:
        trainings = Trainings(library, "cpu")
        with pytest.raises(UsageError, match="pictures are drawn"):
            run_inline(trainings.tune_work("sound-vae"))
        with pytest.raises(UsageError, match="at least one"):
            run_inline(trainings.tune_work("image-vae", trials=0))
        with pytest.raises(StudioError, match="3 pictures"):
            run_inline(trainings.tune_work("image-vae", **SHORT))
        with pytest.raises(NotFound):
            stored(library, "nothing")
    with sound_library(tmp_path / "s", count=1) as library, pytest.raises(StudioError, match="no pictures"):
        run_inline(Trainings(library, "cpu").tune_work("image-vae", **SHORT))


def test_another_search_of_the_same_name_is_refused(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=4) as library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.tune_work("image-vae", name="x", looks=1, size=16, steps=4, trials=1))
        with pytest.raises(UsageError, match="already a search"):
            run_inline(trainings.tune_work("image-vae", name="x", size=16, steps=6, trials=1))


def test_a_hopeless_trial_is_stopped(tmp_path: Path) -> None:
    study = Study(tmp_path, settings("image-gan", 32), seed=1)
    for trial in range(7):
        study.ask()
        study.report(1, 10.0 + trial)
        study.report(2, 10.0 + trial)
        assert study.hopeless() == (trial > 4)
        study.tell("stopped" if study.hopeless() else "done", 10.0 + trial)


def test_what_mattered_is_found(tmp_path: Path) -> None:
    study = Study(tmp_path, settings("image-gan-plain", 32), seed=1)
    for _ in range(12):
        study.tell("done", abs(study.ask()["rate"] - 1e-3) * 1e4)
    importance = study.importance()
    assert max(importance, key=lambda name: importance[name]) == "rate"
    assert sum(importance.values()) == pytest.approx(1.0, abs=0.01)


def test_every_training_of_a_search_sees_as_many_pictures() -> None:
    space = settings("image-gan", 32)
    assert {setting.name for setting in space} == {"rate", "batch", "width", "gamma"}
    assert {s.name for s in settings("image-gan-plain", 32)} == {"rate", "batch", "width"}
    chosen = {"rate": 2e-3, "batch": 8.0, "width": 8.0, "gamma": 0.3}
    small = config_of("image-gan", 32, 1600, chosen, seed=0, query="")
    large = config_of("image-gan", 32, 1600, chosen | {"batch": 32.0}, seed=0, query="")
    assert small.steps * small.batch == large.steps * large.batch == 1600
    wide = config_of("image-gan", 32, 1600, chosen | {"width": 16.0}, seed=0, query="")
    assert wide.widths[-1] == 32
    assert (small.rate, small.options["gamma"], small.widths[-1]) == (2e-3, 0.3, 16)
    wish = wish_of("image-gan", 32, chosen, seed=0, query="tag:sea")
    assert wish["options"] == {"rate": 2e-3, "gamma": 0.3}
    assert (wish["batch"], wish["width"], wish["query"]) == (8, 8, "tag:sea")


def test_a_table_goes_to_json_and_back() -> None:
    tuned = Tuned("x", "image-gan", trials=[Trial(0, "done", {"rate": 1e-3}, 2.5)], best=0)
    assert Tuned.of(tuned.as_json()) == tuned


def test_copying_does_not_win() -> None:
    near, copy = (
        Trial(0, "done", value=3.0, figures={"nearest_ratio": 1.0}),
        Trial(1, "done", value=1.0, figures={"nearest_ratio": 0.4}),
    )
    assert best_of([near, copy, Trial(2, "stopped", value=0.1), Trial(3, "failed")]) is near
    assert best_of([copy, Trial(2, "running", value=0.5)]) is copy
    assert best_of([]) is None
