"""Segments: groups of people that the events show, on a map; those that make sense become audiences."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QListView, QSpinBox, QSplitter, QVBoxLayout, QWidget

from mmstudio.desktop.models.segments import Found, SegmentListModel, find_segments
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name, say
from mmstudio.desktop.views.controls import button, help_dot, inset
from mmstudio.desktop.views.events_import import IMPORT_EVENTS, choose_events
from mmstudio.desktop.views.flow import FlowLayout
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.segment_card import SegmentCard
from mmstudio.desktop.views.segment_plot import SegmentPlot
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_ALIKE = 0.5  # likeness from which somebody counts as a lookalike
_LOOKALIKES = 1000


class SegmentsPane(Pane):
    """A map of members at the left; the segments and one of them at the right."""

    key: ClassVar[str] = "segments"
    name: ClassVar[str] = mark("Segments")
    icon: ClassVar[str] = "circles-three"
    with_inspector: ClassVar[bool] = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.found: Found | None = None
        self._names: dict[int, str] = {}
        self._kept: int | None = None
        self._asked = False
        self._stop: threading.Event | None = None  # of the search under way
        self.pictures = Pictures(context, parent=self)
        self.model = SegmentListModel(self)
        self._build()
        context.theme_changed.connect(self._restyle)
        self.library_changed()

    def _build(self) -> None:
        self.count = QSpinBox()
        inset(self.count)
        self.count.setRange(1, 20)
        self.count.setValue(1)
        self.count.setMinimumWidth(150)
        say(self.count, mark("as many as suit"), "setSpecialValueText")
        name(self.count, mark("How many segments"))
        self.find_button = button(mark("Find segments"), self.look_for, "primary", icon="circles-three")
        self.cancel_button = button(
            mark("Cancel"), self.cancel, icon="x", tip=mark("Stop looking; what was found before stays")
        )
        self.cancel_button.hide()
        self.events_button = button(IMPORT_EVENTS, lambda: choose_events(self.context, self), icon="table")
        self.back_button = button(
            mark("Back to the audiences"), lambda: self.context.navigate("audiences"), icon="users-three"
        )
        bar = QWidget()
        flow = FlowLayout(bar)
        flow.setContentsMargins(16, 12, 16, 8)
        for part in (
            self.find_button,
            self.cancel_button,
            label(mark("Segments"), "muted"),
            help_dot(
                mark(
                    "People who choose alike form a segment. The studio tries several numbers of segments "
                    "and takes the one whose groups are clearest and are the same in both halves of the data."
                )
            ),
            self.count,
            self.events_button,
            self.back_button,
        ):
            flow.addWidget(part)
        self.note = label(role="small", wrap=True)
        self.note.setContentsMargins(16, 0, 16, 8)
        self.note.setMinimumWidth(1)
        self.plot = SegmentPlot(self._title_of)
        self.plot.segment_chosen.connect(self._choose)
        self.list = QListView()
        self.list.setProperty("role", "menu")
        self.list.setModel(self.model)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        name(self.list, mark("Segments"))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.card = SegmentCard(self.pictures)
        self.card.keep.connect(self.keep)
        self.card.opened.connect(lambda item: self.context.navigate("items", item=item))
        self.card.audience_wanted.connect(self._show_audience)
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.list)
        right.addWidget(self.card)
        right.setChildrenCollapsible(False)
        right.setSizes([170, 470])
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.plot)
        self.splitter.addWidget(right)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.splitter.setSizes([640, 360])
        self.states = StateStack(self.splitter)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(bar)
        whole.addWidget(self.note)
        whole.addWidget(self.states, 1)
        self.root.addLayout(whole)
        self._find_action = action(self, mark("Find segments"), self.look_for, icon="circles-three")

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        if self.context.studio is not None and not self._asked:
            self.look_for()

    def library_changed(self) -> None:
        self._forget_search()
        self.found, self._kept, self._asked = None, None, False
        self.pictures.forget()
        self.model.set_rows([])
        self.note.hide()
        self.events_button.setEnabled(not self.context.read_only)
        if self.context.studio is None:
            self.states.show_message(
                mark("Segments of your customers"), mark("Open a library first."),
                mark("Go to the Library"), lambda: self.context.navigate("library"),
            )  # fmt: skip
        elif self.isVisible():
            self.look_for()
        else:
            self.states.show_loading(mark("Looking for groups of people who choose alike"))

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        if topic == "assets":
            self.pictures.forget_assets(ids)
        elif topic == "audiences" and ids is None:  # events came in
            self._asked = False
            if self.isVisible() and (self.found is None or not self.found.segments):
                self.look_for()

    def retranslate(self) -> None:
        if self.found is not None:
            self.look_for()

    def actions_menu(self) -> list[QAction]:
        return [self._find_action]

    def _restyle(self) -> None:
        self.plot.restyle()
        self.model.refresh()

    # --- finding ------------------------------------------------------------------------------------

    def look_for(self) -> None:
        """Look for segments in all events."""
        studio = self.context.studio
        if studio is None:
            return
        self._asked = True
        count = self.count.value() if self.count.value() > 1 else None
        self._forget_search()
        stop = self._stop = threading.Event()
        self._enable()
        self.states.show_loading(mark("Looking for groups of people who choose alike"))
        self.context.background(
            lambda: find_segments(studio, count, 0, stop.is_set),
            self._show, self._failed, key="segments-find",
        )  # fmt: skip

    def cancel(self) -> None:
        """Stop looking; what was found before is shown again."""
        if self._stop is None:
            return
        self._forget_search()
        if self.found is not None:
            self._show(self.found)
            return
        self.states.show_message(
            mark("The search was stopped"),
            mark("Segments are groups of people who choose alike. Look again whenever you like."),
            "" if self.context.read_only else mark("Find segments"),
            self.look_for,
        )

    def _forget_search(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self.context.drop("segments-find")
        self._stop = None
        self._enable()

    def _enable(self) -> None:
        self.find_button.setEnabled(self._stop is None)
        self.cancel_button.setVisible(self._stop is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._stop is not None:
            self.cancel()
            return
        super().keyPressEvent(event)

    def _failed(self, error: Exception) -> None:
        self._forget_search()
        self.states.show_failure(error, self.look_for)

    def _show(self, found: Found) -> None:
        self._stop = None
        self._enable()
        self.found, self._kept = found, None
        self.note.setText(found.segments.note)
        if not found.segments:
            self.note.hide()
            self.states.show_message(
                mark("No segments yet"),
                "{note}",
                IMPORT_EVENTS if not self.context.read_only else "",
                lambda: choose_events(self.context, self),
                note=" ".join(
                    part
                    for part in (
                        found.segments.note,
                        tr(
                            "Segments come from what people did: a table with a user, an item and what "
                            "happened (view, like, buy or a rating) in each line."
                        ),
                    )
                    if part
                ),
            )
            return
        self.note.setVisible(bool(found.segments.note))
        self._names = {i: one.name for i, one in enumerate(found.segments)}
        self.states.show_content()
        self.model.set_rows(list(found.segments))
        self.plot.show_segments(found.segments, found.segments.map)
        self.list.setCurrentIndex(self.model.index(0))
        self._show_segment(0)

    def _title_of(self, member: int) -> str:
        """A point in words: its segment, never a person."""
        if self.found is None:
            return ""
        found = self.found.segments.map
        place = (found.members == member).nonzero()[0]
        return self._names.get(int(found.segment[place[0]]), "") if len(place) else ""

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._show_segment(current.row())

    def _choose(self, segment: int) -> None:
        if 0 <= segment < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(segment))

    def _show_segment(self, index: int) -> None:
        if self.found is None or index >= len(self.found.segments):
            return
        self._kept = None
        self.plot.mark_segment(index)
        self.card.show_segment(self.found, index, read_only=self.context.read_only)

    # --- keeping ------------------------------------------------------------------------------------

    def keep(self, wanted: str) -> None:
        """Make an audience of the chosen segment."""
        studio, place = self.context.studio, self.list.currentIndex().row()
        if studio is None or self.found is None or place < 0 or self.context.read_only:
            return
        segment = self.found.segments[place]
        self.card.keep_button.setEnabled(False)

        def work() -> tuple[int, int]:
            from mmstudio.recommendation.lookalikes import lookalikes
            from mmstudio.recommendation.segments import keep

            made = keep(studio.library, segment, wanted)
            alike = lookalikes(studio.recommender, made, _LOOKALIKES)
            return made, sum(likeness >= _ALIKE for _member, likeness in alike)

        self.context.background(work, self._was_kept, self._not_kept)

    def _was_kept(self, result: tuple[int, int]) -> None:
        self._kept = result[0]
        self.card.show_kept(True, result[1])

    def _not_kept(self, error: Exception) -> None:
        self.card.keep_button.setEnabled(True)
        self.context.report(error)

    def _show_audience(self) -> None:
        if self._kept is not None:
            self.context.navigate("audiences", audience=self._kept)
