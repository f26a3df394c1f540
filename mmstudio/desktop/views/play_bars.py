"""Below the picture of Play: the history strip, the way from A to B, a walk through key points."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mmstudio.desktop.models.play import Step, StepListModel
from mmstudio.desktop.models.rows import ROW_ROLE
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, help_dot, inset, row, tool
from mmstudio.desktop.views.painting import paint_card, paint_picture
from mmstudio.desktop.views.play_sliders import SettledSlider
from mmstudio.desktop.views.play_stage import ImageTile, paint_badge, paint_check
from mmstudio.i18n import mark, tr

Index = QModelIndex | QPersistentModelIndex
CELL = QSize(76, 76)
_SLOT = 44
_MIX_HELP = mark(
    "The first stages of the network decide what is where, the later ones colours and details. The further "
    "left, the more comes from B."
)
_WALK_HELP = mark(
    "A walk goes through the key points in the order you chose them; a loop comes back to the first one "
    "without a seam. A loop around one key point circles it."
)


class StepDelegate(QStyledItemDelegate):
    """Paints a :class:`Step`: its picture, the number of a key point, a sign where it is saved."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        step: Step | None = index.data(ROW_ROLE)
        if step is None:
            return
        painter.save()
        whole: QRect = option.rect
        rect = whole.adjusted(2, 2, -2, -2)
        paint_card(painter, option, rect)
        picture = rect.adjusted(4, 4, -4, -4)
        pixmap = None if step.thumb is None else QPixmap.fromImage(step.thumb)
        paint_picture(painter, picture, pixmap, contain=True)
        model = index.model()
        if isinstance(model, StepListModel) and step.id in model.keys:
            place = str(model.keys.index(step.id) + 1)
            paint_badge(painter, QRect(picture.x() + 2, picture.y() + 2, 18, 18), place)
        if step.asset is not None:
            paint_check(painter, QRect(picture.right() - 19, picture.bottom() - 19, 18, 18))
        painter.restore()


