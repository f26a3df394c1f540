"""The first page: open the sample library, add a folder, or open a library used before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import button
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_RECENT = 5


class WelcomePane(Pane):
    """Shown in place of the panes while no library is open."""

    key = "welcome"
    name = mark("Welcome")
    icon = "house-simple"

    sample_wanted = Signal()
    folder_wanted = Signal()
    open_wanted = Signal()
    folder_dropped = Signal(str)

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setAcceptDrops(True)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(_Mark(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        title = label(mark("Make new things from what you already own"), "title", wrap=True)
        words = label(
            mark(
                "Keep pictures, sounds, clips and texts in one place; learn from them; make ads, cards and "
                "short films for each audience. All on this computer."
            ),
            "muted",
            wrap=True,
        )
        for text in (title, words):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(text, 6)
            line.addStretch(1)
            text.setMaximumWidth(560)
            column.addLayout(line)
        column.addSpacing(16)
        self.sample = button(
            mark("Open the sample library"), self.sample_wanted.emit, "primary", icon="image",
            tip=mark("A small shop with pictures, music and texts, made on this computer in half a minute"),
        )  # fmt: skip
        self.folder = button(
            mark("Add my folder…"), self.folder_wanted.emit, icon="folder-plus",
            tip=mark("Choose a folder of media; the files stay where they are"),
        )  # fmt: skip
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.sample)
        buttons.addWidget(self.folder)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.busy = label(role="muted")
        self.busy.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.busy)
        column.addSpacing(16)
        self._recent_title = label(mark("Libraries used before"), "small")
        column.addWidget(self._recent_title, 0, Qt.AlignmentFlag.AlignHCenter)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column.addLayout(self._recent)
        other = button(mark("Open another library…"), self.open_wanted.emit, "link")
        column.addWidget(other, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.root.addLayout(column)
        context.opening_changed.connect(self._opening)
        context.library_closed.connect(self.show_recent)
        self.show_recent()

    def show_recent(self) -> None:
        """List the libraries used before."""
        while self._recent.count():
            taken = self._recent.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        recent = self.context.settings.recent_libraries[:_RECENT]
        for path in recent:
            link = QPushButton(Path(path).stem)
            link.setProperty("role", "link")
            link.setToolTip(path)
            link.setAccessibleDescription(path)
            link.clicked.connect(lambda _on=False, path=path: self.context.open_library(path))
            self._recent.addWidget(link, 0, Qt.AlignmentFlag.AlignHCenter)
        self._recent_title.setVisible(bool(recent))

    def set_busy(self, words: str) -> None:
        """Say what is under way; empty where nothing is."""
        self.busy.setText(words)
        for widget in (self.sample, self.folder):
            widget.setEnabled(not words)

    def _opening(self, opening: bool) -> None:
        self.set_busy(tr("Opening the library…") if opening else "")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.folder_dropped.emit(paths[0])


class _Mark(QWidget):
    """The program's mark: a frame, a wave, a spark."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(72, 72)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_mark(QPainter(self), QRectF(self.rect()))


def paint_mark(painter: QPainter, rect: QRectF) -> None:
    """Paint the mark into a square."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    side = rect.width()
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(rect, side * 0.22, side * 0.22)
    painter.setBrush(theme.color("on_accent"))
    for n, height in enumerate((0.22, 0.44, 0.62, 0.36, 0.5, 0.26)):
        width = side * 0.07
        x = rect.x() + side * 0.19 + n * side * 0.11
        painter.drawRoundedRect(
            QRectF(x, rect.center().y() - side * height / 2, width, side * height), width / 2, width / 2
        )
