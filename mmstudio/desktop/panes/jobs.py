"""Jobs: what runs, what waits, what ended and how; pause, resume, cancel, try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QListView, QSplitter, QStyledItemDelegate, QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.icons import paint_icon
from mmstudio.desktop.models.job_model import JobRow, failed_words, progress_text, state_text
from mmstudio.desktop.models.rows import ROW_ROLE, Index
from mmstudio.desktop.pane import Pane
from mmstudio.desktop.texts import action, label, name
from mmstudio.desktop.views.controls import action_tool
from mmstudio.desktop.views.painting import paint_row_ground, paint_text
from mmstudio.desktop.views.states import StateStack
from mmstudio.desktop.words import date_text
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_STATES = {
    "queued": ("clock", "muted"),
    "running": ("circle-dashed", "accent"),
    "paused": ("pause-circle", "warning"),
    "done": ("check-circle", "success"),
    "cancelled": ("x-circle", "muted"),
    "failed": ("warning-circle", "danger"),
}
_HEIGHT = 56


class JobsPane(Pane):
    """The list at the left, the chosen job at the right."""

    key = "jobs"
    name = mark("Jobs")
    icon = "list-dashes"
    with_inspector = False

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.model = context.jobs
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(_JobDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        name(self.view, mark("Jobs"))
        self._make_detail()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.view)
        split.addWidget(self._detail)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        self.stack = StateStack(split)
        self.root.addWidget(self.stack)
        self.view.selectionModel().currentChanged.connect(lambda _now, _before: self._show())
        self.model.dataChanged.connect(self._changed)
        self.model.modelReset.connect(self._fill)
        self.model.rowsInserted.connect(self._inserted)
        self._fill()

    def _make_detail(self) -> None:
        self._detail = QWidget()
        self._detail.setProperty("surface", "window")
        self._detail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._detail.setMinimumWidth(280)
        self.heading = label(role="heading", wrap=True)
        self.state = label(wrap=True)
        self.error = label(role="error", wrap=True)
        self.hint = label(role="muted", wrap=True)
        self.facts = label(role="small", wrap=True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.pause_action = action(self, mark("Pause the job"), lambda: self._act("pause"), icon="pause")
        self.resume_action = action(self, mark("Resume the job"), lambda: self._act("resume"), icon="play")
        self.retry_action = action(
            self, mark("Try the job again"), lambda: self._act("resume"), icon="arrow-clockwise"
        )
        self.cancel_action = action(self, mark("Cancel the job"), lambda: self._act("cancel"), icon="x")
        buttons = QWidget()
        line = QHBoxLayout(buttons)
        line.setContentsMargins(0, 0, 0, 0)
        for made in (self.pause_action, self.resume_action, self.retry_action, self.cancel_action):
            shown = action_tool(made)
            shown.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.visibleChanged.connect(lambda b=shown, a=made: b.setVisible(a.isVisible()))
            line.addWidget(shown)
        line.addStretch(1)
        layout = QVBoxLayout(self._detail)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        for widget in (self.heading, self.state, self.error, self.hint, buttons, self.facts):
            layout.addWidget(widget)
        layout.addStretch(1)

    def activated(self, **args: Any) -> None:
        """Arguments: ``job`` (an id) selects that job."""
        row = self.model.row_of(args["job"]) if "job" in args else -1
        if row >= 0:
            self.view.setCurrentIndex(self.model.index(row))
        elif not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0))

    def retranslate(self) -> None:
        self.view.viewport().update()
        self._show()

    def _fill(self) -> None:
        if self.model.rowCount():
            self.stack.show_content()
            if not self.view.currentIndex().isValid():
                self.view.setCurrentIndex(self.model.index(0))
        else:
            self.stack.show_message(
                mark("No jobs yet."),
                mark("Imports, trainings and exports appear here, with what they did and what went wrong."),
                mark("Go to the Library"),
                lambda: self.context.navigate("library"),
            )
        self._show()

    def _changed(self, _first: QModelIndex, _last: QModelIndex) -> None:
        self._show()

    def _inserted(self, _parent: QModelIndex, _first: int, _last: int) -> None:
        self._fill()

    def _current(self) -> JobRow | None:
        row = self.view.currentIndex().data(ROW_ROLE)
        return row if isinstance(row, JobRow) else None

    def _show(self) -> None:
        row = self._current()
        state = row.state if row is not None and not self.context.read_only else ""
        for made, states in (
            (self.pause_action, ("running",)),
            (self.resume_action, ("paused",)),
            (self.retry_action, ("failed", "cancelled")),
            (self.cancel_action, ("running", "queued", "paused")),
        ):
            made.setEnabled(state in states)
            made.setVisible(state in states)
        if row is None:
            return
        self.heading.setText(tr(row.title))
        self.state.setText(state_text(row) if row.state != "failed" else tr("Failed"))
        error, hint = failed_words(row)
        self.error.setText(error)
        self.hint.setText(hint)
        self.error.setVisible(bool(error) and row.state == "failed")
        self.hint.setVisible(bool(hint) and row.state == "failed")
        self.facts.setText("\n".join(self._facts(row)))

    def _facts(self, row: JobRow) -> list[str]:
        lines = [tr("Started {when}", when=date_text(row.created_at))] if row.created_at else []
        for key, value in row.result.items():
            words = tr(_RESULT_WORDS.get(key, ""))
            if words and value and isinstance(value, list):
                lines.append(f"{words}: {len(value):,}")
                lines += [f"  {_line(entry)}" for entry in value[:12]] if key in _LISTED else []
            elif words and value:
                lines.append(f"{words}: {value:,}" if isinstance(value, int) else f"{words}: {value}")
        return lines

    def _act(self, what: str) -> None:
        row = self._current()
        if row is not None:
            getattr(self.model, what)(row.id)


_RESULT_WORDS = {
    "added": mark("Added"),
    "updated": mark("Updated"),
    "moved": mark("Moved"),
    "unchanged": mark("Unchanged"),
    "missing": mark("Missing"),
    "failed": mark("Could not be read"),
    "items": mark("Items"),
    "reviews": mark("Reviews"),
    "links": mark("Links"),
    "interactions": mark("Interactions"),
    "interactions_again": mark("Interactions that were there before"),
    "row_notes": mark("Rows that came in with a remark"),
    "row_errors": mark("Rows that could not be read"),
    "missing_images": mark("Pictures the catalogue names but that are not there"),
    "files": mark("Files"),
    "assets": mark("Assets"),
    "fixed": mark("Mended"),
}
_LISTED = {"failed", "row_errors", "row_notes", "missing_images"}


def _line(entry: Any) -> str:
    return " · ".join(str(part) for part in entry) if isinstance(entry, list | tuple) else str(entry)


class _JobDelegate(QStyledItemDelegate):
    def sizeHint(self, option: Any, index: Index) -> QSize:
        return QSize(240, _HEIGHT)

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, JobRow):
            return
        rect = QRect(option.rect)
        painter.save()
        paint_row_ground(painter, option, rect)
        symbol, role = _STATES.get(row.state, ("circle", "muted"))
        paint_icon(painter, QRectF(rect.x() + 14, rect.y() + 10, 18, 18), symbol, role)
        left, width = rect.x() + 44, rect.width() - 60
        paint_text(painter, QRect(left, rect.y() + 8, width, 20), tr(row.title), bold=row.active)
        words = progress_text(row) if row.state == "running" else state_text(row)
        below = QRect(left, rect.y() + 29, width, 18)
        if row.state == "running":
            track = QRectF(left, rect.y() + 36, min(200, width // 2), 5)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed"))
            painter.drawRoundedRect(track, 2.5, 2.5)
            painter.setBrush(theme.color("accent"))
            done = row.fraction
            if done is not None:
                painter.drawRoundedRect(
                    QRectF(track.x(), track.y(), track.width() * done, track.height()), 2.5, 2.5
                )
            below.setLeft(round(track.right()) + 12)
        paint_text(
            painter, below, words, role="danger" if row.state == "failed" else "muted", pixels=theme.SMALL
        )
        painter.restore()

    def helpEvent(self, event: Any, view: Any, option: Any, index: QModelIndex | Any) -> bool:
        return False
