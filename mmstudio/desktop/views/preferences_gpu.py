"""Preferences of the graphics card: another build of PyTorch, fetched or taken from a folder, and removed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QProgressBar, QVBoxLayout, QWidget

from mmstudio.desktop.texts import name
from mmstudio.desktop.views.controls import button, row, section
from mmstudio.desktop.views.preference_rows import Note
from mmstudio.i18n import mark, tr, tr_error
from mmstudio.jobs import Progress, run_inline

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.gpu.install import Status

_BEAT_MS = 200
_EXPLANATION = mark(
    "The installer brings a PyTorch for the processor alone, because the one for NVIDIA cards takes several "
    "gigabytes. It is put into your own data folder, tried in a process of its own, and can be removed."
)


class GpuPreferences(QWidget):
    """Lives in the preferences; :meth:`look` asks what is installed, in a worker."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.context = context
        self._stop = threading.Event()
        self._progress: Progress | None = None  # written by the worker, shown by the timer
        self.busy = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section(mark("Graphics card"), _EXPLANATION))
        self.state = Note()
        column.addWidget(self.state)
        self.bar = QProgressBar()
        self.bar.setMaximumWidth(420)
        name(self.bar, mark("Installing PyTorch for the graphics card"))
        self.bar.hide()
        column.addWidget(self.bar)
        self.fetch = button(mark("Fetch and install"), lambda: self.install(None), icon="download-simple")
        self.folder = button(mark("Install from a folder…"), self._choose, icon="folder-open")
        self.remove = button(mark("Remove it"), self._remove, icon="trash")
        self.cancel = button(mark("Cancel"), self._stop.set, icon="x")
        self.cancel.hide()
        column.addLayout(row(self.fetch, self.folder, self.remove, self.cancel, None))
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._show_progress)
        self._set_busy(False)

    def look(self) -> None:
        """Ask what is installed and which card the system names."""

        def work() -> tuple[Status, bool]:
            from mmstudio.errors import StudioError
            from mmstudio.gpu.entries import available
            from mmstudio.gpu.install import status

            try:
                available()
            except StudioError:
                return status(), False
            return status(), True

        if not self.busy:
            self.context.background(work, self._found, self._failed, key="gpu-look", owner=self)

    def retranslate(self) -> None:
        """Say the state again."""
        self.look()

    def close_view(self) -> None:
        """Stop an installation that is under way: what was there stays."""
        self._stop.set()

    def _found(self, found: tuple[Status, bool]) -> None:
        now, can_fetch = found
        if now.installed:
            words = tr("Installed: {name}", name=now.installed)
        else:
            words = tr("The program's own build of PyTorch is used.")
        if now.card:
            words += " " + tr("Graphics card: {card}, driver {driver}", card=now.card, driver=now.driver)
        else:
            words += " " + tr("No NVIDIA driver answers on this computer.")
        self.state.tell(words)
        self.fetch.setVisible(can_fetch)
        self.remove.setEnabled(bool(now.installed) and not self.busy)

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        self.state.tell(" ".join(part for part in tr_error(error) if part), error=True)

    def _choose(self) -> None:
        words = tr("A folder of wheels with SHA256SUMS")
        chosen = QFileDialog.getExistingDirectory(self, words, str(Path.home()))
        if chosen:
            self.install(Path(chosen))

    def install(self, folder: Path | None) -> None:
        """Install from a folder of wheels, or fetch where None; a worker does it, the window goes on."""
        self._stop.clear()
        self._progress = None
        self._set_busy(True)

        def work() -> dict[str, Any]:
            from mmstudio.gpu.install import install_work

            done: dict[str, Any] = run_inline(
                install_work(folder), on_progress=self._heard, cancelled=self._stop.is_set
            )
            return done

        self.context.background(work, self._installed, self._failed, key="gpu-install", owner=self)

    def _heard(self, progress: Progress) -> None:
        self._progress = progress

    def _show_progress(self) -> None:
        now = self._progress
        if now is None:
            self.bar.setRange(0, 0)
            return
        self.bar.setRange(0, 1000 if now.total else 0)
        if now.total:
            self.bar.setValue(round(1000 * now.done / now.total))
        self.state.tell(now.note or "")

    def _installed(self, done: dict[str, Any]) -> None:
        self._set_busy(False)
        if done.get("name"):
            words = tr("Installed {name} ({device}). It is used from the next start on.", **done)
            self.context.notify(words)
        self.look()

    def _remove(self) -> None:
        from mmstudio.gpu.install import remove

        self._set_busy(True)
        self.context.background(remove, self._removed, self._failed, key="gpu-remove", owner=self)

    def _removed(self, _name: str) -> None:
        self._set_busy(False)
        self.look()

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)
        for one in (self.fetch, self.folder, self.remove):
            one.setEnabled(not busy)
        if busy:
            self._timer.start()
        else:
            self._timer.stop()
