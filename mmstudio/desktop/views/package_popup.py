"""What goes into a preview package: which storyboards, a note, its mark, and where it is written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, row
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.flow import empty
from mmstudio.i18n import mark, tr

_MOST = 8  # storyboards in a package


class PackagePopup(QFrame):
    """``wanted`` carries the parameters of the job."""

    wanted = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._folder = ""
        self.boxes: dict[int, QCheckBox] = {}
        self._list = QWidget()
        self._list_layout = QVBoxLayout(self._list)
        self._list_layout.setContentsMargins(0, 0, 0, 0)
        self._list_layout.setSpacing(4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self._list)
        scroll.setMaximumHeight(150)
        self.note = TextField()
        name(self.note, mark("A note for the client"))
        say(self.note, mark("A note for the client"), "setPlaceholderText")
        self.watermark = self._box(mark("Write PREVIEW over it"), on=True)
        self.pictures = self._box(mark("Pictures instead of films"))
        self.zipped = self._box(mark("As one ZIP file"), on=True)
        self._folder_label = QLabel()
        self._folder_label.setProperty("role", "small")
        self._folder_label.setWordWrap(True)
        self.make_button = button(mark("Make the package"), self._make, "primary", icon="package")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(label(mark("Preview package"), "heading"))
        layout.addWidget(scroll)
        layout.addWidget(self.note)
        for box in (self.watermark, self.pictures, self.zipped):
            layout.addWidget(box)
        layout.addWidget(self._folder_label)
        layout.addLayout(
            row(button(mark("Other folder"), self._browse, icon="folder-open"), None, self.make_button)
        )
        self.setFixedWidth(400)

    def offer(
        self, storyboards: list[tuple[int, str]], ticked: list[int], folder: str, anchor: QWidget
    ) -> None:
        """Show beside a widget; ``storyboards`` are (id, title), those of ``ticked`` are in."""
        empty(self._list_layout)
        self.boxes = {}
        for id_, title in storyboards:
            box = QCheckBox(title)
            box.setChecked(id_ in ticked)
            box.toggled.connect(lambda _on: self._count())
            self.boxes[id_] = box
            self._list_layout.addWidget(box)
        self._list_layout.addStretch(1)
        self._set_folder(folder)
        self._count()
        self.adjustSize()
        at = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + 4))
        screen = anchor.screen().availableGeometry()
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        at.setY(max(screen.top(), min(at.y(), screen.bottom() - self.height())))
        self.move(at)
        self.show()
        self.make_button.setFocus()

    def _box(self, words: str, *, on: bool = False) -> QCheckBox:
        made = QCheckBox()
        say(made, words)
        made.setChecked(on)
        return made

    def _ticked(self) -> list[int]:
        return [id_ for id_, box in self.boxes.items() if box.isChecked()]

    def _count(self) -> None:
        self.make_button.setEnabled(0 < len(self._ticked()) <= _MOST)

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

    def _make(self) -> None:
        self.hide()
        self.wanted.emit(
            {
                "storyboards": self._ticked(),
                "out": self._folder,
                "zipped": self.zipped.isChecked(),
                "watermark": self.watermark.isChecked(),
                "video": not self.pictures.isChecked(),
                "note": self.note.words().strip(),
            }
        )
