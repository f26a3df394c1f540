"""One finding that is not a pair: a file with its preview, an item, a class; and what would help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.previewers.preview import AssetPreview
from mmstudio.desktop.texts import label, say, unsay
from mmstudio.desktop.views.controls import button, row
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.desktop.models.findings import SubjectRow

# What a person can do where no fix can: kind → words.
_ADVICE = {
    "missing": mark(
        "If the folder was moved or renamed, relink it: the studio knows files by their content."
    ),
    "corrupt": mark("Copy the file again from where it came from, or move it to the trash."),
    "empty": mark("There is nothing in this file."),
    "tiny": mark("Too small to be shown, learned from or heard."),
    "blurred": mark("Some pictures are blurred on purpose: ignore those."),
    "dark": mark("Some pictures are dark on purpose: ignore those."),
    "silent": mark("Nothing is to be heard in it."),
    "clipped": mark("It was recorded too loud; a quieter recording would be better to learn from."),
    "item-title": mark("Give the item a title: every ad begins with it."),
    "item-text": mark("Give the item a description: words for ads are taken from it."),
    "item-price": mark("Give the item a price, where it has one."),
    "item-picture": mark("Give the item a picture: it cannot be shown without."),
    "category-small": mark("A model learns little of a class with few examples: add some, or join classes."),
    "tag-small": mark("A model learns little of a tag with few examples: tag more media, or join tags."),
    "language": mark("Make sure that it belongs to this library, or ignore it."),
}
_NOTHING_TO_SEE = ("missing", "corrupt", "empty")


class SingleView(QWidget):
    """Shows the chosen subject large, with one sentence of advice and a way to it."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._item = 0
        self._word = ""
        self.heading = label(role="heading", wrap=True)
        self.detail = label(role="muted", wrap=True)
        self.advice = label(wrap=True)
        self.preview = AssetPreview(context)
        self.blank = QWidget()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.blank)
        self._stack.addWidget(self.preview)
        self.open_item = button(mark("Open the item"), self._show_item, "primary")
        self.open_tag = button(mark("Show the media"), self._show_tag, "primary")
        ways = QWidget()
        ways.setLayout(row(self.open_item, self.open_tag, None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.heading, self.detail, self.advice, ways):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)

    def show_subject(self, kind: str, chosen: SubjectRow) -> None:
        """Show a subject of a kind."""
        for words in (self.heading, self.detail):
            unsay(words)
        self.heading.setText(chosen.title)
        self.detail.setText(chosen.detail)
        say(self.advice, _ADVICE[kind])
        self._item = chosen.subject.item_ids[0] if chosen.subject.item_ids else 0
        self._word = chosen.subject.word if kind == "tag-small" else ""
        self.open_item.setVisible(bool(self._item))
        self.open_tag.setVisible(bool(self._word))
        if chosen.asset is not None and kind not in _NOTHING_TO_SEE:
            self.preview.show_asset(chosen.asset)
            self._stack.setCurrentWidget(self.preview)
        else:
            self.preview.clear()
            self._stack.setCurrentWidget(self.blank)

    def clear(self) -> None:
        """Show nothing; players stop."""
        self.preview.clear()

    def close_view(self) -> None:
        """End the threads of players."""
        self.preview.close_preview()

    def _show_item(self) -> None:
        self._context.navigate("items", item=self._item)

    def _show_tag(self) -> None:
        self._context.navigate("library", query=f'tag:"{self._word}"')
