"""Tags that the library's own model suggests for an asset: a click accepts, the cross refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from mmstudio.desktop.icons import icon
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

MOST, LEAST_SURE = 6, 0.3


class TagSuggestions(QWidget):
    """Chips with a dotted outline and how sure each is; not there where nothing is suggested."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asset_id: int | None = None
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips, 4)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        lines.addWidget(label(mark("Suggested"), "small"))
        lines.addWidget(self._chips)
        self.hide()

    def show_for(self, asset_id: int | None) -> None:
        """Ask for the suggestions of an asset in a worker; None shows none."""
        self._asset_id = asset_id
        studio = self._context.studio
        if asset_id is None or studio is None:
            self._context.drop("tag-suggestions")
            self._show([])
            return

        def ask() -> tuple[int, list[tuple[str, float]]]:
            shared = studio.features.shared
            if shared is None or not shared.ready:
                return asset_id, []
            found = [(tag, sure) for tag, sure in shared.suggest_tags(asset_id) if sure >= LEAST_SURE]
            return asset_id, found[:MOST]

        self._context.background(
            ask, self._arrived, lambda _e: self._show([]), key="tag-suggestions", owner=self
        )

    @property
    def shown(self) -> list[str]:
        """The tags that are suggested now."""
        return [
            str(chip.property("tag"))
            for chip in self._chips.findChildren(QToolButton)
            if chip.property("tag")
        ]

    def _arrived(self, answer: tuple[int, list[tuple[str, float]]]) -> None:
        if answer[0] == self._asset_id:
            self._show(answer[1])

    def _show(self, found: list[tuple[str, float]]) -> None:
        self._flow.clear()
        for tag, sure in found:
            chip = self._chip(tag, sure)
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(found))
        self._chips.updateGeometry()

    def _chip(self, tag: str, sure: float) -> QWidget:
        percent = round(100 * sure)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        accept, refuse = QToolButton(), QToolButton()
        accept.setText(f"{tag}  {percent} %".replace("&", "&&"))  # no shortcut
        accept.setProperty("tag", tag)
        accept.setProperty("role", "suggested")
        accept.setAccessibleName(tr("Add the tag {tag}, {percent} % sure", tag=tag, percent=percent))
        accept.clicked.connect(lambda _on=False: self._accept(tag))
        refuse.setIcon(icon("x", "muted"))
        refuse.setIconSize(QSize(12, 12))
        refuse.setProperty("role", "refuse")
        refuse.setAccessibleName(tr("Do not suggest the tag {tag} here", tag=tag))
        refuse.clicked.connect(lambda _on=False: self._refuse(tag))
        for part in (accept, refuse):
            part.setToolTip(part.accessibleName())
            part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            part.setEnabled(not self._context.read_only)
            line.addWidget(part)
        return whole

    def _accept(self, tag: str) -> None:
        asset_id = self._asset_id
        if asset_id is not None and not self._context.read_only:
            library = self._context.library
            self._context.background(lambda: library.assets.add_tags([asset_id], [tag]))

    def _refuse(self, tag: str) -> None:
        asset_id = self._asset_id
        if asset_id is not None and not self._context.read_only:
            library = self._context.library
            self._context.background(lambda: library.assets.refuse_tag([asset_id], tag))
