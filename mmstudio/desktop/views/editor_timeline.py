"""The time line of the editor: scenes, the layers of the scene in hand, and sounds, along the seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from mmstudio.composition.editing.base import tracks_named
from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import Storyboard
from mmstudio.desktop import icons, theme
from mmstudio.desktop.models.editor_layers import kind_of
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.announcing import tell
from mmstudio.desktop.views.painting import paint_text, sized
from mmstudio.desktop.words import duration_text
from mmstudio.i18n import mark, tr

NAMES = 132  # pixels of the column of names
RULER, SCENES, ROW = 22, 34, 24
_EDGE = 6  # pixels at an end of a bar that pull it
_LEAST_PX, _MOST_PX = 4.0, 600.0  # pixels a second
_STEP = 1.4
Part = Literal["scene", "layer", "sound"]
Side = Literal["start", "end", "whole"]
_HINT = mark(
    "Up and Down choose a row, Left and Right move the playhead (Shift: by scenes), Ctrl with them moves "
    "what is chosen, Alt with them changes its end, + and - zoom, 0 shows all, S splits the scene, "
    "Space plays"
)
_TRACKS = {"music": mark("Music"), "voice": mark("Voice")}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a layer of the scene in hand, or a sound; its bar in seconds of the storyboard."""

    part: Part
    name: str
    title: str
    icon: str
    start: float
    end: float
    locked: bool = False
    hidden: bool = False


@dataclass
class _Pull:
    """What is being pulled: a scene (by place), a layer or sound (by name), or the playhead."""

    part: Part | Literal["head"]
    side: Side
    at: float  # seconds under the mouse when it was pressed
    start: float = 0.0
    end: float = 0.0
    scene: int = 0
    name: str = ""
    moved: bool = False
    now: float = 0.0


