"""The map of the library: alike things lie together; a loop around them selects them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from mmstudio.desktop import theme
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name
from mmstudio.desktop.views.ask import AskPanel
from mmstudio.desktop.views.controls import button, help_dot, tool
from mmstudio.desktop.views.map_plot import MapPlot
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.words import KIND_PLURALS
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext
    from mmstudio.features.inside.maps import Grouping, Method, Projection
    from mmstudio.library import Asset

    # (extractor, kind of media, label, how many) of every map there could be, and the one asked for
    _Answer = tuple[list[tuple[str, str, str, int]], Projection | None]

_METHODS = (("t-sne", mark("t-SNE")), ("pca", mark("PCA")))
_GROUPINGS = (
    ("category", mark("Category")),
    ("tag", mark("Tag")),
    ("colour", mark("Main colour")),
    ("origin", mark("Origin")),
)
_THUMB = 56
_PLURALS: dict[str, str] = {str(kind): words for kind, words in KIND_PLURALS.items()}


class MapPane(Pane):
    """A plot over the media of one kind of feature, with a legend."""

    key = "map"
    name = mark("Map of the library")
    icon = "map-trifold"
    shares_selection = True

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._titles: dict[int, str] = {}
        self._waiting: dict[str, Asset] = {}
        self._groups: list[str] = []
        self._choices: list[tuple[str, str, str, int]] = []
        self._stale = True
        self.plot = MapPlot(lambda asset_id: self._titles.get(asset_id, ""))
        self.what, self.method, self.by = QComboBox(), QComboBox(), QComboBox()
        name(self.what, mark("What to lay out"))
        name(self.method, mark("How to lay it out"))
        name(self.by, mark("What colours tell"))
        self.count = label(role="small")
        self.legend = QListWidget()
        self.legend.setProperty("role", "menu")
        name(self.legend, mark("Groups"), mark("Click a group to select it"))
        self.legend.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.legend.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_button = button(mark("Show in the library"), self.show_selected, icon="squares-four")
        self.tag_button = button(mark("Add a tag…"), self.tag_selected, icon="tag")
        self.lasso = tool(
            "scribble-loop", mark("Draw a loop"), checkable=True,
            tip=mark("Draw a loop around things to select them (Shift and drag does it at any time)"),
        )  # fmt: skip
        self.root.addWidget(self._bar())
        body = QSplitter(Qt.Orientation.Horizontal)
        body.addWidget(self.plot)
        body.addWidget(self._side())
        body.setStretchFactor(0, 1)
        body.setSizes([700, 204])
        body.setChildrenCollapsible(False)
        self.stack = StateStack(body)
        self.root.addWidget(self.stack, 1)
        self._make_actions()
        self._connect()
        self.retranslate()
        self.library_changed()

    def _bar(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 6, 12, 6)
        line.setSpacing(8)
        for widget in (
            self.what, self.method,
            help_dot(
                mark(
                    "Every dot is one of your media; alike ones lie together. t-SNE keeps neighbours "
                    "together, distances between far groups mean little; PCA shows the two directions "
                    "that differ most."
                )
            ),
            label(mark("Colours"), "small"), self.by,
        ):  # fmt: skip
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.lasso)
        line.addWidget(tool("magnifying-glass-plus", mark("Nearer"), partial(self.plot.zoom, 0.7)))
        line.addWidget(tool("magnifying-glass-minus", mark("Farther"), partial(self.plot.zoom, 1.4)))
        line.addWidget(tool("corners-out", mark("Show everything"), self.plot.fit))
        return bar

    def _side(self) -> QWidget:
        side = QWidget()
        side.setProperty("surface", "side")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setMinimumWidth(204)
        side.setMaximumWidth(280)
        lines = QVBoxLayout(side)
        lines.setContentsMargins(12, 12, 12, 12)
        lines.setSpacing(8)
        lines.addWidget(label(mark("Groups"), "small"))
        lines.addWidget(self.legend, 1)
        lines.addWidget(self.count)
        lines.addWidget(self.show_button)
        lines.addWidget(self.tag_button)
        return side

    def _make_actions(self) -> None:
        action(
            self, mark("Draw a loop"), self.lasso.toggle, icon="scribble-loop", shortcut="L"
        ).setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action(self, mark("Show everything"), self.plot.fit, icon="corners-out")
        action(self, mark("Show in the library"), self.show_selected, icon="squares-four")

    def _connect(self) -> None:
        self.lasso.toggled.connect(self.plot.set_lasso)
        self.what.activated.connect(lambda _row: self.refresh())
        self.method.activated.connect(lambda _row: self.refresh())
        self.by.activated.connect(lambda _row: self._ask_groups())
        self.plot.chosen.connect(self._chosen)
        self.plot.looked.connect(self.context.quick_look)
        self.plot.near.connect(self._near)
        self.legend.itemClicked.connect(
            lambda item: self.plot.select_group(int(item.data(Qt.ItemDataRole.UserRole)))
        )
        self.legend.itemActivated.connect(
            lambda item: self.plot.select_group(int(item.data(Qt.ItemDataRole.UserRole)))
        )
        self.context.thumbnails.ready.connect(self._thumbnail)
        self.context.theme_changed.connect(self._restyle)
        self.context.jobs.busy_changed.connect(self._work_changed)

    # --- what the window asks -----------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        if self._stale:
            self.refresh()
        self.plot.setFocus()

    def library_changed(self) -> None:
        for key in ("map", "map-titles", "map-groups", "map-near"):
            self.context.drop(key)
        self._stale = True
        self.plot.show_points(np.empty(0, np.int64), np.empty((0, 2), np.float32))
        self.legend.clear()
        self.what.clear()
        self._choices = []
        self._tell_count()  # the selection is the window's: a page that is built leaves it alone

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic in ("features", "assets"):
            self._stale = True
            if self.isVisible() and not self.context.jobs.running:
                self.refresh()
        elif topic in ("tags", "facts") and self.isVisible():
            self._ask_groups()

    def _work_changed(self) -> None:
        # What a job brought is laid out once, when it has ended.
        if self._stale and self.isVisible() and not self.context.jobs.running:
            self.refresh()

    def retranslate(self) -> None:
        for box, entries in ((self.method, _METHODS), (self.by, _GROUPINGS)):
            row = max(0, box.currentIndex())
            box.clear()
            for key, words in entries:
                box.addItem(tr(words), key)
            box.setCurrentIndex(row)
        self._show_choices()
        if self.legend.count():
            self._ask_groups()
        self._tell_count()

    # --- the map ------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Lay the media out, in a worker."""
        studio = self.context.studio
        if studio is None:
            return
        self._stale = False  # what changes from here on asks again
        wanted = str(self.what.currentData() or "")
        method: Method = self.method.currentData() or "t-sne"
        if not len(self.plot.ids):
            self.stack.show_loading(mark("Laying out the map…"))
        self.count.setText(tr("Laying out the map…"))

        def ask() -> _Answer:
            maps = studio.features.inside.maps
            choices = [(info.name, info.modality, info.label, count) for info, count in maps.choices()]
            names = [choice[0] for choice in choices]
            if not names:
                return choices, None
            return choices, maps.project(wanted if wanted in names else names[0], method)

        self.context.background(ask, self._laid_out, self._failed, key="map", owner=self)

    def _laid_out(self, answer: _Answer) -> None:
        self._choices, found = answer
        self._show_choices()
        if found is None:
            self.stack.show_message(
                mark("There is no map yet."),
                mark("A map needs features of at least three media: numbers that say what is alike."),
                "" if self.context.read_only else mark("Extract features"),
                lambda: self.context.submit("features", {}),
            )
            return
        self.what.setCurrentIndex(max(0, self.what.findData(found.name)))
        self.stack.show_content()
        self.plot.show_points(found.ids, found.xy)
        self.plot.select_ids(self.context.selection)
        self._tell_count()
        self._ask_titles()
        self._ask_groups()

    def _show_choices(self) -> None:
        chosen = self.what.currentData()
        self.what.clear()
        for key, kind, words, count in self._choices:
            self.what.addItem(f"{tr(_PLURALS[kind])} {count:,} · {tr(words)}", key)
        self.what.setCurrentIndex(max(0, self.what.findData(chosen)))

    def _failed(self, error: Exception) -> None:
        self._stale = True
        self.stack.show_failure(error, self.refresh)

    def _ask_titles(self) -> None:
        studio, ids = self.context.studio, [int(i) for i in self.plot.ids]
        if studio is None or not ids:
            return

        def read() -> dict[int, str]:
            return {asset.id: asset.title for asset in studio.library.assets.get_many(ids)}

        self.context.background(read, self._titled, key="map-titles", owner=self)

    def _titled(self, titles: dict[int, str]) -> None:
        self._titles = titles

    def _ask_groups(self) -> None:
        studio, ids = self.context.studio, self.plot.ids
        if studio is None or not len(ids):
            return
        by: Grouping = self.by.currentData() or "category"
        self.context.background(
            lambda: studio.features.inside.maps.groups(ids, by), self._grouped, key="map-groups", owner=self
        )

    def _grouped(self, answer: tuple[Any, list[str]]) -> None:
        group, self._groups = answer
        self.plot.show_groups(group)
        self._show_legend(group)

    def _show_legend(self, group: Any) -> None:
        self.legend.clear()
        entries = [(number, words) for number, words in enumerate(self._groups)]
        if (group < 0).any():
            entries.append((-1, tr("Others")))
        colours = self.by.currentData() == "colour"
        for number, words in entries:
            shown = tr(words) if colours and number >= 0 else words
            item = QListWidgetItem(_sign(number), f"{int((group == number).sum()):,}  {shown}")
            item.setToolTip(shown)
            item.setData(Qt.ItemDataRole.UserRole, number)
            self.legend.addItem(item)

    def _restyle(self) -> None:
        self.plot.restyle()
        for row in range(self.legend.count()):
            item = self.legend.item(row)
            item.setIcon(_sign(int(item.data(Qt.ItemDataRole.UserRole))))

    # --- thumbnails ---------------------------------------------------------------------------------

    def _near(self, ids: list[int]) -> None:
        studio = self.context.studio
        if studio is None or not ids:
            self._waiting.clear()
            return
        self.context.background(
            lambda: studio.library.assets.get_many(ids), self._want_thumbnails, key="map-near", owner=self
        )

    def _want_thumbnails(self, assets: list[Asset]) -> None:
        self._waiting = {asset.sha256: asset for asset in assets}
        for asset in assets:
            self._thumbnail(asset.sha256)

    def _thumbnail(self, sha256: str) -> None:
        asset = self._waiting.get(sha256)
        if asset is None:
            return
        ratio = self.devicePixelRatioF()
        pixmap = self.context.thumbnails.pixmap(asset, round(_THUMB * ratio))
        if pixmap is not None:
            shown = QPixmap(pixmap)
            shown.setDevicePixelRatio(ratio)
            self.plot.put_thumbnail(asset.id, shown)

    # --- the selection ------------------------------------------------------------------------------

    def _chosen(self, ids: list[int]) -> None:
        self.context.select_assets(ids)
        self._tell_count()

    def _tell_count(self) -> None:
        chosen = len(self.plot.selected)
        self.count.setText(tr("{n} of {total} selected", n=f"{chosen:,}", total=f"{len(self.plot.ids):,}"))
        self.show_button.setEnabled(chosen > 0)
        self.tag_button.setEnabled(chosen > 0 and not self.context.read_only)

    def show_selected(self) -> None:
        """Go to the library with what is selected."""
        if self.plot.selected:
            self.context.navigate("library", query="", select=self.plot.selected)

    def tag_selected(self) -> None:
        """Ask for a tag for what is selected."""
        ids = self.plot.selected
        if not ids or self.context.read_only:
            return
        library = self.context.library

        def accept(text: str) -> None:
            names = [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]
            if names:
                self.context.background(lambda: library.assets.add_tags(ids, names))

        AskPanel(
            self, tr("Tag {n} assets", n=len(ids)), accept, hint=tr("One tag, or several with commas"),
            completions=[],
        )  # fmt: skip


def _sign(group: int) -> QIcon:
    """The mark of a group as the plot draws it."""
    import pyqtgraph

    from mmstudio.desktop.views.map_plot import SYMBOLS

    pixmap = QPixmap(32, 32)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(8, 8)
    painter.scale(10, 10)
    colour = theme.color("muted") if group < 0 else theme.group_colors()[group % 8]
    symbol = SYMBOLS[group % 8] if group >= 0 else "o"
    pen = pyqtgraph.mkPen(colour, width=1.5)
    pen.setCosmetic(True)
    painter.setPen(pen if symbol in "+x" else Qt.PenStyle.NoPen)
    painter.setBrush(pyqtgraph.mkBrush(colour))
    painter.drawPath(pyqtgraph.graphicsItems.ScatterPlotItem.Symbols[symbol])
    painter.end()
    return QIcon(pixmap)
