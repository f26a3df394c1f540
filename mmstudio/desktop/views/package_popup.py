"""What goes into a preview package: which storyboards, a note, its mark, and where it is written."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.popup_card import CheckList, Choice, FolderCard, tick_box
from mmstudio.i18n import mark

_MOST = 8  # storyboards in a package


class PackagePopup(FolderCard):
    """``wanted`` carries the parameters of the job."""

    wanted = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.make_button = button(mark("Make the package"), lambda: self._make(), "primary", icon="package")
        super().__init__(self.make_button, parent)
        name(self, mark("Preview package"))
        self._list = CheckList()
        self._list.setMaximumHeight(150)
        self._list.changed.connect(self._count)
        self.note = TextField()
        name(self.note, mark("A note for the client"))
        say(self.note, mark("A note for the client"), "setPlaceholderText")
        self.watermark = tick_box(mark("Write PREVIEW over it"), on=True)
        self.pictures = tick_box(mark("Pictures instead of films"))
        self.zipped = tick_box(mark("As one ZIP file"), on=True)
        self.column.addWidget(label(mark("Preview package"), "heading"))
        for part in (self._list, self.note, self.watermark, self.pictures, self.zipped):
            self.column.addWidget(part)
        self.add_folder()
        self.setFixedWidth(400)

    @property
    def boxes(self) -> dict[int, QCheckBox]:
        """The boxes by storyboard."""
        return {int(key): box for key, box in self._list.boxes.items()}

    def offer(
        self, storyboards: list[tuple[int, str]], ticked: list[int], folder: str, anchor: QWidget
    ) -> None:
        """Show beside a widget; ``storyboards`` are (id, title), those of ``ticked`` are in."""
        self._list.set_choices([Choice(str(id_), title) for id_, title in storyboards])
        self._list.tick(str(id_) for id_ in ticked)
        self._set_folder(folder)
        self._count()
        self.adjustSize()
        self.place(anchor)
        self.make_button.setFocus()

    def _count(self) -> None:
        self.make_button.setEnabled(0 < len(self._list.ticked()) <= _MOST)

    def _make(self) -> None:
        self.hide()
        self.wanted.emit(
            {
                "storyboards": [int(key) for key in self._list.ticked()],
                "out": self._folder,
                "zipped": self.zipped.isChecked(),
                "watermark": self.watermark.isChecked(),
                "video": not self.pictures.isChecked(),
                "note": self.note.words().strip(),
            }
        )
