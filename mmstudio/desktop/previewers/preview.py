"""The previewer for an asset, chosen by its kind and built when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mmstudio.desktop.previewers.film import FilmView
from mmstudio.desktop.previewers.page import PageView
from mmstudio.desktop.previewers.picture import PictureView
from mmstudio.desktop.previewers.sound import SoundView
from mmstudio.desktop.texts import label, unsay

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

View = PictureView | SoundView | FilmView | PageView
_VIEWS: dict[str, type[View]] = {
    "image": PictureView,
    "audio": SoundView,
    "video": FilmView,
    "text": PageView,
}


class AssetPreview(QWidget):
    """Shows any asset; one at a time."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._views: dict[str, View] = {}
        self._stack = QStackedWidget()
        self._problem = label(role="muted", wrap=True)
        self._stack.addWidget(self._problem)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.asset: Asset | None = None

    @property
    def view(self) -> QWidget:
        """The previewer in use."""
        current = self._stack.currentWidget()
        return current if current is not None else self

    def show_asset(self, asset: Asset) -> None:
        """Show an asset; what was shown before stops."""
        if self.asset is not None and self.asset.kind != asset.kind:
            earlier = self._views.get(self.asset.kind)
            if earlier is not None:
                earlier.clear()
        self.asset = asset
        if asset.status != "ok":
            unsay(self._problem)
            self._problem.setText(asset.status_note)
            self._stack.setCurrentWidget(self._problem)
            return
        view = self._views.get(asset.kind)
        if view is None:
            view = self._views[asset.kind] = _VIEWS[asset.kind](self._context)
            self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        view.show_asset(asset)

    def clear(self) -> None:
        """Show nothing; players stop."""
        self.asset = None
        for view in self._views.values():
            view.clear()

    def close_preview(self) -> None:
        """End the threads of players."""
        for view in self._views.values():
            if isinstance(view, FilmView):
                view.close_view()
