"""Where and for which channels to export: one small popup, one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.popup_card import CheckList, FolderCard, channel_choices
from mmstudio.i18n import mark

_WIDTH, _HEIGHT = 400, 460  # at most; more channels scroll


class ExportPopup(FolderCard):
    """Channels to tick and a folder; :attr:`wanted` carries (channel names, folder)."""

    wanted = Signal(list, str)
    check_wanted = Signal()  # the person wants to see what holds it back first

    def __init__(self, parent: QWidget | None = None) -> None:
        self.export_button = button(mark("Export"), lambda: self._export(), "primary", icon="export")
        super().__init__(self.export_button, parent)
        name(self, mark("Export for"))
        self._list = CheckList()
        self._list.changed.connect(self._say_count)
        self.column.addWidget(label(mark("Export for"), "heading"))
        self.column.addWidget(self._list, 1)
        self.check_button = button(
            mark("Look at compliance first"), self._check, "link", icon="shield-check",
            tip=mark("Rights, consent, dates, countries, AI label, claims and brand before it leaves"),
        )  # fmt: skip
        self.column.addWidget(self.check_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.add_folder()

    @property
    def boxes(self) -> dict[str, QCheckBox]:
        """The boxes by channel."""
        return self._list.boxes

    def offer(self, channels: list[ChannelRow], folder: str, anchor: QWidget) -> None:
        """Show below or above a widget; ticks stay while the channels do."""
        if self._list.set_choices(channel_choices(channels)):
            self.resize(_WIDTH, min(_HEIGHT, 160 + self._list.list.sizeHint().height()))
        self._set_folder(folder)
        self._say_count()
        self.place(anchor)
        self.export_button.setFocus()

    def _check(self) -> None:
        self.hide()
        self.check_wanted.emit()

    def _say_count(self) -> None:
        n = len(self._list.ticked())
        self.export_button.setEnabled(n > 0)
        say(
            self.export_button,
            mark("Export for {n} channels") if n != 1 else mark("Export for 1 channel"),
            n=n,
        )

    def _export(self) -> None:
        self.hide()
        self.wanted.emit(self._list.ticked(), self._folder)
