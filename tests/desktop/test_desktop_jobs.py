"""The Jobs pane, the strip and what is said when a job ends."""

from __future__ import annotations

from collections.abc import Callable, Generator
from threading import Event

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.models.job_model import JobRow, progress_text, state_text
from mmstudio.desktop.panes.jobs import JobsPane
from mmstudio.desktop.panes.preferences import PreferencesPane
from mmstudio.desktop.window import MainWindow
from mmstudio.errors import StudioError
from mmstudio.jobs import JobContext, Progress
from mmstudio.settings import load_settings
from support.qt import settle, wait_until

MakeWindow = Callable[[AppContext], MainWindow]


@pytest.fixture
def pane(open_context: AppContext, qtbot: QtBot) -> JobsPane:
    made = JobsPane(open_context)
    made.resize(900, 600)
    qtbot.addWidget(made)
    made.show()
    settle(open_context)
    return made


def waiting(gate: Event) -> Callable[[JobContext], Generator[Progress, None, dict[str, int]]]:
    def work(job: JobContext) -> Generator[Progress, None, dict[str, int]]:
        yield Progress(1, 4, "first")
        while not gate.wait(0.01):
            yield Progress(2, 4, "second")
        return {"added": 3}

    return work


def submit(pane: JobsPane, work: Callable[..., object], kind: str = "import") -> None:
    assert pane.context.studio is not None
    pane.context.studio.runner.submit(kind, work, {}, title="Import")  # type: ignore[arg-type]


def test_no_jobs_say_what_comes_here(pane: JobsPane) -> None:
    assert pane.stack.message.title.text() == "No jobs yet."


def test_a_job_is_followed_to_its_end(pane: JobsPane) -> None:
    gate = Event()
    submit(pane, waiting(gate))
    wait_until(lambda: pane.model.rowCount() == 1 and pane.model.rows[0].done == 2)
    assert pane.model.rows[0].state == "running"
    assert "2 of 4" in progress_text(pane.model.rows[0])
    assert pane.pause_action.isEnabled()
    gate.set()
    wait_until(lambda: pane.model.rows[0].state == "done")
    assert "Added: 3" in pane.facts.text()
    assert not pane.pause_action.isEnabled()


def test_a_job_can_be_cancelled(pane: JobsPane) -> None:
    gate = Event()
    submit(pane, waiting(gate))
    wait_until(lambda: pane.model.rowCount() == 1 and pane.model.rows[0].state == "running")
    pane.cancel_action.trigger()
    wait_until(lambda: pane.model.rows[0].state == "cancelled")
    gate.set()


def test_a_failure_says_what_and_what_now(pane: JobsPane) -> None:
    def work(job: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 1)
        raise StudioError("The disk is full.", hint="Free some space.")

    submit(pane, work)
    wait_until(lambda: pane.model.rowCount() == 1 and pane.model.rows[0].state == "failed")
    assert pane.error.text() == "The disk is full."
    assert pane.hint.text() == "Free some space."
    assert pane.retry_action.isEnabled()


def test_the_strip_and_the_notices_follow(
    open_context: AppContext, make_window: MakeWindow, notices: list[Notice]
) -> None:
    window = make_window(open_context)
    gate = Event()
    assert open_context.studio is not None
    open_context.studio.runner.submit("import", waiting(gate), {}, title="Import")
    wait_until(lambda: window.strip.bar.isVisible() and window.strip.bar.value() == 500)
    assert "2 of 4" in window.strip.progress.text()
    gate.set()
    wait_until(lambda: bool(notices))
    assert notices[-1].text == "Import finished: 3 added."
    assert not window.strip.bar.isVisible()
    settle(open_context)


def test_jobs_of_an_earlier_run_are_listed(pane: JobsPane) -> None:
    jobs = pane.context.library.jobs
    jobs.update(jobs.create("rescan", {}, "Look for changes"), state="failed", error="It broke.")
    pane.model.reload()
    settle(pane.context)
    assert state_text(pane.model.rows[0]) == "Failed: It broke."


def test_the_job_model_passes_the_model_test(pane: JobsPane, qtmodeltester: ModelTester) -> None:
    pane.model.set_rows(
        [JobRow(2, "import", "Import", "running", 5, 10), JobRow(1, "train", "Train", "done")]
    )
    qtmodeltester.check(pane.model)


def test_preferences_apply_at_once_and_are_saved(context: AppContext, qtbot: QtBot) -> None:
    pane = PreferencesPane(context)
    qtbot.addWidget(pane)
    pane.device.setCurrentIndex(pane.device.findData("cpu"))
    pane.device.activated.emit(pane.device.currentIndex())
    pane.motion.setChecked(False)
    pane.reviewer.setText("Ada")
    pane.reviewer.editingFinished.emit()
    settle(context)
    saved = load_settings()
    assert (saved.device, saved.reduce_motion, saved.reviewer) == ("cpu", False, "Ada")
    context.change_setting("theme", "dark")
    assert pane.theme.currentData() == "dark"
    context.change_setting("theme", "light")
