"""Trainings through the door a person uses: a library, a family, a name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmstudio.errors import Cancelled, NotFound, StudioError, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings, families
from mmstudio.learning.config import load_config
from mmstudio.library import AssetFilter, Library
from support.learning import picture_library, sound_library
from support.libraries import new_library
from support.library import add_files
from support.media import make_image


def train(library: Library, family: str, **options: object) -> dict[str, object]:
    options = {"size": 16, "steps": 2, "batch": 2, **options}
    return run_inline(Trainings(library, "cpu").train_work(family, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["image-vae", "image-gan"])
def test_a_picture_model_trains_and_is_listed(family: str, tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        result = train(library, family, name="Mine")
        assert result["status"] == "done"
        assert result["steps"] == 2
        trainings = Trainings(library, "cpu")
        mine = next(model for model in trainings.models() if model.name == "Mine")
        assert (mine.family, mine.source, mine.status, mine.steps) == (family, "library", "ready", 2)
        assert "6 assets" in mine.card
        assert trainings.check("Mine") == ""
        assert [line["step"] for line in trainings.history("Mine")] == [1, 2]
        row = library.models.get("Mine")
        assert row is not None
        assert row.steps == 2


def test_a_sound_model_trains(tmp_path: Path) -> None:
    with sound_library(tmp_path) as library:
        assert train(library, "sound-vae", steps=1)["status"] == "done"


def test_resuming_goes_on_and_lengthens(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        train(library, "image-vae", name="m")
        with pytest.raises(UsageError, match="already a model"):
            train(library, "image-vae", name="m")
        assert train(library, "image-vae", name="m", resume=True, steps=4)["steps"] == 4


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("batch", {"batch": 3}),
        ("size", {"size": 32}),
        ("beta", {"options": {"beta": 0.5}}),
        ("seed", {"seed": 9}),
    ],
)
def test_a_training_that_goes_on_cannot_become_another(
    key: str, other: dict[str, object], tmp_path: Path
) -> None:
    with picture_library(tmp_path) as library:
        train(library, "image-vae", name="m")
        with pytest.raises(UsageError, match=f"“{key}” cannot be changed") as refused:
            train(library, "image-vae", name="m", resume=True, **{"steps": 4, **other})
        assert "--from" in refused.value.hint
        assert load_config(library.models_dir / "m").trained["steps"] == 2


def test_cut_weights_and_newer_configs_are_listed_as_what_they_are(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        train(library, "image-vae", name="m")
        trainings = Trainings(library, "cpu")
        folder = trainings.folder("m")
        for file in folder.glob("*.safetensors"):
            file.write_bytes(file.read_bytes()[:-100])
        assert next(model for model in trainings.models() if model.name == "m").status == "damaged"
        text = (folder / "config.json").read_text("utf-8")
        (folder / "config.json").write_text(text.replace('"format": 3', '"format": 99'), "utf-8")
        assert next(model for model in trainings.models() if model.name == "m").status == "newer"


def test_a_running_training_says_how_far_it_is(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        listed: list[int] = []

        def look(progress: object) -> None:
            listed.append(next((model.steps for model in trainings.models() if model.name == "m"), 0))

        work = trainings.train_work("image-vae", "m", size=16, steps=102, batch=2, width=8)
        run_inline(work, on_progress=look)
        assert 100 in listed


def test_cancelling_keeps_what_was_trained(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        trainings = Trainings(library, "cpu")
        work = trainings.train_work("image-vae", "m", size=16, steps=50, batch=2)
        count = iter(range(100))
        with pytest.raises(Cancelled):
            run_inline(work, cancelled=lambda: next(count) > 12)
        kept = next(model for model in trainings.models() if model.name == "m")
        assert kept.status == "ready"
        assert 0 < kept.steps < 50
        assert trainings.load("m").config.steps == 50


def test_one_picture_is_enough_and_the_note_says_it_is_few(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=1) as library:
        notes: list[str] = []
        work = Trainings(library, "cpu").train_work("image-gan", "m", size=16, steps=2, batch=2)
        run_inline(work, on_progress=lambda progress: notes.append(progress.note))
        assert any("Only one picture" in note for note in notes)


def test_identical_pictures_train(tmp_path: Path) -> None:
    library = new_library(tmp_path)
    add_files(library, make_image(tmp_path / "a.png", seed=1), make_image(tmp_path / "b.png", seed=1))
    with library:
        assert train(library, "image-vae")["status"] == "done"
        assert "psnr_db" in Trainings(library, "cpu").evaluate("image-vae")


def test_nothing_to_learn_from_is_one_sentence(tmp_path: Path) -> None:
    with new_library(tmp_path) as library, pytest.raises(StudioError, match="no pictures"):
        train(library, "image-vae")


def test_rights_that_forbid_training_are_left_out(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=4) as library:
        ids = library.assets.ids(AssetFilter())
        library.assets.set_rights(ids[:3], "no-training")
        train(library, "image-vae", name="m")
        config = Trainings(library, "cpu").load("m").config
        assert config.trained["examples"] == 1
        assert config.trained["left_out_rights"] == 3
        library.assets.set_rights(ids, "restricted")
        with pytest.raises(StudioError, match="forbid training"):
            train(library, "image-vae", name="other")


def test_a_picture_that_vanished_is_left_out(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        (tmp_path / "pictures/1.png").unlink()
        train(library, "image-vae", name="m")
        assert Trainings(library, "cpu").load("m").config.trained["left_out_unreadable"] == 1


def test_pictures_that_vanish_during_training_do_not_stop_it(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=3) as library:
        trainings = Trainings(library, "cpu")
        run = iter(range(1000))
        with pytest.raises(Cancelled):
            run_inline(
                trainings.train_work("image-vae", "m", size=16, steps=9, batch=2),
                cancelled=lambda: next(run) > 8,
            )
        shutil.rmtree(tmp_path / "pictures")
        assert train(library, "image-vae", name="m", resume=True, steps=9)["steps"] == 9


def test_a_base_gives_its_shape_and_must_fit(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        train(library, "image-vae", name="base")
        train(library, "image-gan", name="gan", base="base", size=None)
        assert Trainings(library, "cpu").load("gan").config.size == 16
        train(library, "image-gan", name="larger", base="base", size=32)
        assert Trainings(library, "cpu").load("larger").config.size == 32
        with pytest.raises(UsageError, match="cannot start"):
            train(library, "image-vae", name="wrong", base="gan")
        with pytest.raises(NotFound):
            train(library, "image-vae", name="none", base="nowhere")
        with pytest.raises(UsageError, match="from itself"):
            train(library, "image-vae", name="starter-image-vae", base="starter-image-vae")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"size": 50}, "50 pixels"), ({"family": "text"}, "no model family"), ({"name": "///"}, "model's name")],
)
def test_wrong_words_are_usage_errors(options: dict[str, object], words: str, tmp_path: Path) -> None:
    family = str(options.pop("family", "image-vae"))
    with picture_library(tmp_path, count=1) as library, pytest.raises(UsageError, match=words):
        train(library, family, **options)


def test_models_can_be_added_and_removed(tmp_path: Path) -> None:
    with picture_library(tmp_path) as library:
        train(library, "image-vae", name="m")
        trainings = Trainings(library, "cpu")
        copy = tmp_path / "copy"
        shutil.copytree(trainings.folder("m"), copy)
        trainings.remove("m")
        assert "m" not in [model.name for model in trainings.models()]
        assert trainings.add(copy) == "m"
        assert next(model for model in trainings.models() if model.name == "m").source == "user"
        with pytest.raises(StudioError, match="already"):
            trainings.add(copy)
        assert trainings.add(copy, "another") == "another"
        assert load_config(trainings.folder("another")).name == "another"


def test_a_damaged_model_is_listed_as_such(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=1) as library:
        train(library, "image-vae", name="m")
        (library.models_dir / "m/config.json").write_text("{")
        trainings = Trainings(library, "cpu")
        assert next(model for model in trainings.models() if model.name == "m").status == "damaged"
        assert "config.json" in trainings.check("m")


def test_evaluate_reports_named_features_and_copying(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=6) as library:
        train(library, "image-vae", name="m")
        figures = Trainings(library, "cpu").evaluate("m")
        assert str(figures["features"]).startswith("starter-backbone@")
        assert {"psnr_db", "kernel_distance", "nearest_ratio", "diversity"} <= set(figures)


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this computer has CUDA")
    with picture_library(tmp_path, count=1) as library, pytest.raises(StudioError, match="no cuda device"):
        run_inline(Trainings(library, "cuda").train_work("image-vae", "m", size=16, steps=1))


def test_the_families_explain_themselves() -> None:
    known = {"image-vae", "image-gan", "image-gan-plain", "sound-vae", "text-lm", "text-vae", "fused"}
    assert known <= set(families())
    assert all(family.label and len(family.explanation) > 40 for family in families().values())
