"""Joint models measured: what is right for perfect and for random parts, and for a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import StudioError
from mmstudio.jobs import run_inline
from mmstudio.learning.engine.registry import build_task
from mmstudio.learning.engine.set_data import SetData
from mmstudio.learning.evaluation import cross_modal
from mmstudio.learning.evaluation.joint import RealSets, chosen_coherence, measuring_sets
from mmstudio.learning.evaluation.report import MEASURES, stored
from mmstudio.learning.joint.model import JointModel, model_of
from mmstudio.learning.service import Trainings
from support.joint import Arrays, joint_config, small_sets
from support.joint_library import item_library, train_joint
from support.learning import CPU


def blobs(count: int, classes: int = 3, noise: float = 0.1, seed: int = 0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    kind = random.integers(0, classes, count)
    return np.eye(classes)[kind] + noise * random.standard_normal((count, classes)), kind.astype(np.int64)


def test_classes_are_common_labels_that_do_not_overlap() -> None:
    labels = np.zeros((40, 4), np.float32)
    labels[:20, 0] = 1  # one half
    labels[20:, 1] = 1  # the other
    labels[5:25, 2] = 1  # across both
    labels[:3, 3] = 1  # too rare
    classes, chosen = cross_modal.classes_of(labels, np.arange(40) != 7, 40)
    assert sorted(chosen) == [0, 1]
    assert classes[7] == cross_modal.NONE
    assert len({int(classes[0]), int(classes[30])}) == 2
    none, nothing = cross_modal.classes_of(np.ones((40, 1), np.float32), np.ones(40, bool), 40)
    assert nothing == []
    assert (none == cross_modal.NONE).all()


def test_a_classifier_knows_what_can_be_known() -> None:
    rows, kind = blobs(120)
    new, new_kind = blobs(60, seed=1)
    judge = cross_modal.Classifier.of(rows, kind, 3)
    assert cross_modal.balanced(judge.told(new), new_kind) == 1.0
    noise = np.random.default_rng(2).standard_normal((600, 3))
    assert cross_modal.balanced(judge.told(noise), np.arange(600) % 3) == pytest.approx(1 / 3, abs=0.08)
    rare = np.where(np.arange(120) < 114, 0, 1)  # the rare class counts as much as the common one
    assert cross_modal.balanced(np.zeros(120, np.int64), rare) == 0.5


def test_together_counts_rows_where_all_agree() -> None:
    assert cross_modal.together([np.array([0, 1, 2, 1]), np.array([0, 1, 1, 1])]) == 0.75
    assert np.isnan(cross_modal.together([np.array([0])]))


def test_retrieval_finds_the_partner_and_no_more_than_chance_without_one() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((100, 8))
    assert cross_modal.recall(rows, rows, 1) == 1.0
    assert cross_modal.recall(random.standard_normal((100, 8)), rows, 10) == pytest.approx(0.1, abs=0.09)
    assert cross_modal.recall(np.ones((20, 4)), np.ones((20, 4)), 1) == 0.0  # all alike: nothing is found


def test_copies_are_told_from_new_things() -> None:
    random = np.random.default_rng(0)
    train, held, fresh = (random.standard_normal((n, 6)) for n in (200, 100, 100))
    ratio, share = cross_modal.nearness(train, held, train[:50] + 1e-6)
    assert ratio < 0.01
    assert share == 1.0
    ratio, share = cross_modal.nearness(train, held, fresh)
    assert ratio == pytest.approx(1.0, abs=0.2)
    assert share < 0.2


def real_sets(train: Arrays, held: Arrays) -> RealSets:
    def all_there(arrays: Arrays) -> Arrays:
        return {name: np.ones(len(rows), bool) for name, rows in arrays.items()}

    return RealSets(train, all_there(train), held, all_there(held))


def measured(model: JointModel, real: RealSets) -> dict[str, Any]:
    return dict(run_inline(lambda _context: measuring_sets(model, real, 60, 1)).figures)


@pytest.fixture(scope="module")
def figures() -> tuple[dict[str, Any], dict[str, Any]]:
    """Of a trained model, and of the same without a step of training."""
    arrays, _ = small_sets(160)
    held, _ = small_sets(60, seed=5)
    config = joint_config(arrays, 240, beta=0.3, half_life=150.0)
    config.batch, config.rate, config.widths, config.options["hidden"] = 32, 4e-3, [8], 32.0
    found = []
    for steps in (config.steps, 0):
        task, data = build_task(config, CPU), SetData(arrays, {}, 0, held=held)
        for step in range(steps):
            for _ in task.parts(data.batch(step * 32, 32, task.random), step):
                pass
            task.average.update(task.nets["joint"], 32, step * 32)
        model = model_of(config, task.weights() | task.finish(data), CPU)
        found.append(measured(model, real_sets(arrays, held)))
    return found[0], found[1]


def test_a_trained_model_is_coherent_and_an_untrained_one_is_not(figures: Any) -> None:
    trained, untrained = figures
    assert trained["coherence_ceiling"] > 0.95
    assert trained["coherence_chance"] == pytest.approx(1 / 3)
    assert trained["coherence"] > 0.8
    assert untrained["coherence"] < 0.6
    assert trained["real_joint_coherence"] > 0.95
    assert trained["joint_coherence"] > untrained["joint_coherence"] - 0.2
    assert trained["round_trip_10"] > trained["chance_round_trip_10"]
    assert trained["frechet_image"] < untrained["frechet_image"]


def test_every_sampler_is_measured_and_every_figure_is_finite(figures: Any) -> None:
    trained, _ = figures
    for sampler in ("learned", "mixture", "gan"):
        assert 0.0 <= trained[f"joint_coherence_{sampler}"] <= 1.0
        assert trained[f"frechet_text_{sampler}"] >= 0.0
    numbers = [value for value in trained.values() if not isinstance(value, str)]
    assert all(np.isfinite(value) for value in numbers)
    assert "image: " in trained["features"]
    assert {"coherence", "joint_coherence", "round_trip_10", "frechet_image", "copies_text"} <= set(MEASURES)


def test_too_few_held_out_sets_are_one_sentence() -> None:
    arrays, _ = small_sets(20)
    few, _ = small_sets(3)
    config = joint_config(arrays, 1)
    task, data = build_task(config, CPU), SetData(arrays, {}, 0)
    model = model_of(config, task.weights() | task.finish(data), CPU)
    with pytest.raises(StudioError, match="Too few sets are held out"):
        measured(model, real_sets(arrays, few))


def test_sets_without_labels_are_measured_as_far_as_that_goes() -> None:
    arrays, _ = small_sets(48)
    held, _ = small_sets(24, seed=3)
    bare, bare_held = ({n: rows for n, rows in one.items() if n != "tags"} for one in (arrays, held))
    config = joint_config(bare, 1)
    task, data = build_task(config, CPU), SetData(bare, {}, 0, held=bare_held)
    model = model_of(config, task.weights() | task.finish(data), CPU)
    found = measured(model, real_sets(bare, bare_held))
    assert "coherence" not in found
    assert found["round_trip_10"] >= 0.0


def test_only_classes_that_both_kinds_of_media_have_are_asked_for() -> None:
    arrays, kind = small_sets(90)
    held, held_kind = small_sets(40, seed=3)
    config = joint_config(arrays, 1)
    task, data = build_task(config, CPU), SetData(arrays, {}, 0, held=held)
    model = model_of(config, task.weights() | task.finish(data), CPU)
    real = real_sets(arrays, held)
    own = run_inline(lambda _context: measuring_sets(model, real, 20, 1)).figures
    # A picture tells its kind: the nearest one has the right text.
    assert own["retrieved_image_to_text"] == 1.0
    assert 0.8 < own["coherence_retrieved"] <= 1.0
    one, two = (RealSets(dict(real.train), dict(real.train_present), dict(real.held), dict(real.held_present))
                for _ in range(2))  # fmt: skip
    one.train_present = {**one.train_present, "text": kind == 0}
    one.held_present = {**one.held_present, "text": held_kind == 0}
    apart = run_inline(lambda _context: measuring_sets(model, one, 20, 1)).figures
    assert "coherence_image_to_text" not in apart
    assert np.isnan(chosen_coherence(model, one, "image", "text"))
    two.train_present = {**two.train_present, "text": kind < 2}
    two.held_present = {**two.held_present, "text": held_kind < 2}
    partly = run_inline(lambda _context: measuring_sets(model, two, 20, 1)).figures
    assert partly["ceiling_image_to_text"] == 1.0
    assert 1 / 3 < partly["coherence_chance"] < 1 / 2  # a third where tags alone are given, else a half
    assert 0.0 <= chosen_coherence(model, two, "image", "text", tries=3) <= 1.0


def test_evaluate_and_compare_of_joint_models_in_a_library(tmp_path: Path) -> None:
    library = item_library(tmp_path)
    trainings = Trainings(library, "cpu")
    for seed, name in enumerate(("a", "b")):
        train_joint(library, name, seed)
    found = run_inline(trainings.evaluate_work("a", samples=16))
    assert found["family"] == "joint"
    assert {"round_trip_10", "frechet_image", "copies_image"} <= set(found["figures"])
    kept = stored(library, "a")
    assert kept is not None
    assert kept.figures == found["figures"]
    compared = run_inline(trainings.compare_work("a", "b", samples=16, seeds=1))
    assert "frechet_image" in compared["better"]
    assert set(compared["better"].values()) <= {"a", "b", ""}
