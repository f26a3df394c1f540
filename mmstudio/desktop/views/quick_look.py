"""Quick look: any asset, large, over the window. Space or Esc closes, arrows go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from mmstudio.desktop.previewers.preview import AssetPreview
from mmstudio.desktop.texts import label
from mmstudio.desktop.views.controls import tool
from mmstudio.desktop.words import duration_text, kind_name
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset


class QuickLook(QWidget):
    """Covers ``over`` while open. ``stepped`` asks for the asset before (-1) or after (+1)."""

    stepped = Signal(int)

    def __init__(self, context: AppContext, over: QWidget) -> None:
        super().__init__(over)
        self._context, self._over = context, over
        self._ids: list[int] = []
        self._place = 0
        self._came_from: QWidget | None = None  # has the focus again when quick look closes
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.preview = AssetPreview(context)
        self.title = label(role="heading")
        self.facts = label(role="small")
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addWidget(self.facts)
        top.addStretch(1)
        self._before = tool("caret-left", mark("The one before"), lambda: self.step(-1))
        self._after = tool("caret-right", mark("The next one"), lambda: self.step(1))
        self._close = tool("x", mark("Close quick look"), self.close_look)
        for widget in (self._before, self._after, self._close):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 16)
        layout.addLayout(top)
        layout.addWidget(self.preview, 1)
        over.installEventFilter(self)
        self.hide()

    def look(self, ids: list[int]) -> None:
        """Show the first; with several, arrows go through them, else through the view behind."""
        self._ids, self._place = ids, 0
        if not self.isVisible():
            self._came_from = self.window().focusWidget()
        self.setGeometry(self._over.rect())
        self.show()
        self.raise_()
        self._load()

    def step(self, by: int) -> None:
        """The one before or after."""
        if len(self._ids) > 1:
            self._place = max(0, min(len(self._ids) - 1, self._place + by))
            self._load()
        else:
            self.stepped.emit(by)

    def close_look(self) -> None:
        """Go away; players stop."""
        self.preview.clear()
        self.hide()
        if self._came_from is not None and isValid(self._came_from) and self._came_from.isVisible():
            self._came_from.setFocus()
        else:
            self._over.setFocus()

    def _load(self) -> None:
        studio = self._context.studio
        if studio is None:
            return
        asset_id = self._ids[self._place]
        self._context.background(
            lambda: studio.library.assets.get(asset_id), self._show, key="quick-look", owner=self
        )

    def _show(self, asset: Asset) -> None:
        self.title.setText(asset.title)
        facts = [kind_name(asset.kind)]
        if asset.width and asset.height:
            facts.append(f"{asset.width} × {asset.height}")
        if asset.duration:
            facts.append(duration_text(asset.duration))
        self.facts.setText(" · ".join(facts))
        self.preview.show_asset(asset)
        self.preview.view.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._over.rect())
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Escape):
            self.close_look()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.step(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.step(1)
        else:
            super().keyPressEvent(event)
