"""The dataset doctor: what it finds, what it advises, what it leaves alone; bad input in plain words."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmstudio.errors import Cancelled, StudioError
from mmstudio.jobs import JobContext, run_inline
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets.doctor import DatasetReport, Finding, check, preview_pictures
from mmstudio.learning.families import default_config
from mmstudio.library import Library, NewAsset
from mmstudio.studio import Studio
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_picture, make_wav


def wish(size: int = 16, **more: Any) -> ModelConfig:
    return replace(default_config("image-gan", "", size=size), **more)


def report_of(library: Library, config: ModelConfig | None = None) -> DatasetReport:
    steps = check(library, config or wish())
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: DatasetReport = stop.value
            return found


def finding(report: DatasetReport, key: str) -> Finding:
    return next(one for one in report.findings if one.key == key)


def keys(report: DatasetReport) -> set[str]:
    return {one.key for one in report.findings}


def pictures(folder: Path, seeds: Iterable[int], size: tuple[int, int] = (64, 64)) -> list[Path]:
    return [make_image(folder / f"{size[0]}x{size[1]}-{seed}.png", size, seed=seed) for seed in seeds]


def cleared(folder: Path, count: int, size: tuple[int, int] = (64, 64)) -> tuple[Library, list[int]]:
    library = new_library(folder)
    ids = add_files(library, *pictures(folder / "in", range(count), size))
    library.assets.set_rights(ids, "own")
    return library, ids


def test_good_pictures_are_called_good(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 22)
    with library:
        report = report_of(library)
        assert keys(report) == {"enough"}
        assert (report.level, report.usable, report.found, report.held) == ("ok", 22, 22, 2)
        assert sorted(report.assets) == ids
        assert finding(report, "enough").text == "22 pictures, 2 of them held out to judge by."
        assert DatasetReport.of(report.as_json()) == report


def test_nothing_blocks(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        report = report_of(library)
        assert report.level == "blocker"
        assert keys(report) == {"nothing"}
        assert report.expect == ""
        assert preview_pictures(library, wish()) == []


@pytest.mark.parametrize(("count", "text"), [(1, "Only one picture."), (3, "Only 3 pictures.")])
def test_few_are_told_with_what_to_expect(tmp_path: Path, count: int, text: str) -> None:
    library, ids = cleared(tmp_path, count)
    with library:
        report = report_of(library)
        few = finding(report, "few")
        assert (few.level, few.text, few.count) == ("warning", text, count)
        assert sorted(few.assets) == ids
        assert ("near copies of them" in few.hint) == (count > 1)
        assert report.expect
        assert report.base == ""  # no starter model is as small as 16 pixels


def test_the_starter_model_is_named_where_it_helps(tmp_path: Path) -> None:
    library, _ = cleared(tmp_path, 20)
    with library:
        report = report_of(library, wish(64))
        assert report.base.startswith("starter-")
        assert report.advice[0] == f"Start from “{report.base}”."
        assert "Started from a model that draws already" in report.expect


def test_copies_are_found_and_the_best_is_kept(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 4)
    with library:
        first = tmp_path / "in/64x64-0.png"
        shutil.copy(first, tmp_path / "in/again.png")
        Image.open(first).resize((32, 32)).save(tmp_path / "in/smaller.png")
        again, smaller = add_files(library, tmp_path / "in/again.png", tmp_path / "in/smaller.png")
        report = report_of(library)
        copies, near = finding(report, "copies"), finding(report, "near")
        assert copies.leave_out == [again]
        assert set(copies.assets) == {ids[0], again}
        assert near.leave_out == [smaller]
        assert set(near.assets) == {ids[0], smaller}
        mended = report_of(library, wish(leave_out=[again, smaller]))
        assert {"copies", "near"} & keys(mended) == set()
        assert finding(mended, "left-out").assets == [again, smaller]
        assert mended.usable == 4


def test_all_identical_is_said(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        path = make_image(tmp_path / "a.png", (64, 64))
        copies = [Path(shutil.copy(path, tmp_path / f"{i}.png")) for i in range(24)]
        add_files(library, path, *copies)
        report = report_of(library)
        assert finding(report, "identical").text == "All 25 are the same picture."
        assert report.held == 0
        assert report.expect == "It can only ever draw this one picture."


def test_small_ones_depend_on_the_size_and_the_fit(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 3)
    with library:
        wide = add_files(library, *pictures(tmp_path / "in", [7], (200, 20)))
        assert "small" not in keys(report_of(library, wish(16)))
        small = finding(report_of(library, wish(32)), "small")
        assert (small.leave_out, small.level) == (wide, "warning")
        assert "small" not in keys(report_of(library, wish(32, fit="pad")))
        assert set(finding(report_of(library, wish(128)), "small").assets) == {*ids, *wide}
        assert "Train at 64 pixels." in report_of(library, wish(128)).advice


def test_rights(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 6)
    with library:
        library.assets.set_rights(ids[:2], "no-training")
        library.assets.set_rights(ids[2:3], "restricted")
        library.assets.set_rights(ids[3:4], "unknown")
        report = report_of(library)
        assert finding(report, "rights-forbid").assets == ids[:3]
        assert finding(report, "rights-forbid").leave_out == []
        unknown = finding(report, "rights-unknown")
        assert (unknown.level, unknown.leave_out) == ("warning", ids[3:4])
        assert sorted(report.assets) == ids[3:]
        assert report.found == 6


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 6)
    with library:
        library.assets.set_status(ids[0], "missing")
        library.assets.set_status(ids[1], "corrupt", "cut")
        (tmp_path / "in/64x64-2.png").unlink()  # nobody noticed yet
        report = report_of(library)
        assert finding(report, "missing").assets == [ids[0], ids[2]]
        assert finding(report, "corrupt").assets == [ids[1]]
        assert sorted(report.assets) == ids[3:]
        assert report.found == 6


def test_shapes_and_transparency(tmp_path: Path) -> None:
    library, _ = cleared(tmp_path, 5, (96, 64))
    with library:
        clear = tmp_path / "in/clear.png"
        make_picture((64, 64)).convert("RGBA").save(clear)
        one = add_files(library, clear)
        report = report_of(library)
        shapes, alpha = finding(report, "shapes"), finding(report, "alpha")
        assert shapes.count == 5
        assert "1.5" in shapes.hint
        assert (alpha.assets, alpha.level) == (one, "note")
        assert "shapes" not in keys(report_of(library, wish(fit="pad")))
        other = finding(report_of(library, wish(aspect=1.5)), "shapes")
        assert other.assets == one


def test_sounds_have_a_doctor_too(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_files(library, make_wav(tmp_path / "a.wav"), make_wav(tmp_path / "b.wav", frequency=300.0))
        report = report_of(library, default_config("sound-vae", ""))
        assert finding(report, "few").text == "Only 2 sounds."
        assert report.modality == "audio"


def test_the_time_is_estimated_only_from_a_training_like_it(tmp_path: Path) -> None:
    library, _ = cleared(tmp_path, 3)
    with library:
        assert report_of(library).seconds is None
        known = wish()
        known.name, known.trained = "before", {"steps": 50, "seconds": 10.0, "device": "cpu"}
        (library.models_dir / "before").mkdir()
        known.save(library.models_dir / "before")
        library.models.add("before", known.family, "models/before", steps=50)
        report = report_of(library)
        assert report.seconds == pytest.approx(known.steps / 5)
        assert (report.measured_by, report.steps) == ("before", known.steps)
        assert report_of(library, wish(32)).seconds is None


def test_a_preview_is_what_the_network_sees_in_the_model_s_shape(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 5, (96, 64))
    with library:
        (tmp_path / "in/96x64-4.png").unlink()
        shown = preview_pictures(library, wish(32, aspect=1.5), 12)
        assert sorted(one.asset_id for one in shown) == ids[:4]
        assert {one.pixels.shape for one in shown} == {(32, 48, 3)}
        few = preview_pictures(library, wish(32), 2)
        assert len(few) == 2
        whole = np.asarray(Image.open(tmp_path / f"in/96x64-{ids.index(few[0].asset_id)}.png"))
        assert abs(few[0].pixels.mean() - whole[:, 16:80].mean()) < 3


def test_ten_thousand_are_looked_over_in_seconds_and_it_can_be_stopped(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        one = make_image(tmp_path / "in/a.jpg", (64, 64))
        root = library.roots.add(one.parent)
        random = np.random.default_rng(0)
        library.assets.add_many(
            NewAsset(
                "image",
                root.id,
                f"{i}.jpg",
                f"{i:064x}",
                1,
                1,
                64,
                64,
                phash=f"{random.integers(2**63):016x}",
            )
            for i in range(10_000)
        )
        for i in range(0, 10_000, 2):
            (one.parent / f"{i}.jpg").touch()
        started = time.process_time()
        report = report_of(library)
        assert time.process_time() - started < 20  # about 2 s of one core, measured alone
        assert (report.usable, finding(report, "missing").count) == (5_000, 5_000)
        steps = check(library, wish())
        next(steps)
        steps.close()
        with pytest.raises(Cancelled):
            run_inline(lambda _context: check(library, wish()), cancelled=lambda: True)


def test_the_job_gives_the_report_as_json(tmp_path: Path) -> None:
    library, ids = cleared(tmp_path, 3)
    library.close()
    with Studio.open(library.path) as studio:
        work = studio.work("dataset", {"family": "image-vae", "size": 32, "leave_out": ids[:1]})
        steps = work(JobContext(0, {}))
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                report = DatasetReport.of(stop.value)
                break
        assert report.usable == 2
        assert report.size == 32


def test_an_unknown_family_is_one_sentence(tmp_path: Path) -> None:
    library, _ = cleared(tmp_path, 1)
    library.close()
    with Studio.open(library.path) as studio, pytest.raises(StudioError, match="no model family"):
        run_inline(studio.work("dataset", {"family": "poem"}))