class HistoryStrip(QListView):
    """The steps, oldest first.

    Signals:
        gone: a Step to go back to.
    """

    gone = Signal(object)

    def __init__(self, model: StepListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(CELL.height() + 18)
        self.setModel(model)
        self.setItemDelegate(StepDelegate(self))
        self.clicked.connect(self._go)
        self.activated.connect(self._go)
        name(self, mark("History"), mark("What you made here: press one to go back to it"))

    def show_current(self, step: Step | None) -> None:
        """Mark where the person is."""
        model = self.model()
        assert isinstance(model, StepListModel)
        place = model.row_of(step.id) if step is not None else -1
        if place >= 0:
            self.setCurrentIndex(model.index(place))
            self.scrollTo(model.index(place))

    def _go(self, index: QModelIndex) -> None:
        step = index.data(ROW_ROLE)
        if step is not None:
            self.gone.emit(step)


class AbBar(QWidget):
    """Two kept pictures, and what lies between them.

    Signals:
        kept, gone: "a" or "b". between: share of B, 0 to 1. mixed: first stage that B decides. settled.
    """

    kept = Signal(str)
    gone = Signal(str)
    between = Signal(float)
    mixed = Signal(int)
    settled = Signal(str)  # "between" or "mix"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = {"a": ImageTile(_SLOT, badge="A"), "b": ImageTile(_SLOT, badge="B")}
        for slot, tile in self.tiles.items():
            tile.clicked.connect(lambda _on=False, slot=slot: self._press(slot))
        self.keeps = {
            "a": tool("push-pin", mark("Keep this picture as A"), lambda: self.kept.emit("a")),
            "b": tool("push-pin", mark("Keep this picture as B"), lambda: self.kept.emit("b")),
        }
        self.slider = SettledSlider()
        self.slider.setRange(0, 100)
        self.slider.setSingleStep(5)
        name(self.slider, mark("From A to B"), mark("Pictures on the way from A to B"))
        self.slider.moved.connect(lambda value: self.between.emit(value / 100))
        self.slider.settled.connect(lambda: self.settled.emit("between"))
        self.mix_words = label(mark("Layout of A, colours of B"), "small")
        self.mix = SettledSlider()
        self.mix.setInvertedAppearance(False)
        name(self.mix, mark("Mix: layout of A, colours of B"), mark("From which stage on B decides"))
        self.mix.moved.connect(self.mixed)
        self.mix.settled.connect(lambda: self.settled.emit("mix"))
        self.mix_help = help_dot(_MIX_HELP)
        self.hint = label(mark("Keep two pictures as A and B to go from one to the other."), "small")
        line = row(
            self.tiles["a"],
            self.keeps["a"],
            self.slider,
            self.hint,
            self.keeps["b"],
            self.tiles["b"],
            12,
            self.mix_words,
            self.mix,
            self.mix_help,
            spacing=6,
        )
        line.setStretch(2, 3)
        line.setStretch(3, 3)
        line.setStretch(8, 2)
        self.setLayout(line)
        self.retranslate()
        self.show_slots({"a": None, "b": None}, stages=1)

    def retranslate(self) -> None:
        """Name the slots again."""
        for slot, tile in self.tiles.items():
            letter = slot.upper()
            tile.setAccessibleName(tr("Picture {letter}", letter=letter))
            tip = (
                tr("Go to {letter}", letter=letter)
                if tile.filled
                else tr("Keep this as {letter}", letter=letter)
            )
            tile.setToolTip(tip)

    def show_slots(self, slots: dict[str, QImage | None], *, stages: int, usable: bool = True) -> None:
        """Show what is kept: a picture, a null one that is on its way, or None; ``usable`` where
        the loaded model drew them all."""
        kept = all(image is not None for image in slots.values())
        for slot, image in slots.items():
            self.tiles[slot].set_image(QImage() if image is None else None if image.isNull() else image)
        both = kept and usable
        self.slider.setVisible(both)
        mixes = both and stages > 1
        self.mix.blockSignals(True)  # where it stands at first: all of it from A
        whole = self.mix.value() == self.mix.maximum() or not self.mix.isVisibleTo(self)
        self.mix.setRange(0, max(1, stages))
        if whole:
            self.mix.setValue(self.mix.maximum())
        self.mix.blockSignals(False)
        for part in (self.mix_words, self.mix, self.mix_help):
            part.setVisible(mixes)
        self.hint.setVisible(not both)
        say(
            self.hint,
            mark("Other models drew these; keep two pictures of this one.")
            if kept
            else mark("Keep two pictures as A and B to go from one to the other."),
        )
        self.retranslate()

    def flush(self) -> None:
        """End a change under way."""
        self.slider.flush()
        self.mix.flush()

    def _press(self, slot: str) -> None:
        (self.gone if self.tiles[slot].filled else self.kept).emit(slot)


class WalkBar(QWidget):
    """Signals: ``key_wanted`` the current picture becomes a key point (or no longer), ``cleared``,
    ``played`` start or stop, ``exported``, ``changed`` other length or form."""

    key_wanted = Signal()
    cleared = Signal()
    played = Signal()
    exported = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = label(role="small")
        self.key_button = button(mark("Key point"), self.key_wanted.emit, icon="map-pin")
        say(self.key_button, mark("Make the current picture a key point, or no longer one (K)"), "setToolTip")
        self.clear_button = tool("x", mark("Remove all key points"), self.cleared.emit)
        self.form = QComboBox()
        name(self.form, mark("Form"))
        self.seconds = QDoubleSpinBox()
        inset(self.seconds)
        self.seconds.setRange(1.0, 60.0)
        self.seconds.setDecimals(1)
        self.seconds.setValue(4.0)
        self.seconds.setSuffix(" s")
        name(self.seconds, mark("Length"))
        self.play_button = button(mark("Play"), self.played.emit, icon="play")
        self.export_button = button(mark("Export film…"), self.exported.emit, icon="film-strip")
        line = row(
            self.key_button,
            self.clear_button,
            self.count,
            None,
            self.form,
            self.seconds,
            help_dot(_WALK_HELP),
            self.play_button,
            self.export_button,
            spacing=6,
        )
        self.setLayout(line)
        self.retranslate()
        self.form.currentIndexChanged.connect(lambda _i: self.changed.emit())
        self.seconds.valueChanged.connect(lambda _v: self.changed.emit())
        self.show_keys(0, is_key=False)

    def retranslate(self) -> None:
        """Name the forms again."""
        chosen = max(0, self.form.currentIndex())
        self.form.blockSignals(True)
        self.form.clear()
        self.form.addItem(tr("Loop"), "loop")
        self.form.addItem(tr("Walk"), "walk")
        self.form.setCurrentIndex(chosen)
        self.form.blockSignals(False)

    @property
    def kind(self) -> str:
        """ "loop" or "walk"."""
        return str(self.form.currentData())

    def show_keys(self, count: int, *, is_key: bool) -> None:
        """How many key points there are, and whether the current picture is one."""
        if count:
            say(self.count, mark("{n} key points") if count > 1 else mark("{n} key point"), n=count)
        else:
            say(self.count, mark("Loop around this picture, or choose key points."))
        say(self.key_button, mark("No key point") if is_key else mark("Key point"))
        self.clear_button.setEnabled(count > 0)

    def show_playing(self, playing: bool) -> None:
        """The button says what it does next."""
        from mmstudio.desktop.icons import icon

        say(self.play_button, mark("Stop") if playing else mark("Play"))
        self.play_button.setIcon(icon("stop" if playing else "play"))
