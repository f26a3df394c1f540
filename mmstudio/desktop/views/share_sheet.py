"""Texts to paste beside an exported picture: title, text, hashtags, description and link."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from mmstudio.desktop.models.channels import ChannelRow
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import button, row, tool
from mmstudio.desktop.views.fields import TextField
from mmstudio.desktop.views.files import copy_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.export.share import ShareTexts

_PARTS = (
    ("title", mark("Title")),
    ("text", mark("Text")),
    ("hashtags", mark("Hashtags")),
    ("alt", mark("Description of the picture")),
    ("link", mark("Link")),
)


class ShareSheet(QDialog):
    """Shows and copies what is written beside a post. Made for one storyboard."""

    def __init__(
        self, context: AppContext, storyboard: int, channels: list[ChannelRow], channel: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.context, self._storyboard = context, storyboard
        self.setWindowTitle(tr("Texts to share"))
        self.channel = QComboBox()
        name(self.channel, mark("Channel"), mark("Its length of text decides what fits."))
        for entry in channels:
            if entry.copy_length or entry.name == channel:
                self.channel.addItem(entry.label, entry.name)
        self.channel.setCurrentIndex(max(self.channel.findData(channel), 0))
        self.channel.currentIndexChanged.connect(lambda _index: self._read())
        grid = QGridLayout()
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(12)
        self.fields: dict[str, QLineEdit | TextField] = {}
        for line, (key, words) in enumerate(_PARTS):
            field: QLineEdit | TextField = TextField(3, 8) if key in ("text", "alt") else QLineEdit()
            field.setReadOnly(True)
            name(field, words)
            self.fields[key] = field
            grid.addWidget(label(words), line, 0)
            grid.addWidget(field, line, 1)
            grid.addWidget(tool("copy", mark("Copy"), partial(self._copy, key)), line, 2)
        self.length = QLabel()
        self.length.setProperty("role", "small")
        self.copy_button = button(mark("Copy all for a post"), self._copy_all, "primary", icon="copy")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.addWidget(self.channel)
        layout.addLayout(grid, 1)
        layout.addLayout(row(self.length, None, self.copy_button))
        self.resize(560, 460)
        self._texts: ShareTexts | None = None
        self._read()

    def _read(self) -> None:
        studio = self.context.studio
        if studio is None:
            return
        wanted, storyboard = str(self.channel.currentData() or ""), self._storyboard

        def work() -> ShareTexts:
            from mmstudio.composition import Storyboard
            from mmstudio.export.channels import chosen
            from mmstudio.export.share import share_texts

            kept = studio.library.storyboards.get(storyboard)
            board = Storyboard.from_dict(kept.data, kept.id)
            return share_texts(studio.library, board, chosen([wanted])[0] if wanted else None)

        self.context.background(work, self._show, self.context.report, owner=self)

    def _show(self, texts: ShareTexts) -> None:
        self._texts = texts
        for key, field in self.fields.items():
            value = str(getattr(texts, key))
            if isinstance(field, TextField):
                field.setPlainText(value)
            else:
                field.setText(value)
                field.setCursorPosition(0)
        if texts.most:
            words = tr("{n} of {most} characters", n=texts.length, most=texts.most)
        else:
            words = tr("{n} characters", n=texts.length)
        self.length.setText(words)

    def _copy(self, key: str) -> None:
        if self._texts is not None:
            copy_text(str(getattr(self._texts, key)))

    def _copy_all(self) -> None:
        if self._texts is not None:
            from mmstudio.export.share import whole_text

            copy_text(whole_text(self._texts))
            self.context.notify(tr("The texts are on the clipboard."))
