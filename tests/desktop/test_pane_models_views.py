"""The parts of the Models pane by themselves: curves, sheets, findings, settings, figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.dataset import Source
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.curves import LOSSES, QUALITY, CurveTabs
from mmstudio.desktop.views.figure_table import FigureTable, figure_text
from mmstudio.desktop.views.nearest_strip import NearestStrip
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.sample_reel import SampleReel, step_of
from mmstudio.desktop.views.training_advanced import AdvancedSettings
from mmstudio.desktop.views.training_conditions import ConditionsRow
from mmstudio.desktop.views.training_form import Offer, TrainingForm
from mmstudio.desktop.views.training_view import TrainingView
from mmstudio.jobs import Progress
from mmstudio.jobs.runner import JobEvent
from mmstudio.learning.datasets.report import DatasetReport, Finding
from mmstudio.learning.evaluation.report import Nearest
from mmstudio.learning.families import families


def make_offer(**more: Any) -> Offer:
    counts = {"image": 12, "audio": 1, "items": 20}
    return Offer(families(), [], counts, {}, frozenset(), **more)


def report_on(source: Source, findings: list[Finding], usable: int = 12) -> DatasetReport:
    ids = list(range(1, usable + 1))
    return DatasetReport(
        source.modality, source.query, source.size, source.fit, source.aspect, usable, ids, 2, findings,
        expect="Expect variations of them.",
    )  # fmt: skip


def test_losses_go_into_groups_that_can_be_read(context: AppContext, qtbot: QtBot) -> None:
    curves = CurveTabs(LOSSES, "Curves")
    qtbot.addWidget(curves)
    assert [curves.tabs.isTabVisible(n) for n in range(3)] == [True, False, False]
    curves.add(1, {"generator": 1.0, "discriminator": 2.0, "real": 0.4, "fake": -0.4, "overfit": 0.1})
    assert [plot.keys for plot in curves.plots] == [
        ["generator", "discriminator"],
        ["real", "fake"],
        ["overfit"],
    ]
    assert all(curves.tabs.isTabVisible(n) for n in range(3))
    assert "The one that draws 1" in curves.plots[0].accessibleDescription()
    curves.clear()
    assert curves.empty


def test_quality_keeps_only_what_it_can_explain(context: AppContext, qtbot: QtBot) -> None:
    curves = CurveTabs(QUALITY, "Quality")
    qtbot.addWidget(curves)
    lines = [
        {"step": n, "figures": {"kernel_distance": 9.0 - n, "nearest_ratio": 1.0, "other": 3.0}}
        for n in (1, 2)
    ]
    curves.show_history(lines, "figures")
    assert [plot.keys for plot in curves.plots] == [["kernel_distance"], ["nearest_ratio"]]


def test_a_very_long_training_keeps_its_first_and_last_point(context: AppContext, qtbot: QtBot) -> None:
    curves = CurveTabs(QUALITY, "Quality")
    qtbot.addWidget(curves)
    curves.show_history(({"step": n, "figures": {"kernel_distance": 1.0}} for n in range(1, 9001)), "figures")
    steps, _values = curves.plots[0]._points["kernel_distance"]
    assert len(steps) <= 2001
    assert (steps[0], steps[-1]) == (1.0, 9000.0)


def test_the_reel_follows_the_newest_sheet_until_the_person_looks_back(
    context: AppContext, qtbot: QtBot
) -> None:
    reel = SampleReel()
    qtbot.addWidget(reel)
    wanted: list[str] = []
    reel.wanted.connect(wanted.append)
    for step in (0, 100, 200):
        reel.add(f"/m/samples/step-{step:07d}.png")
    reel.add("/m/samples/step-0000200.png")  # an event that came twice
    assert [step_of(path) for path in wanted] == [0, 100, 200]
    reel.slider.setValue(1)
    assert wanted[-1].endswith("0000100.png")
    reel.add("/m/samples/step-0000300.png")
    assert reel.slider.value() == 1
    assert wanted[-1].endswith("0000100.png")
    assert reel.words.text() == "Step 100"


def event(step: int, **data: Any) -> JobEvent:
    return JobEvent(1, "train", "Train", "running", Progress(step, 100, "Learning", {"step": step, **data}))


def test_the_live_view_says_which_step_is_the_best(context: AppContext, qtbot: QtBot) -> None:
    view = TrainingView()
    qtbot.addWidget(view)
    view.begin("mine")
    assert not view.play_button.isEnabled()
    view.hear(event(10, losses={"loss": 1.0}, per_second=8.0))
    assert "8.0 pictures per second" in view.numbers.text()
    view.hear(event(20, figures={"kernel_distance": 40.0, "nearest_ratio": 1.0, "diversity": 1.0}))
    view.hear(event(30, figures={"kernel_distance": 10.0, "nearest_ratio": 0.5, "diversity": 1.0}))  # copies
    assert "step 20" in view.best.text()
    view.hear(event(40, figures={"kernel_distance": 30.0, "nearest_ratio": 1.0, "diversity": 1.0}))
    assert view.best.text().startswith("Best so far: step 40, distance 30.")
    view.hear(event(41, grid="/m/samples/step-0000040.png"))
    assert view.play_button.isEnabled()


def test_a_training_that_goes_on_shows_what_was_before(context: AppContext, qtbot: QtBot) -> None:
    view = TrainingView()
    qtbot.addWidget(view)
    view.begin("mine")
    history = [{"step": n, "losses": {"loss": 1.0 / n}} for n in range(1, 5)]
    figures = [{"step": 4, "figures": {"kernel_distance": 5.0, "nearest_ratio": 1.0}}]
    view.show_past(history, figures, ["/m/samples/step-0000004.png"], (4, figures[0]["figures"]))
    view.hear(event(5, losses={"loss": 0.2}))
    assert view.losses.plots[0]._points["loss"][0] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert "step 4" in view.best.text()
    assert not view.quality.isHidden()


def test_findings_can_be_left_out_and_taken_back(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    finding = Finding("copies", "warning", 2, "2 pictures are there twice.", "", [3, 4, 5], [4, 5])
    form.show_report(form.source.source, report_on(form.source.source, [finding]))
    box = next(
        box for box in form.source.findings.findChildren(type(form.how.seamless)) if box.text() == "Leave out"
    )
    asked: list[Source] = []
    form.source.looked.connect(asked.append)
    box.setChecked(True)
    assert asked[-1].leave_out == (4, 5)
    assert form.params()["leave_out"] == [4, 5]
    form.show_report(asked[-1], report_on(asked[-1], [Finding("left-out", "note", 2, "2 are left out.")], 10))
    lines = [box for box in form.source.findings.findChildren(type(box)) if not box.isHidden()]
    assert [line.isChecked() for line in lines if line.parent().isVisibleTo(form.source)] == [True]
    form.use_query.setChecked(True)  # other media: nothing of them was left out
    assert asked[-1].leave_out == ()


def test_nothing_left_to_learn_from_cannot_be_started(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    assert form.start_button.isEnabled()
    form.show_report(form.source.source, report_on(form.source.source, [], usable=0))
    assert not form.start_button.isEnabled()
    assert form.estimate.text() == "There is nothing left to learn from."


def test_a_tag_or_a_collection_becomes_a_search(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer(tags=[("warm light", 7)], collections=[('Best "of" June', 3)]))
    form.source.use_tag.setChecked(True)
    assert form.params()["query"] == 'tag:"warm light"'
    form.source.use_collection.setChecked(True)
    assert form.params()["query"] == 'collection:"Best  of  June"'


def test_shape_and_fit_come_into_the_job(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    assert not {"fit", "aspect", "options", "condition"} & set(form.params())
    form.source.fit.setCurrentIndex(form.source.fit.findData("smart"))
    form.source.shape.setCurrentIndex(form.source.shape.findText("16:9"))
    params = form.params()
    assert (params["fit"], params["aspect"]) == ("smart", 16 / 9)


def test_minutes_become_steps(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    source = form.source.source
    report = report_on(source, [])
    measured = DatasetReport(
        **{field: getattr(report, field) for field in report.__slots__}
        | {"seconds": 50.0, "steps": 100, "measured_by": "before"}
    )
    form.show_report(source, measured)
    assert "by the speed of “before”" in form.estimate.text()
    form.how.unit.setCurrentIndex(1)
    form.how.minutes.setValue(3)
    assert form.params()["steps"] == 360


def test_only_changed_settings_are_sent(context: AppContext, qtbot: QtBot) -> None:
    advanced = AdvancedSettings()
    qtbot.addWidget(advanced)
    advanced.set_usual({"rate": 0.001, "batch": 16.0, "gamma": 2.0, "flip": 1.0})
    assert advanced.values == {}
    assert advanced.fields["rate"].placeholderText() == "0.001"
    advanced.fold.setChecked(True)
    qtbot.keyClicks(advanced.fields["gamma"], "5")
    qtbot.keyClicks(advanced.fields["batch"], "abc")  # no number
    advanced.fields["rate"].setText("0.001")  # as usual
    assert advanced.values == {"gamma": 5.0}
    advanced.switches["flip"].click()
    assert advanced.values == {"gamma": 5.0, "flip": 0.0}


def test_settings_that_a_search_found_fill_the_form(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    wish = {"family": "image-gan", "size": 32, "query": "tag:sea", "batch": 8, "options": {"gamma": 0.7}}
    form.use_settings(wish)
    params = form.params()
    assert (params["family"], params["size"], params["query"]) == ("image-gan", 32, "tag:sea")
    assert (params["batch"], params["options"]["gamma"]) == (8, 0.7)
    assert form.steps_stack.currentIndex() == 1


def test_conditions_are_tags_with_counts_and_colours(context: AppContext, qtbot: QtBot) -> None:
    row = ConditionsRow()
    qtbot.addWidget(row)
    row.offer([("sea", 40), ("sky", 12)], vector=0)
    assert row.condition == {}
    row.tags["sky"].click()
    row.palette_box.click()
    assert row.condition == {"tags": ["sky"], "palette": 3, "vector": 0}
    row.offer([("sky", 13), ("sun", 5)], vector=128)  # the library changed
    row.vector.click()
    assert row.condition == {"tags": ["sky"], "palette": 3, "vector": 128}


@pytest.mark.parametrize("key", ["image-gan", "image-gan-plain", "image-vae", "sound-vae", "fused"])
def test_every_family_shows_settings_that_it_knows(context: AppContext, qtbot: QtBot, key: str) -> None:
    from mmstudio.desktop.views.training_how import usual_settings
    from mmstudio.learning.families import default_config

    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    form.families[key].setChecked(True)
    assert form.family == key
    known = {"rate", "batch", "latent", "width"} | set(families()[key].more_options)
    if families()[key].modality != "items":
        known |= set(default_config(key, "x").options)
    assert set(usual_settings(key, 64)) <= known
    assert form.params()["family"] == key


def test_figures_are_words_with_the_network_named(context: AppContext, qtbot: QtBot) -> None:
    table = FigureTable()
    qtbot.addWidget(table)
    figures = {"held_kernel_distance": 9.0, "kernel_distance": 12.5, "copies": 0.25, "features": "net@1"}
    table.show_figures(figures)
    assert table.texts[:3] == [
        "Kernel distance: 12.5",
        "Kernel distance, on held-out pictures: 9",
        "Too near to a training picture: 25 %",
    ]
    assert "net@1" in table.texts[-1]
    assert "not FID" in table.texts[-1]


def test_figures_are_never_powers_of_ten() -> None:
    values = [11241.3, 4974.4, 12.345, 0.02163, 0.000041, 0.0, -250.4]
    texts = [figure_text("kernel_distance", value) for value in values]
    assert texts == ["11,241", "4,974", "12.3", "0.0216", "0.000041", "0", "-250"]
    assert figure_text("precision", 0.071) == "7 %"


def test_copies_are_told_by_more_than_colour(
    context: AppContext, qtbot: QtBot, qtmodeltester: ModelTester
) -> None:
    strip = NearestStrip(Pictures(context))
    qtbot.addWidget(strip)
    strip.pairs.set_rows(
        [Nearest(3, 7, 0.1, 0.2, 1.0, 0.1, too_near=True), Nearest(5, 8, 0.9, 1.1, 9.0, 1.0)]
    )
    assert [strip.pairs.text(row) for row in strip.pairs.rows] == ["Distance 0.20, too near", "Distance 1.10"]
    looked: list[int] = []
    strip.looked.connect(looked.append)
    strip.setCurrentIndex(strip.pairs.index(0))
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert looked == [7]
    qtmodeltester.check(strip.pairs)


def test_crops_keep_their_shape(context: AppContext, qtbot: QtBot) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)
    form.offer(make_offer())
    crops = form.source.crops
    images: list[QImage] = [to_qimage(np.zeros((36, 64, 3), np.uint8)) for _n in range(12)]
    form.source.show_crops(images, 16 / 9)
    assert crops.accessibleDescription() == "12 pictures"
    assert crops.heightForWidth(2000) < crops.heightForWidth(600)
    form.source.show_crops([], 1.0)
    assert not crops.images
