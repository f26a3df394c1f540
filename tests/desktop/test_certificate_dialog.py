"""A test certificate from the window: its limits are said, a job makes it, the export signs with it."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from mmstudio.desktop.context import AppContext, Notice
from mmstudio.desktop.views.certificate_dialog import CertificateDialog
from mmstudio.desktop.views.export_options import OptionsPopup
from support.qt import wait_until
from support.storefront import click


def _dialog(context: AppContext, qtbot: QtBot, folder: Path) -> tuple[OptionsPopup, CertificateDialog]:
    popup = OptionsPopup(context)
    qtbot.addWidget(popup)
    dialog = popup.new_certificate()
    qtbot.waitExposed(dialog, timeout=240_000)
    dialog.set_folder(str(folder))
    return popup, dialog


def test_a_certificate_is_made_by_a_job_and_chosen(
    open_context: AppContext, notices: list[Notice], tmp_path: Path, qtbot: QtBot
) -> None:
    popup, dialog = _dialog(open_context, qtbot, tmp_path / "keys")
    assert not dialog.make_button.isEnabled()  # somebody must sign
    dialog.signer.setText("A. Studio")
    click(qtbot, dialog.make_button)
    wait_until(lambda: "sign_with" in popup.options())
    signing = Path(popup.options()["sign_with"])
    assert signing == tmp_path / "keys" / "signing.pem"
    assert signing.stat().st_mode & 0o077 == 0
    assert (tmp_path / "keys" / "authority.pem").is_file()
    assert [job.kind for job in open_context.library.jobs.list()] == ["certificate"]
    assert "authority.pem" in notices[-1].hint
    assert not popup.sign_new.isVisibleTo(popup)


def test_what_is_there_is_not_replaced(open_context: AppContext, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "signing.pem").write_text("mine")
    popup, dialog = _dialog(open_context, qtbot, tmp_path)
    dialog.signer.setText("A. Studio")
    click(qtbot, dialog.make_button)
    wait_until(lambda: "there already" in dialog.note.text())
    assert dialog.make_button.isEnabled()
    assert (tmp_path / "signing.pem").read_text() == "mine"
    assert "sign_with" not in popup.options()
