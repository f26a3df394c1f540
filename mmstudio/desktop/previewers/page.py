"""Text, as plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit

from mmstudio.desktop.texts import name
from mmstudio.i18n import mark, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

_SHOWN = 200_000  # characters; a longer text is read in its own program


class PageView(QPlainTextEdit):
    """The text of a file, read only."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        name(self, mark("Text"))

    def show_asset(self, asset: Asset) -> None:
        """Show a text of the library."""
        self.setPlainText("")
        library = self._context.library

        def load() -> str:
            from mmstudio.media.text import load_text

            return load_text(library.assets.path_of(asset)).text[:_SHOWN]

        self._context.background(load, self.setPlainText, self._failed, key=("page", id(self)))

    def clear(self) -> None:
        """Show nothing."""
        self._context.drop(("page", id(self)))
        super().clear()

    def _failed(self, error: Exception) -> None:
        self.setPlainText(tr_error(error)[0])
