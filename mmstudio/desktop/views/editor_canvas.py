"""The canvas of the editor: the frame, the chosen layers with their handles, guides and safe zones."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mmstudio.composition.editing.snapping import Guide, Handle, guides_for, scaled, snap_move, snap_scale
from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import AnyLayer, Rect, Scene, Storyboard, TextLayer
from mmstudio.desktop.models.asset_model import dropped_assets
from mmstudio.desktop.models.editor_layers import kind_of
from mmstudio.desktop.texts import name
from mmstudio.desktop.views.announcing import tell
from mmstudio.desktop.views.editor_crop import CropBar, CropHand
from mmstudio.desktop.views.editor_guides import GuideHand
from mmstudio.desktop.views.editor_overlay import paint_handles, paint_lines, paint_safe, paint_thirds
from mmstudio.i18n import mark, tr

_MARGIN = 20  # pixels round the picture, so that handles outside it can be reached
_GRIP = 9  # pixels from a handle that still take it
_SNAP_PX = 6
_DRAG_PX = 3
_HANDLES: tuple[tuple[Handle, float, float], ...] = (
    ("nw", 0, 0), ("n", 0.5, 0), ("ne", 1, 0), ("e", 1, 0.5), ("se", 1, 1),
    ("s", 0.5, 1), ("sw", 0, 1), ("w", 0, 0.5),
)  # fmt: skip
_CURSORS = {
    "n": Qt.CursorShape.SizeVerCursor, "s": Qt.CursorShape.SizeVerCursor, "e": Qt.CursorShape.SizeHorCursor,
    "w": Qt.CursorShape.SizeHorCursor, "nw": Qt.CursorShape.SizeFDiagCursor,
    "se": Qt.CursorShape.SizeFDiagCursor, "ne": Qt.CursorShape.SizeBDiagCursor,
    "sw": Qt.CursorShape.SizeBDiagCursor,
}  # fmt: skip
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
_HINT = mark(
    "Click to choose, drag to move, pull a handle to scale; arrows nudge (Shift: ten times, Ctrl: size), "
    "Page Up and Page Down choose another layer (Shift: another guide), Enter changes a text or crops a "
    "picture, Space plays; pull guides out of the rulers"
)


@dataclass
class _Drag:
    """A drag in hand: what was pressed where, and the boxes as they were."""

    start: QPointF
    boxes: dict[str, Rect]
    handle: Handle | None = None
    moved: bool = False
    lines: list[Guide] = field(default_factory=list)


class EditorCanvas(QWidget):
    """Shows one frame; says what a person does to it in fractions of the canvas.

    Signals:
        picked: names of layers, those in hand from now on.
        placed: name -> Rect of what is dragged, while it is dragged and by keys.
        released: the drag is over.
        wanted_text: a layer was double-clicked, or Enter pressed on it.
        guide_put: direction, place in its list (-1: a new one) and fraction. guide_gone: direction and place.
        guide_chosen: another guide, or none, is in hand.
        assets_dropped: asset ids, and the name of the layer below them ("" for none).
        toggled: play or pause.
        resized: device pixels that a frame can have.
    """

    picked = Signal(object)
    placed = Signal(object)
    released = Signal()
    wanted_text = Signal()
    assets_dropped = Signal(object, str)
    toggled = Signal()
    resized = Signal(QSize)
    guide_put = Signal(str, int, float)
    guide_gone = Signal(str, int)
    guide_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._message = ""
        self._board: Storyboard | None = None
        self._scene: Scene | None = None
        self._local = 0.0
        self._texts: dict[str, QRectF] = {}
        self._chosen: list[str] = []
        self._drag: _Drag | None = None
        self._drop = ""
        self._quiet = False  # while it plays: no handles
        self.safe: Rect | None = None
        self.thirds = False
        self.snapping = True
        self.editable = True
        self.guides = GuideHand(self)
        self.crop = CropHand(self)
        self.crop_bar = CropBar(self.crop, self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setMinimumSize(200, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        name(self, mark("Canvas"), _HINT)
        self.setToolTip("")

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def image(self) -> QImage:
        """The picture shown now."""
        return self._image

    @property
    def board(self) -> Storyboard | None:
        """The storyboard shown."""
        return self._board

    @property
    def dragging(self) -> bool:
        """Whether a layer is being dragged."""
        return self._drag is not None and self._drag.moved

    def show_board(self, board: Storyboard | None, scene: int, t: float) -> None:
        """The storyboard, the scene in hand, the second of the playhead."""
        self._board = board
        self._scene = board.scenes[scene] if board is not None and scene < len(board.scenes) else None
        self._local = t - self._scene.start if self._scene is not None else 0.0
        self.guides.keep_to()
        self.tell()
        self.update()

    def show_frame(self, image: QImage, texts: dict[str, QRectF] | None = None) -> None:
        """A frame, and where its texts stand."""
        self._image, self._message = image, ""
        if texts is not None:
            self._texts = texts
        self.update()

    def show_message(self, text: str) -> None:
        """Words where a picture cannot be drawn."""
        self._image, self._message = QImage(), text
        self.update()

    def choose(self, layers: list[str]) -> None:
        """These layers are in hand."""
        self._chosen = list(layers)
        if layers:
            self.guides.choose(None)
        self.tell()
        self.update()

    def set_quiet(self, quiet: bool) -> None:
        """While it plays nothing lies over the picture."""
        self._quiet = quiet
        self.update()

    def device_size(self) -> QSize:
        """Device pixels that the picture may have."""
        ratio = self.devicePixelRatioF()
        return QSize(
            max(round((self.width() - 2 * _MARGIN) * ratio), 2),
            max(round((self.height() - 2 * _MARGIN) * ratio), 2),
        )

    def area(self) -> QRectF:
        """Where the canvas lies in the widget, in pixels."""
        wide, tall = self._board.size if self._board is not None else (1, 1)
        room_w, room_h = max(self.width() - 2 * _MARGIN, 2), max(self.height() - 2 * _MARGIN, 2)
        scale = min(room_w / wide, room_h / tall)
        w, h = wide * scale, tall * scale
        return QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h)

    def rect_of(self, layer: str) -> Rect | None:
        """The box of a layer as it is drawn: a text of a stack has the place that it flows to."""
        found = next((one for one in self._scene.layers if one.name == layer), None) if self._scene else None
        if found is None:
            return None
        if self._drag is not None and layer in self._drag.boxes and self._drag.moved:
            return found.rect
        stacked = any(layer in stack.members for stack in self._scene.stacks) if self._scene else False
        if isinstance(found, TextLayer) and stacked:
            box = self._texts.get(layer)
            return Rect(box.x(), box.y(), box.width(), box.height()) if box is not None else None
        return found.rect

    def to_pixels(self, rect: Rect) -> QRectF:
        """A box of the canvas in pixels of the widget."""
        area = self.area()
        return QRectF(
            area.x() + rect.x * area.width(), area.y() + rect.y * area.height(),
            rect.w * area.width(), rect.h * area.height(),
        )  # fmt: skip

    def tell(self) -> None:
        """Say what is in hand: the frame of a crop, a guide, or layers with their places."""
        self.crop_bar.place()
        if self._scene is None:
            tell(self, "")
            return
        said: list[str] = [words for words in (self.crop.words() or self.guides.words(),) if words]
        if said:
            tell(self, said[0])
            return
        for chosen in self._chosen:
            layer = next((one for one in self._scene.layers if one.name == chosen), None)
            rect = self.rect_of(chosen)
            if layer is None or rect is None:
                continue
            said.append(
                tr(
                    "{kind} {name}: {x} % from the left, {y} % from the top, {w} % wide, {h} % high",
                    kind=tr(kind_of(layer)[0]), name=shown_name(layer.name), x=round(rect.x * 100),
                    y=round(rect.y * 100), w=round(rect.w * 100), h=round(rect.h * 100),
                )
            )  # fmt: skip
        tell(self, "; ".join(said) or tr("Nothing is chosen"), aloud=not self.dragging)

    # --- finding ------------------------------------------------------------------------------------

    def _seen(self) -> list[AnyLayer]:
        """Layers that can be taken now, the front one first."""
        if self._scene is None:
            return []
        end = self._scene.duration
        return [
            layer
            for layer in reversed(self._scene.layers)
            if not layer.hidden and layer.begin <= self._local + 1e-6 <= (layer.end or end) + 0.05
        ]

    def layers_at(self, point: QPointF) -> list[str]:
        """Layers under a place of the widget, the front one first, grounds of the whole canvas last."""
        found: list[tuple[bool, str]] = []
        for layer in self._seen():
            rect = self.rect_of(layer.name)
            if rect is not None and self.to_pixels(rect).adjusted(-2, -2, 2, 2).contains(point):
                found.append((rect.w >= 0.98 and rect.h >= 0.98, layer.name))
        return [layer for _whole, layer in sorted(found, key=lambda one: one[0])]

    def _handle_at(self, point: QPointF) -> Handle | None:
        if self.crop.active:
            return self._handle_of(self.crop.frame(), point)
        if len(self._chosen) != 1 or not self.editable:
            return None
        rect = self.rect_of(self._chosen[0])
        return self._handle_of(self.to_pixels(rect), point) if rect is not None else None

    def _handle_of(self, box: QRectF, point: QPointF) -> Handle | None:
        for handle, fx, fy in _HANDLES:
            at = QPointF(box.x() + fx * box.width(), box.y() + fy * box.height())
            if abs(at.x() - point.x()) <= _GRIP and abs(at.y() - point.y()) <= _GRIP:
                return handle
        return None

    # --- mouse --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._scene is None:
            super().mousePressEvent(event)
            return
        at = event.position()
        handle = self._handle_at(at)
        if self.crop.active:
            self.crop.press(at, handle)
            return
        if handle is None and self.guides.press(at):
            return
        under = self.layers_at(at)
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        ground = False
        if handle is None:
            if ctrl and under:
                toggled = [*self._chosen, under[0]] if under[0] not in self._chosen else [
                    one for one in self._chosen if one != under[0]
                ]  # fmt: skip
                self.picked.emit(toggled)
            elif alt and len(under) > 1 and self._chosen and self._chosen[0] in under:
                self.picked.emit([under[(under.index(self._chosen[0]) + 1) % len(under)]])  # the one beneath
            elif not under:
                self.picked.emit([])
            elif not set(under) & set(self._chosen):
                self.picked.emit([under[0]])
                rect = self.rect_of(under[0])
                ground = rect is not None and rect.w >= 0.98 and rect.h >= 0.98
        locked = {layer.name for layer in self._scene.layers if layer.locked}
        boxes = {
            one: rect for one in self._chosen if one not in locked and (rect := self.rect_of(one)) is not None
        }
        if boxes and self.editable and not ground and (handle is not None or under):
            self._drag = _Drag(at, boxes, handle)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        drag = self._drag
        if self.crop.active and event.buttons() & Qt.MouseButton.LeftButton:
            self.crop.move(at, event.modifiers())
            return
        if self.guides.move(at):
            return
        if drag is None:
            handle = self._handle_at(at)
            line = None if handle or self.crop.active else self.guides.over(at)
            split = {"x": Qt.CursorShape.SplitHCursor, "y": Qt.CursorShape.SplitVCursor}
            self.setCursor(_CURSORS[handle] if handle else split.get(line or "", Qt.CursorShape.ArrowCursor))
            return
        off = at - drag.start
        if not drag.moved and max(abs(off.x()), abs(off.y())) < _DRAG_PX:
            return
        drag.moved = True
        area = self.area()
        dx, dy = off.x() / area.width(), off.y() / area.height()
        mods = event.modifiers()
        shift = bool(mods & Qt.KeyboardModifier.ShiftModifier)
        snap = self.snapping and not mods & Qt.KeyboardModifier.ControlModifier
        near = (_SNAP_PX / area.width(), _SNAP_PX / area.height())
        if drag.handle is not None:
            (layer, rect), *_rest = drag.boxes.items()
            centred = bool(mods & Qt.KeyboardModifier.AltModifier)
            made = scaled(rect, drag.handle, dx, dy, keep=shift, centred=centred)
            drag.lines = []
            if snap and not shift and not centred:
                made, drag.lines = snap_scale(made, drag.handle, self.snap_lines({layer}), near)
            self.placed.emit({layer: made})
        else:
            if shift:  # along one axis
                dx, dy = (dx, 0.0) if abs(off.x()) >= abs(off.y()) else (0.0, dy)
            self.placed.emit(self._moved(drag, dx, dy, near if snap else None))
        self.update()

    def _moved(self, drag: _Drag, dx: float, dy: float, near: tuple[float, float] | None) -> dict[str, Rect]:
        (_first, rect), *_rest = drag.boxes.items()
        lead = Rect(rect.x + dx, rect.y + dy, rect.w, rect.h)
        drag.lines = []
        if near is not None:
            lead, drag.lines = snap_move(lead, self.snap_lines(set(drag.boxes)), near)
        dx, dy = lead.x - rect.x, lead.y - rect.y
        return {one: Rect(r.x + dx, r.y + dy, r.w, r.h) for one, r in drag.boxes.items()}

    def snap_lines(self, without: set[str], *, own: bool = True) -> list[Guide]:
        """What can be snapped to, without the edges of these layers; ``own``: a person's guides too."""
        others = [
            rect
            for layer in self._seen()
            if layer.name not in without and (rect := self.rect_of(layer.name)) is not None
        ]
        thirds = [Guide(axis, n / 3, "guide") for axis in ("x", "y") for n in (1, 2)] if self.thirds else []
        return guides_for(others, self.safe, [*thirds, *(self.guides.to_snap_to() if own else [])])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.crop.active:
            self.crop.release()
            return
        if self.guides.release(event.position()):
            return
        drag, self._drag = self._drag, None
        if drag is not None and drag.moved:
            self.released.emit()
        elif event.button() == Qt.MouseButton.LeftButton and len(self._chosen) > 1:
            under = self.layers_at(event.position())
            if under and not event.modifiers():
                self.picked.emit([under[0]])
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.crop.active:
            self.crop.end(True)
        elif event.button() == Qt.MouseButton.LeftButton and self.layers_at(event.position()):
            self.wanted_text.emit()

    # --- keys ---------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, mods = Qt.Key(event.key()), event.modifiers()
        if self.crop.key(event, _ARROWS) or self.guides.key(event):
            return
        if key in _ARROWS and self._board is not None and not mods & Qt.KeyboardModifier.AltModifier:
            self._nudge(_ARROWS[key], mods)
        elif key == Qt.Key.Key_Space and not mods:
            self.toggled.emit()
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._step(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen:
            self.wanted_text.emit()
        elif key == Qt.Key.Key_Escape and self._chosen:
            self._drag = None
            self.picked.emit([])
        else:
            super().keyPressEvent(event)

    def _nudge(self, way: tuple[int, int], mods: Qt.KeyboardModifier) -> None:
        assert self._board is not None
        if not self.editable:
            return
        far = 10 if mods & Qt.KeyboardModifier.ShiftModifier else 1
        dx, dy = way[0] * far / self._board.size[0], way[1] * far / self._board.size[1]
        boxes = {one: rect for one in self._chosen if (rect := self.rect_of(one)) is not None}
        if mods & Qt.KeyboardModifier.ControlModifier:
            made = {n: Rect(r.x, r.y, max(r.w + dx, 0.01), max(r.h + dy, 0.01)) for n, r in boxes.items()}
        else:
            made = {n: Rect(r.x + dx, r.y + dy, r.w, r.h) for n, r in boxes.items()}
        if made:
            self.placed.emit(made)

    def _step(self, by: int) -> None:
        names = [layer.name for layer in self._seen()]
        if names:
            at = (
                names.index(self._chosen[0])
                if self._chosen and self._chosen[0] in names
                else -1
                if by > 0
                else 0
            )
            self.picked.emit([names[(at + by) % len(names)]])

    # --- drops --------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.editable and dropped_assets(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop = self._slot_at(event.position())
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop = ""
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        ids, self._drop = dropped_assets(event.mimeData()), ""
        if ids:
            event.acceptProposedAction()
            self.assets_dropped.emit(ids, self._slot_at(event.position()))
        self.update()

    def _slot_at(self, point: QPointF) -> str:
        """The layer under a place that takes a picture; one that is chosen is preferred."""
        holders = {layer.name for layer in self._seen() if hasattr(layer, "asset_id")}
        under = [one for one in self.layers_at(point) if one in holders]
        return next((one for one in under if one in self._chosen), under[0] if under else "")

    # --- painting -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.crop_bar.place()
        self.resized.emit(self.device_size())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.crop.active:
            self.crop.paint(painter)
            return
        area = self.area()
        if self._image.isNull():
            if self._board is not None and not self._message:
                painter.fillRect(area, self.palette().color(QPalette.ColorRole.Base))
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._message)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)
        if self._board is None or self._quiet:
            return
        self._overlay(painter, area)

    def _overlay(self, painter: QPainter, area: QRectF) -> None:
        if self.safe is not None:
            paint_safe(painter, area, self.to_pixels(self.safe))
        if self.thirds:
            paint_thirds(painter, area)
        self.guides.paint(painter, area)
        boxes = self._drag.boxes if self.dragging and self._drag is not None else {}
        for chosen in self._chosen:
            rect = self.rect_of(chosen)
            layer = (
                next((one for one in self._scene.layers if one.name == chosen), None) if self._scene else None
            )
            if rect is None or layer is None:
                continue
            single = len(self._chosen) == 1
            paint_handles(
                painter, self.to_pixels(rect), shown_name(chosen), handles=single and self.editable,
                locked=layer.locked, focused=self.hasFocus(), named=not boxes,
            )  # fmt: skip
        if self._drop:
            rect = self.rect_of(self._drop)
            if rect is not None:
                paint_handles(
                    painter, self.to_pixels(rect), tr("Replace {name}", name=shown_name(self._drop))
                )
        if self._drag is not None and self._drag.moved:
            paint_lines(painter, area, self._drag.lines)
