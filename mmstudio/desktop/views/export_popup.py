"""Where and for which channels to export: one small popup, one button."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.texts import label, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.flow import empty
from mmstudio.i18n import mark, tr

_HEIGHT = 400  # at most; more channels scroll


class ExportPopup(QFrame):
    """Channels to tick and a folder; :attr:`wanted` carries (channel names, folder)."""

    wanted = Signal(list, str)
    check_wanted = Signal()  # the person wants to see what holds it back first

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._folder = ""
        self.boxes: dict[str, QCheckBox] = {}
        self._list = QWidget()
        self._list_layout = QVBoxLayout(self._list)
        self._list_layout.setContentsMargins(0, 0, 0, 0)
        self._list_layout.setSpacing(4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self._list)
        self._folder_label = QLabel()
        self._folder_label.setProperty("role", "small")
        self._folder_label.setWordWrap(True)
        self.export_button = button(mark("Export"), self._export, "primary", icon="export")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(label(mark("Export for"), "heading"))
        layout.addWidget(scroll, 1)
        self.check_button = button(
            mark("Look at compliance first"), self._check, "link", icon="shield-check",
            tip=mark("Rights, consent, dates, countries, AI label, claims and brand before it leaves"),
        )  # fmt: skip
        layout.addWidget(self.check_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._folder_label)
        layout.addLayout(
            row(button(mark("Other folder"), self._browse, icon="folder-open"), None, self.export_button)
        )
        self.resize(380, _HEIGHT)

    def offer(self, channels: list[ChannelRow], folder: str, anchor: QWidget) -> None:
        """Show above or below a widget."""
        if set(self.boxes) != {c.name for c in channels}:
            self._fill(channels)
        self._set_folder(folder)
        self._say_count()
        at = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 4))
        screen = anchor.screen().availableGeometry()
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        at.setY(max(screen.top(), min(at.y(), screen.bottom() - self.height())))
        self.move(at)
        self.show()
        self.export_button.setFocus()

    def _check(self) -> None:
        self.hide()
        self.check_wanted.emit()

    def _fill(self, channels: list[ChannelRow]) -> None:
        empty(self._list_layout)
        self.boxes = {}
        order = list(dict.fromkeys(channel.group for channel in channels))
        group = ""
        for channel in sorted(channels, key=lambda c: order.index(c.group)):
            if channel.group != group:
                group = channel.group
                heading = QLabel(group)
                heading.setProperty("role", "small")
                heading.setContentsMargins(0, 8, 0, 0)
                self._list_layout.addWidget(heading)
            box = QCheckBox(f"{channel.label}  ·  {channel.detail}")
            box.setToolTip(channel.limits)
            box.setChecked(channel.standard)
            box.toggled.connect(lambda _on: self._say_count())
            self.boxes[channel.name] = box
            self._list_layout.addWidget(box)
        self._list_layout.addStretch(1)
        self.resize(self.width(), min(_HEIGHT, 150 + self._list_layout.sizeHint().height()))

    def _say_count(self) -> None:
        n = len(self._ticked())
        self.export_button.setEnabled(n > 0)
        say(
            self.export_button,
            mark("Export for {n} channels") if n != 1 else mark("Export for 1 channel"),
            n=n,
        )

    def _ticked(self) -> list[str]:
        return [channel for channel, box in self.boxes.items() if box.isChecked()]

    def _set_folder(self, folder: str) -> None:
        self._folder = folder
        self._folder_label.setText(tr("Into {folder}", folder=folder))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, tr("Folder for exports"), self._folder or str(Path.home())
        )
        if folder:
            self._set_folder(folder)
        self.show()

    def _export(self) -> None:
        self.hide()
        self.wanted.emit(self._ticked(), self._folder)
