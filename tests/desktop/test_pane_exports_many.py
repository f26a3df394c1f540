"""Exports: many at once, options, channels by group, clipboard, texts to share."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from mmstudio.composition import Composer
from mmstudio.desktop.context import AppContext
from mmstudio.desktop.models.export_rows import MatrixLine, MatrixTable
from mmstudio.desktop.panes.exports import ExportsPane
from mmstudio.desktop.views.encrypt_dialog import EncryptDialog
from mmstudio.desktop.views.share_sheet import ShareSheet
from mmstudio.export.encrypt import decrypt_bundle
from mmstudio.export.matrix import read_state
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.studio import Studio
from support.qt import settle, wait_until
from support.storefront import click, make_store, names_missing, show_pane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard", extend=True)


@pytest.fixture
def pane(context: AppContext, tmp_path: Path, qtbot: QtBot) -> ExportsPane:
    context.adopt(Studio.open(make_store(tmp_path, items=3)))
    made = show_pane(ExportsPane, context, qtbot)
    made.tabs.setCurrentWidget(made.many)
    made.many.set_folder(str(tmp_path / "out"))
    made.many.recipe.setCurrentIndex(made.many.recipe.findData("product-ad"))
    settle(context)
    return made


def test_items_for_audiences_get_a_row_a_state_and_a_folder(
    pane: ExportsPane, tmp_path: Path, qtbot: QtBot
) -> None:
    many = pane.many
    assert many.states.currentWidget() is many.states.message
    ids = pane.context.library.items.ids()
    many.set_items(ids[:2])
    wait_until(lambda: many.table.rowCount() == 2)
    box = many.audience_popup.boxes[str(pane.context.library.audiences.list()[0].id)]
    box.setChecked(True)
    many.channel_popup.boxes["square-card"].setChecked(True)
    wait_until(lambda: [line.audience for line in many.table.lines] == ["City people"] * 2)
    assert many.export_button.text() == "Export 2 rows"
    assert names_missing(pane) == []
    click(qtbot, many.export_button)
    assert "The first row takes longest" in many.note.text()
    wait_until(lambda: many._watch is None and many.table.count("done") == 2)
    assert "2 of 2 rows are done" in many.note.text()
    assert {row.state for row in read_state(tmp_path / "out")} == {"done"}
    index = many.table.index(0, 0)
    assert index.flags() & Qt.ItemFlag.ItemIsDragEnabled
    urls = many.table.mimeData([index, many.table.index(0, 1)]).urls()
    assert [Path(url.toLocalFile()).is_file() for url in urls] == [True]
    # the same again: nothing is done twice
    many.set_items(ids[:2])
    wait_until(lambda: many.table.count("done", "same") == 2)


def test_a_table_with_mistakes_says_so_before_anything_starts(pane: ExportsPane, tmp_path: Path) -> None:
    many = pane.many
    file = tmp_path / "rows.csv"
    file.write_text("sku,audience\nSKU-0,City people\nNONE,\nSKU-1,Nobody\n", "utf-8")
    many.set_csv(str(file))
    wait_until(lambda: many.table.rowCount() == 3)
    wrong = [line for line in many.table.lines if line.state == "wrong"]
    assert [line.number for line in wrong] == [2, 3]
    assert "There is no item NONE." in str(many.table.index(0, 1).data())
    assert "2 problems" in many.note.text()
    assert many.export_button.text() == "Export 1 row"
    assert many.items_button.text() == "rows.csv"
    assert not (tmp_path / "out").exists()


def test_the_options_are_those_of_the_export(pane: ExportsPane, tmp_path: Path) -> None:
    popup = pane.many.options
    assert popup.options() == {}
    popup.blur.setChecked(True)
    popup.masked.setChecked(True)
    popup.number.setChecked(True)
    popup.label.setCurrentIndex(1)
    popup.market.setText("de")
    popup.set_certificate(str(tmp_path / "me.pem"))
    assert popup.options() == {
        "blur_faces": True, "mask_personal": True, "overwrite": "number", "label": "always", "market": "DE",
        "sign_with": str(tmp_path / "me.pem"),
    }  # fmt: skip
    assert pane.many.options_button.text() == "Options (6)"
    popup.market.setText("d")
    assert "market" not in popup.options()


def test_channels_stand_in_groups_and_can_be_searched(pane: ExportsPane) -> None:
    popup = pane.channel_popup
    assert len(popup.boxes) >= 20
    pane.show_channels(["square-card", "pin"])
    assert [c.name for c in pane.matrix.channels] == ["square-card", "pin"]
    popup.open_below(pane.channels_button)
    popup.search.setText("lufs")
    shown = [key for key, box in popup.boxes.items() if not box.isHidden()]
    assert "broadcast" in shown
    assert "square-card" not in shown
    popup.hide()


def test_a_file_goes_to_the_clipboard_as_file_and_as_picture(
    context: AppContext, tmp_path: Path, qtbot: QtBot
) -> None:
    path = make_store(tmp_path, items=2)
    with Library.open(path) as library:
        board = Composer(library, None, None).compose("product-ad", library.items.ids()[0])
    studio = Studio.open(path)
    run_inline(studio.exporter.work(board.id or 0, ["square-card"], out=tmp_path / "out"))
    context.adopt(studio)
    pane = show_pane(ExportsPane, context, qtbot)
    pane.tabs.setCurrentWidget(pane.finished_page)
    wait_until(lambda: pane.finished.rowCount() == 1)
    pane.files.setCurrentIndex(pane.finished.index(0))
    settle(context)
    clipboard = QGuiApplication.clipboard()
    click(qtbot, pane.copy_button)
    assert [url.toLocalFile() for url in clipboard.mimeData().urls()] == [pane.finished.rows[0].path]
    click(qtbot, pane.picture_button)
    wait_until(lambda: clipboard.image().width() == 1080)
    sheet = ShareSheet(context, board.id or 0, pane._all, "short-post", pane)
    qtbot.addWidget(sheet)
    sheet.show()
    wait_until(lambda: sheet.length.text().endswith("of 280 characters"))
    assert sheet.fields["title"].text() == board.copy["headline"]  # type: ignore[union-attr]
    click(qtbot, sheet.copy_button)
    assert board.copy["headline"] in clipboard.text()
    dialog = EncryptDialog(context, [pane.finished.rows[0].path], pane)
    qtbot.addWidget(dialog)
    assert not dialog.go_button.isEnabled()
    dialog.passphrase.setText("four plain words")
    dialog.encrypt()
    wait_until(lambda: bool(list((tmp_path / "out").glob("*.zip.age"))))
    settle(context)
    [made] = (tmp_path / "out").glob("*.zip.age")
    opened = decrypt_bundle(made, tmp_path / "open", passphrase="four plain words")
    assert [path.suffix for path in opened] == [".png"]


def test_the_table_keeps_qts_rules(qtmodeltester: ModelTester) -> None:
    table = MatrixTable()
    table.set_lines(
        [
            MatrixLine(1, "Mug", "City", ("Feed",), {"x": 1}, "mug"),
            MatrixLine(2, "", "", (), None, state="wrong", message="No."),
        ]
    )
    qtmodeltester.check(table)
    assert table.good() == [{"x": 1}]


def test_rows_become_one_bundle_that_a_passphrase_opens(
    pane: ExportsPane, tmp_path: Path, qtbot: QtBot
) -> None:
    many = pane.many
    many.channel_popup.boxes["square-card"].setChecked(True)
    many.set_items(pane.context.library.items.ids()[:2])
    wait_until(lambda: many.table.rowCount() == 2)
    popup = many.encrypt
    popup.open_below(many.encrypt_button)
    assert not popup.passphrase.isVisible()
    popup.ways["recipient"].click()
    assert popup.recipient.isVisible()
    popup.recipient.setText("nobody")
    assert "is not an age public key" in popup.problem.text()
    popup.ways["passphrase"].click()
    popup.passphrase.setText("four plain words")
    assert popup.problem.text() == "The two passphrases are not the same."
    assert not many.export_button.isEnabled()
    popup.again.setText("four plain words")
    assert not popup.problem.isVisible()
    popup.hide()
    assert many.encrypt_button.text() == "Encrypted"
    wait_until(lambda: many.table.rowCount() == 2 and many.export_button.isEnabled())
    settle(pane.context)
    click(qtbot, many.export_button)
    wait_until(lambda: many._watch is None and many.table.count("done") == 2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rows.zip.age"]
    opened = decrypt_bundle(
        tmp_path / "out" / "rows.zip.age", tmp_path / "open", passphrase="four plain words"
    )
    assert len([path for path in opened if path.suffix == ".png"]) == 2
    # neither the passphrase nor a file that is gone is kept anywhere
    library = pane.context.library
    [kept] = [record for record in library.jobs.list() if record.kind == "matrix"]
    assert kept.params["encrypt"] == {}
    assert "four plain words" not in (str(kept) + popup.passphrase.text() + popup.again.text())
    assert library.exports.list() == []
    assert not list(library.path.glob("export-*"))
