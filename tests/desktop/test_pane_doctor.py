"""The Doctor page: from an empty page to a report, copies side by side, mended and undone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.panes.doctor import DoctorPane
from mmstudio.desktop.window import MainWindow
from mmstudio.library.records import NewItem
from mmstudio.studio import Studio
from support.library import add_files
from support.media import make_image, make_text
from support.qt import settle, wait_until


@pytest.fixture
def sick(studio: Studio, media: Path) -> Studio:
    """The library of the tests with copies, a missing file, a tiny picture and an item that lacks things."""
    folder = media.parent / "more"
    folder.mkdir()
    make_image(folder / "large.png", (160, 120), seed=40)
    shutil.copy(folder / "large.png", folder / "twin.png")
    make_image(folder / "dot.png", (4, 4), seed=41)
    words = "A quiet lamp for the desk with a warm light that can be dimmed in five steps by hand. "
    make_text(folder / "one.txt", words + "The shade is made of glass.")
    make_text(folder / "two.txt", words + "The shade is made of paper.")
    make_image(folder / "gone.png", (90, 90), seed=42)
    add_files(studio.library, *sorted(folder.iterdir()))
    shutil.move(folder / "gone.png", media.parent / "elsewhere.png")
    studio.library.items.upsert_many([NewItem(sku="1", title="Lamp", description="A lamp")])
    return studio


@pytest.fixture
def pane(sick: Studio, context: AppContext, qtbot: QtBot) -> DoctorPane:
    context.adopt(sick)
    settle(context)
    made = DoctorPane(context)
    made.resize(1000, 700)
    qtbot.addWidget(made)
    made.show()
    made.activated()
    settle(context)
    return made


def checked(pane: DoctorPane, kind: str = "") -> None:
    pane.start()
    wait_until(lambda: pane.report is not None and pane._watch is None)
    settle(pane.context)
    if kind:
        choose(pane, kind)


def choose(pane: DoctorPane, kind: str) -> None:
    pane.kinds.setCurrentIndex(pane.kind_model.index(pane.kind_model.row_of(kind)))
    settle(pane.context)


def counts(pane: DoctorPane) -> dict[str, int]:
    return {row.kind: row.count for row in pane.kind_model.rows if row.count}


def test_an_unchecked_library_offers_the_check(pane: DoctorPane) -> None:
    assert pane.stack.message.title.text() == "Nothing was checked yet."
    pane.stack.message.button.click()
    wait_until(lambda: pane.report is not None)
    settle(pane.context)
    assert pane.stack.currentWidget() is pane.stack.content
    assert counts(pane)["exact"] == 1
    assert counts(pane)["missing"] == 1
    assert counts(pane)["item-price"] == 1
    QAbstractItemModelTester(pane.kind_model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    QAbstractItemModelTester(pane.subject_model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def test_copies_stand_side_by_side_and_merge_undoes(pane: DoctorPane, notices: list[Notice]) -> None:
    checked(pane, "exact")
    library = pane.context.library
    assert pane.views.currentWidget() is pane.compare
    kept, other = pane.compare.keep, pane.compare.right
    assert other is not None
    pane.compare.choose.click()
    settle(pane.context)
    assert (pane.compare.keep, pane.compare.right) == (other, kept)
    pane.merge.trigger()
    settle(pane.context)
    assert (library.assets.get(other).status, library.assets.get(kept).status) == ("ok", "trashed")
    assert "exact" not in counts(pane)
    notice = notices[-1]
    assert notice.text == "Merged. One copy went to the trash."
    assert notice.action is not None
    notice.action[1]()
    wait_until(lambda: counts(pane).get("exact") == 1)
    assert library.assets.get(kept).status == "ok"


def test_texts_show_what_differs(pane: DoctorPane) -> None:
    checked(pane, "near")
    left, right = (panel.page for panel in pane.compare.panels)
    assert "glass" in left.toPlainText() + right.toPlainText()
    assert "paper" in left.toPlainText() + right.toPlainText()
    assert "underline" in left.toHtml()
    assert "underline" in right.toHtml()


def test_ignoring_and_showing_again(pane: DoctorPane) -> None:
    checked(pane, "tiny")
    assert pane.subject is not None
    pane.ignore.trigger()
    settle(pane.context)
    assert "tiny" not in counts(pane)
    choose(pane, "tiny")
    assert pane.ignored_note.isVisible()
    pane.ignored_note.click()
    wait_until(lambda: counts(pane).get("tiny") == 1 and pane._watch is None)


def test_missing_files_are_found_in_a_folder(pane: DoctorPane, tmp_path: Path, notices: list[Notice]) -> None:
    checked(pane, "missing")
    pane.look_in(tmp_path)
    wait_until(lambda: "missing" not in counts(pane))
    assert notices[-1].text == "Found 1 files again, 0 are still missing."
    settle(pane.context)


def test_a_whole_kind_goes_to_the_trash_with_one_click(pane: DoctorPane, notices: list[Notice]) -> None:
    checked(pane, "tiny")
    pane.fix_all()
    wait_until(lambda: "tiny" not in counts(pane))
    assert notices[-1].text == "Mended 1."
    settle(pane.context)


def test_next_walks_through_all_kinds(pane: DoctorPane) -> None:
    checked(pane, "missing")
    seen = set()
    for _ in range(12):
        seen.add(pane.kind)
        pane.next.trigger()
        settle(pane.context)
    assert seen == set(counts(pane))


def test_a_read_only_library_is_checked_but_not_changed(
    sick: Studio, context: AppContext, qtbot: QtBot
) -> None:
    path = sick.library.path
    sick.close()
    context.adopt(Studio.open(path, read_only=True))
    settle(context)
    pane = DoctorPane(context)
    qtbot.addWidget(pane)
    pane.show()
    checked(pane, "exact")
    assert counts(pane)["exact"] == 1
    assert not pane.merge.isEnabled()
    assert not pane.ignore.isEnabled()
    assert not (path / "index" / "doctor.json").exists()


def test_the_page_belongs_to_the_library(
    open_context: AppContext, make_window: Callable[[AppContext], MainWindow]
) -> None:
    window = make_window(open_context)
    open_context.navigate("doctor")
    settle(open_context)
    assert window.current == "doctor"
    assert isinstance(window.panes["doctor"], DoctorPane)


def test_a_report_of_the_library_before_is_not_shown(pane: DoctorPane, tmp_path: Path) -> None:
    checked(pane)
    pane.hide()  # a page that is not in front does not read again by itself
    pane._read()
    pane.context.library_closed.connect(pane.library_changed)
    pane.context.adopt(Studio.create(tmp_path / "Other.mmlib"))
    settle(pane.context)
    assert pane.report is None
    assert not pane.again.isVisibleTo(pane)


def test_what_is_measured_in_the_library_before_holds_nothing_up(pane: DoctorPane) -> None:
    pane.note.extract.click()
    assert not pane.note.extract.isEnabled()
    for job in pane.context.studio.runner.active() if pane.context.studio is not None else ():
        job.cancel()
    pane.library_changed()
    assert pane.note.extract.isEnabled()
    settle(pane.context)
    assert pane.report is None