class EditorTimeline(QAbstractScrollArea):
    """Painted by itself; everything it shows can be reached by keys and is said in its description.

    Signals:
        sought: seconds of the playhead. scene_picked: a scene's place. row_picked: part and name.
        scene_trimmed: place, seconds, side ("start", "end"). scene_moved: from, to.
        times_set: a layer's name, begin and end in seconds of its scene.
        sound_set: a sound's name, start and end in seconds of the storyboard, side.
        split_wanted, toggled, released: as they say.
    """

    sought = Signal(float)
    scene_picked = Signal(int)
    row_picked = Signal(str, str)
    scene_trimmed = Signal(int, float, str)
    scene_moved = Signal(int, int)
    times_set = Signal(str, float, float)
    sound_set = Signal(str, float, float, str)
    split_wanted = Signal()
    toggled = Signal()
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board: Storyboard | None = None
        self._rows: list[Row] = []
        self._scene = 0
        self._chosen: list[str] = []
        self._sound = ""
        self._time = 0.0
        self._zoom = 0.0  # pixels a second; 0 shows all
        self._pull: _Pull | None = None
        self._pulled_at = 0.0  # pixels a second while something is pulled: it stays under the mouse
        self.lengths: dict[int, float] = {}  # seconds of sounds by asset
        self.editable = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setMinimumHeight(RULER + SCENES + 2 * ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        name(self, mark("Time line"), _HINT)
        self.setToolTip("")

    def sizeHint(self) -> QSize:
        return QSize(600, RULER + SCENES + 6 * ROW)

    # --- what is shown ------------------------------------------------------------------------------

    def show_board(self, board: Storyboard | None, scene: int, layers: list[str], sound: str) -> None:
        """A storyboard, and what of it is in hand."""
        self._board, self._scene, self._chosen, self._sound = board, scene, list(layers), sound
        self._rows = rows_of(board, scene, self.lengths) if board is not None else []
        self._measure()
        self._tell()
        self.viewport().update()

    def set_time(self, t: float) -> None:
        """Move the playhead; it stays in sight."""
        self._time = t
        if self._pull is None:
            x = self._x(t)
            if not NAMES <= x <= self.viewport().width() - 8:
                bar = self.horizontalScrollBar()
                bar.setValue(bar.value() + round(x - NAMES - (self.viewport().width() - NAMES) * 0.3))
        self.viewport().update()

    @property
    def rows(self) -> list[Row]:
        """The lines below the scenes."""
        return self._rows

    @property
    def scale(self) -> float:
        """Pixels a second."""
        if self._pull is not None and self._pulled_at:
            return self._pulled_at
        room = max(self.viewport().width() - NAMES - 16, 40)
        every = room / max(self._board.duration, 0.1) if self._board is not None else 100.0
        return self._zoom or every

    def zoom(self, by: float, keep: float | None = None) -> None:
        """Look closer (above 1) or from farther; the second ``keep`` stays where it is (the playhead)."""
        at = self._time if keep is None else keep
        x = self._x(at)
        self._zoom = min(max(self.scale * by, _LEAST_PX), _MOST_PX)
        self._measure()
        self.horizontalScrollBar().setValue(round(at * self.scale - (x - NAMES)))
        self.viewport().update()

    def zoom_all(self) -> None:
        """Show everything."""
        self._zoom = 0.0
        self._measure()
        self.viewport().update()

    def _measure(self) -> None:
        seconds = self._board.duration if self._board is not None else 0.0
        wide = round(seconds * self.scale) - (self.viewport().width() - NAMES) + 24 if self._zoom else 0
        self.horizontalScrollBar().setRange(0, max(wide, 0))
        self.horizontalScrollBar().setPageStep(max(self.viewport().width() - NAMES, 1))
        tall = len(self._rows) * ROW - (self.viewport().height() - RULER - SCENES)
        self.verticalScrollBar().setRange(0, max(tall, 0))
        self.verticalScrollBar().setPageStep(max(self.viewport().height() - RULER - SCENES, 1))
        self.verticalScrollBar().setSingleStep(ROW)

    def _tell(self, head: bool = False) -> None:
        """Say the scene and the row in hand; ``head``: where the playhead is, moved by a key."""
        board = self._board
        if board is None or not board.scenes:
            tell(self, "")
            return
        if head:
            tell(self, tr("Playhead at {t}", t=f"{self._time:.2f} s"))
            return
        row = self._row_now()
        scene = board.scenes[self._scene]
        said = tr(
            "Scene {n} of {count}, {name}, {start} to {end}", n=self._scene + 1, count=len(board.scenes),
            name=shown_name(scene.name), start=duration_text(scene.start), end=duration_text(scene.end),
        )  # fmt: skip
        if row is not None:
            said += "; " + tr(
                "{what}, {start} to {end}", what=row.title, start=duration_text(row.start),
                end=duration_text(row.end),
            )  # fmt: skip
            said += "; " + tr("row {n} of {count}", n=self._rows.index(row) + 1, count=len(self._rows))
            said += f", {tr('locked')}" * row.locked + f", {tr('hidden')}" * row.hidden
        tell(self, said, aloud=self._pull is None)

    def _row_now(self) -> Row | None:
        for row in self._rows:
            if (row.part == "sound" and row.name == self._sound) or (
                row.part == "layer" and not self._sound and self._chosen and row.name == self._chosen[0]
            ):
                return row
        return None

    # --- places -------------------------------------------------------------------------------------

    def _x(self, t: float) -> float:
        return NAMES + t * self.scale - self.horizontalScrollBar().value()

    def _t(self, x: float) -> float:
        return max((x - NAMES + self.horizontalScrollBar().value()) / self.scale, 0.0)

    def row_rect(self, index: int) -> QRect:
        """Where a row lies in the viewport."""
        y = RULER + SCENES + index * ROW - self.verticalScrollBar().value()
        return QRect(0, y, self.viewport().width(), ROW)

    def scene_rect(self, index: int) -> QRectF:
        """Where a scene lies in the viewport."""
        assert self._board is not None
        scene = self._board.scenes[index]
        return QRectF(self._x(scene.start), RULER + 3, scene.duration * self.scale, SCENES - 6)

    def bar_rect(self, index: int) -> QRectF:
        """Where the bar of a row lies in the viewport."""
        row, place = self._rows[index], self.row_rect(index)
        left, right = self._x(row.start), self._x(row.end)
        return QRectF(left, place.y() + 3, max(right - left, 3.0), ROW - 6)

    def _hit(self, at: QPointF) -> tuple[Part, int, Side] | None:
        if self._board is None:
            return None
        if RULER <= at.y() < RULER + SCENES:
            for n in range(len(self._board.scenes)):
                rect = self.scene_rect(n)
                if rect.left() <= at.x() <= rect.right():
                    return "scene", n, _side(rect, at.x(), first=n == 0)
            return None
        for n in range(len(self._rows)):
            if at.y() >= RULER + SCENES and self.row_rect(n).contains(at.toPoint()):
                rect = self.bar_rect(n)
                inside = rect.left() - 2 <= at.x() <= rect.right() + 2 and at.x() >= NAMES
                return self._rows[n].part, n, _side(rect, at.x()) if inside else "whole"
        return None

    # --- mouse --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._board is None:
            return
        at = event.position()
        hit = self._hit(at)
        t = self._t(at.x())
        self._pulled_at = self.scale
        if at.y() < RULER:
            if at.x() >= NAMES:
                self._pull = _Pull("head", "whole", t)
                self.sought.emit(min(t, self._board.duration))
            return
        if hit is None:
            self.row_picked.emit("", "")
            return
        part, index, side = hit
        if part == "scene":
            scene = self._board.scenes[index]
            self._pull = _Pull("scene", side, t, scene.start, scene.end, index)
            self.scene_picked.emit(index)
            return
        row = self._rows[index]
        self.row_picked.emit(row.part, row.name)
        if at.x() >= NAMES and not row.locked:
            self._pull = _Pull(part, side, t, row.start, row.end, self._scene, row.name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, pull = event.position(), self._pull
        if pull is None:
            hit = self._hit(at)
            pulls = hit is not None and hit[2] != "whole" and at.x() >= NAMES and self.editable
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor if pulls else Qt.CursorShape.ArrowCursor)
            return
        if self._board is None:
            return
        t = self._t(at.x())
        if pull.part == "head":
            self.sought.emit(min(t, self._board.duration))
            return
        if not self.editable or (not pull.moved and abs(t - pull.at) * self.scale < 4):
            return
        pull.moved, pull.now = True, t
        self._pulled(pull, t - pull.at)
        self.viewport().update()

    def _pulled(self, pull: _Pull, off: float) -> None:
        if pull.part == "scene":
            if pull.side == "end":
                self.scene_trimmed.emit(pull.scene, max(pull.end + off - pull.start, 0.2), "end")
            elif pull.side == "start":
                self.scene_trimmed.emit(pull.scene, max(pull.end - pull.start - off, 0.2), "start")
            return  # a whole scene is moved when it is let go
        start = pull.start + (off if pull.side != "end" else 0.0)
        end = pull.end + (off if pull.side != "start" else 0.0)
        self._set(pull.part, pull.name, start, end, pull.side)  # type: ignore[arg-type]

    def _set(self, part: Part, row: str, start: float, end: float, side: Side) -> None:
        assert self._board is not None
        if part == "sound":
            if side == "whole":
                end, start = end - min(start, 0.0), max(start, 0.0)
            self.sound_set.emit(row, start, end, side)
            return
        scene = self._board.scenes[self._scene]
        length = end - start
        begin, last = start - scene.start, end - scene.start
        if side == "whole":
            begin = min(max(begin, 0.0), max(scene.duration - length, 0.0))
            last = begin + length
        self.times_set.emit(row, max(begin, 0.0), min(last, scene.duration))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pull, self._pull = self._pull, None
        if pull is None:
            return
        if pull.moved and pull.part == "scene" and pull.side == "whole":
            target = self._place_for(pull)
            if target != pull.scene:
                self.scene_moved.emit(pull.scene, target)
        if pull.moved:
            self.released.emit()
        elif pull.part in ("scene", "layer") and pull.at <= (self._board.duration if self._board else 0.0):
            self.sought.emit(pull.at)
        self.viewport().update()

    def _place_for(self, pull: _Pull) -> int:
        assert self._board is not None
        middle = (pull.start + pull.end) / 2 + pull.now - pull.at
        others = [s for n, s in enumerate(self._board.scenes) if n != pull.scene]
        return sum(1 for scene in others if middle > (scene.start + scene.end) / 2)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            steps = event.angleDelta().y() / 120
            self.zoom(_STEP**steps, self._t(event.position().x()))
            event.accept()
            return
        super().wheelEvent(event)

    # --- keys ---------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        board, key = self._board, Qt.Key(event.key())
        if board is None:
            super().keyPressEvent(event)
            return
        mods = event.modifiers()
        ctrl = bool(mods & Qt.KeyboardModifier.ControlModifier)
        alt = bool(mods & Qt.KeyboardModifier.AltModifier)
        plain = not ctrl and not alt
        simple: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Up: lambda: self._pick(-1),
            Qt.Key.Key_Down: lambda: self._pick(1),
            Qt.Key.Key_Home: lambda: self.sought.emit(0.0),
            Qt.Key.Key_End: lambda: self.sought.emit(board.duration),
            Qt.Key.Key_Plus: lambda: self.zoom(_STEP),
            Qt.Key.Key_Equal: lambda: self.zoom(_STEP),
            Qt.Key.Key_Minus: lambda: self.zoom(1 / _STEP),
            Qt.Key.Key_0: self.zoom_all,
            Qt.Key.Key_S: self.split_wanted.emit,
            Qt.Key.Key_Space: self.toggled.emit,
        }
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._arrow(
                1 if key == Qt.Key.Key_Right else -1,
                ctrl,
                alt,
                bool(mods & Qt.KeyboardModifier.ShiftModifier),
            )
        elif plain and key in simple:
            simple[key]()
        else:
            super().keyPressEvent(event)

    def _arrow(self, way: int, ctrl: bool, alt: bool, shift: bool) -> None:
        board = self._board
        assert board is not None
        if not ctrl and not alt:
            if shift:
                starts = sorted({0.0, *(s.start for s in board.scenes), board.duration})
                ahead = [t for t in starts if (t > self._time + 1e-6 if way > 0 else t < self._time - 1e-6)]
                self.sought.emit((ahead[0] if way > 0 else ahead[-1]) if ahead else self._time)
            else:
                self.sought.emit(min(max(self._time + way / board.fps, 0.0), board.duration))
            self._tell(head=True)
            return
        if not self.editable:
            return
        row, far = self._row_now(), (1.0 if shift else 0.1) * way
        if row is None:
            scene = board.scenes[self._scene]
            if ctrl:
                self.scene_moved.emit(self._scene, self._scene + way)
            else:
                self.scene_trimmed.emit(self._scene, max(scene.duration + far, 0.2), "end")
        elif not row.locked:
            start, end = row.start + (far if ctrl else 0.0), row.end + far
            self._set(row.part, row.name, start, end, "whole" if ctrl else "end")

    def _pick(self, way: int) -> None:
        """The row above or below; above the first row stands the scene itself."""
        row = self._row_now()
        at = self._rows.index(row) if row is not None else -1
        at = min(max(at + way, -1), len(self._rows) - 1)
        if at < 0:
            self.row_picked.emit("", "")
        else:
            self.row_picked.emit(self._rows[at].part, self._rows[at].name)
            rect = self.row_rect(at)
            bar = self.verticalScrollBar()
            if rect.top() < RULER + SCENES:
                bar.setValue(bar.value() - (RULER + SCENES - rect.top()))
            elif rect.bottom() > self.viewport().height():
                bar.setValue(bar.value() + rect.bottom() - self.viewport().height())

    # --- painting -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.color("surface"))
        board = self._board
        if board is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(QRect(0, RULER + SCENES, self.viewport().width(), self.viewport().height()))
        for n, row in enumerate(self._rows):
            self._paint_row(painter, n, row)
        painter.restore()
        painter.save()
        painter.setClipRect(QRect(NAMES, 0, self.viewport().width() - NAMES, RULER + SCENES))
        self._paint_ruler(painter, board)
        for n in range(len(board.scenes)):
            self._paint_scene(painter, board, n)
        painter.restore()
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(NAMES - 1, 0, NAMES - 1, self.viewport().height())
        paint_text(
            painter, QRect(12, RULER, NAMES - 16, SCENES), tr("Scenes"), role="muted", pixels=theme.SMALL
        )
        self._paint_head(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("focus"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(1, 1, -1, -1))

    def _paint_ruler(self, painter: QPainter, board: Storyboard) -> None:
        painter.setFont(sized(painter.font(), theme.SMALL))
        step = next(
            (s for s in (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600) if s * self.scale >= 56), 3600
        )
        count = int(board.duration / step) + 1
        for n in range(count + 1):
            x = self._x(n * step)
            if not NAMES - 60 <= x <= self.viewport().width():
                continue
            painter.setPen(QPen(theme.color("border"), 1))
            painter.drawLine(QPointF(x, RULER - 6), QPointF(x, RULER))
            painter.setPen(theme.color("muted"))
            words = f"{n * step:g} s" if step < 1 else duration_text(n * step)
            painter.drawText(QPointF(x + 4, RULER - 7), words)

    def _paint_scene(self, painter: QPainter, board: Storyboard, n: int) -> None:
        scene, rect = board.scenes[n], self.scene_rect(n).adjusted(1, 0, -1, 0)
        pull = self._pull
        if (
            pull is not None
            and pull.part == "scene"
            and pull.scene == n
            and pull.side == "whole"
            and pull.moved
        ):
            rect = rect.translated((pull.now - pull.at) * self.scale, 0)
        here = n == self._scene
        painter.setBrush(theme.color("selection" if here else "raised"))
        painter.setPen(
            QPen(theme.color("focus" if here and not self._chosen else "border"), 1.5 if here else 1)
        )
        painter.drawRoundedRect(rect, 4, 4)
        if n and scene.transition.kind != "cut" and scene.transition.seconds:
            width = min(scene.transition.seconds * self.scale, rect.width() / 2)
            wedge = theme.color("accent")
            wedge.setAlphaF(0.3)
            painter.setBrush(wedge)
            painter.setPen(Qt.PenStyle.NoPen)
            edge = QPointF(rect.left() + width, rect.bottom())
            painter.drawPolygon([rect.bottomLeft(), edge, edge - QPointF(0, rect.height())])
        font = sized(painter.font(), theme.SMALL, bold=here)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        inner = rect.adjusted(8, 0, -6, 0).toRect()
        words = QFontMetrics(font).elidedText(
            f"{shown_name(scene.name)} · {round(scene.duration, 1):g} s",
            Qt.TextElideMode.ElideRight,
            inner.width(),
        )
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter), words)

    def _paint_row(self, painter: QPainter, n: int, row: Row) -> None:
        place, bar = self.row_rect(n), self.bar_rect(n)
        if place.bottom() < RULER or place.top() > self.viewport().height():
            return
        chosen = (
            row.name == self._sound if row.part == "sound" else not self._sound and row.name in self._chosen
        )
        if chosen:
            painter.fillRect(place, theme.color("selection"))
        role = "muted" if row.hidden else "text"
        icons.paint_icon(
            painter, QRect(10, place.y() + 4, 16, 16), "lock-simple" if row.locked else row.icon, role
        )
        paint_text(
            painter,
            QRect(32, place.y(), NAMES - 38, ROW),
            row.title,
            role=role,
            pixels=theme.SMALL,
            bold=chosen,
        )
        painter.save()
        painter.setClipRect(QRect(NAMES, place.y(), place.width() - NAMES, ROW))
        colours = theme.group_colors()
        fill = theme.color("raised") if row.hidden else QColor(colours[2 if row.part == "sound" else 0])
        fill.setAlphaF(0.5 if chosen else 0.28)
        painter.setBrush(fill)
        painter.setPen(QPen(theme.color("focus" if chosen else "border"), 1.5 if chosen else 1,
                            Qt.PenStyle.DashLine if row.locked else Qt.PenStyle.SolidLine))  # fmt: skip
        painter.drawRoundedRect(bar, 3, 3)
        painter.restore()

    def _paint_head(self, painter: QPainter) -> None:
        x = self._x(self._time)
        if x < NAMES - 1:
            return
        painter.setPen(QPen(theme.color("danger"), 1.5))
        painter.drawLine(QPointF(x, 6), QPointF(x, self.viewport().height()))
        painter.setBrush(theme.color("danger"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon([QPointF(x - 5, 2), QPointF(x + 5, 2), QPointF(x, 10)])


def _side(rect: QRectF, x: float, *, first: bool = False) -> Side:
    reach = min(_EDGE, rect.width() / 4)
    if x >= rect.right() - reach:
        return "end"
    return "start" if x <= rect.left() + reach and not first else "whole"


def rows_of(board: Storyboard, scene: int, lengths: dict[int, float]) -> list[Row]:
    """The layers of a scene, the front one first, and all sounds; ``lengths``: seconds of sounds by asset."""
    if not board.scenes:
        return []
    held = board.scenes[scene]
    rows = [
        Row(
            "layer", layer.name, shown_name(layer.name), kind_of(layer)[1], held.start + layer.begin,
            held.start + (layer.end or held.duration), layer.locked, layer.hidden,
        )
        for layer in reversed(held.layers)
    ]  # fmt: skip
    for own, track in tracks_named(board).items():
        file = lengths.get(track.asset_id or -1)
        left = max(file - track.offset, 0.1) if file else board.duration
        end = track.start + (track.length or (board.duration if track.loop else left))
        lock = own if own in _TRACKS else f"effect:{own}"
        rows.append(
            Row(
                "sound", own, tr(_TRACKS[own]) if own in _TRACKS else own,
                "microphone" if own == "voice" else "music-notes", track.start, min(end, board.duration),
                lock in board.locks,
            )
        )  # fmt: skip
    return rows
