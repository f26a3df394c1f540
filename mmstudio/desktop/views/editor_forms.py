"""Forms of the editor: each fills itself from the model and gives every change back as an edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QVBoxLayout, QWidget

from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing import sounds, timeline
from mmstudio.composition.editing.base import put, set_values, tracks_named
from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import ImageLayer, Rect, ShapeLayer, Storyboard, TextLayer, VideoLayer
from mmstudio.desktop.texts import label, name, say
from mmstudio.desktop.views.controls import button, inset, row, tool
from mmstudio.desktop.views.editor_colour import ColourButton
from mmstudio.desktop.views.fields import TextField
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.editor import EditorModel

Choices = Sequence[tuple[Any, str]]


class Form(QWidget):
    """A form that knows the model; while it fills itself its fields say nothing."""

    def __init__(self, model: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._filling = False
        self._combos: list[tuple[QComboBox, Choices]] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(8)
        self.form.setVerticalSpacing(6)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)

    def fill(self) -> None:
        """Show what the model holds now."""
        self._filling = True
        try:
            self.show_values()
        finally:
            self._filling = False

    def show_values(self) -> None:
        """Put the model's values into the fields; subclasses say how."""

    def retranslate(self) -> None:
        """Say the choices again."""
        for combo, choices in self._combos:
            for n, (_value, words) in enumerate(choices):
                combo.setItemText(n, tr(words))

    # --- fields -------------------------------------------------------------------------------------

    def number(
        self,
        words: str,
        low: float,
        high: float,
        step: float,
        decimals: int,
        suffix: str,
        change: Callable[[float], None],
    ) -> QDoubleSpinBox:
        """A number with its label."""
        spin = QDoubleSpinBox()
        spin.setRange(low, high)
        spin.setSingleStep(step)
        spin.setDecimals(decimals)
        spin.setSuffix(suffix)
        spin.setKeyboardTracking(False)
        inset(spin)
        name(spin, words)
        spin.valueChanged.connect(lambda value: None if self._filling else change(value))
        self.form.addRow(label(words, "small"), spin)
        return spin

    def choice(self, words: str, choices: Choices, change: Callable[[Any], None]) -> QComboBox:
        """One of several, with its label."""
        combo = QComboBox()
        for value, said in choices:
            combo.addItem(tr(said), value)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        name(combo, words)
        combo.currentIndexChanged.connect(
            lambda _n: None if self._filling or combo.currentIndex() < 0 else change(combo.currentData())
        )
        self._combos.append((combo, choices))
        self.form.addRow(label(words, "small"), combo)
        return combo

    def tick(self, words: str, change: Callable[[bool], None]) -> QCheckBox:
        """Yes or no."""
        box = say(QCheckBox(), words)
        box.toggled.connect(lambda on: None if self._filling else change(on))
        self.form.addRow(box)
        return box

    def set(self, label_: str = mark("Change a layer"), **values: Any) -> None:
        """Change plain values of the layer in hand."""
        scene, chosen = self.model.scene, self.model.layers
        if len(chosen) == 1:
            self.model.do(
                lambda b: set_values(b, scene, chosen[0], **values),
                label_,
                ("set", scene, chosen[0], *values),
            )


def show_choice(combo: QComboBox, value: Any) -> None:
    """Show a value where it is one of the choices, nothing where it is not."""
    combo.setCurrentIndex(combo.findData(value))


class LayerForm(Form):
    """Place, opacity and times of a layer; alignment of one or several."""

    def __init__(self, model: EditorModel) -> None:
        super().__init__(model)
        self._pulls = [
            tool(icon, words, partial(self._align, side))
            for side, icon, words in (
                ("left", "align-left", mark("Align left")),
                ("center", "align-center-horizontal", mark("Align to the middle, across")),
                ("right", "align-right", mark("Align right")),
                ("top", "align-top", mark("Align to the top")),
                ("middle", "align-center-vertical", mark("Align to the middle, up and down")),
                ("bottom", "align-bottom", mark("Align to the bottom")),
            )
        ]
        self._spread = [
            tool("arrows-out-line-horizontal", mark("Space evenly across"), lambda: self._distribute("x")),
            tool("arrows-out-line-vertical", mark("Space evenly up and down"), lambda: self._distribute("y")),
        ]
        self.column.addLayout(row(*self._pulls, None, spacing=2))
        self.column.addLayout(row(*self._spread, None, spacing=2))
        self.column.addLayout(self.form)
        self.left = self.number(mark("From the left"), -200, 200, 1, 1, " %", lambda v: self._put(x=v / 100))
        self.upper = self.number(mark("From the top"), -200, 200, 1, 1, " %", lambda v: self._put(y=v / 100))
        self.w = self.number(mark("Width"), 1, 300, 1, 1, " %", lambda v: self._put(w=v / 100))
        self.h = self.number(mark("Height"), 1, 300, 1, 1, " %", lambda v: self._put(h=v / 100))
        self.opacity = self.number(mark("Opacity"), 0, 100, 5, 0, " %", lambda v: self.set(opacity=v / 100))
        self.begin = self.number(mark("Seen from"), 0, 14_400, 0.1, 2, " s", lambda v: self._times(begin=v))
        self.end = self.number(mark("Seen until"), 0, 14_400, 0.1, 2, " s", lambda v: self._times(end=v))
        self.enter = self.choice(
            mark("Comes in"),
            (("none", mark("At once")), ("fade", mark("Fading")), ("rise", mark("Rising")),
             ("slide", mark("Sliding")), ("pop", mark("Growing"))),
            self._enter,
        )  # fmt: skip
        self.rect_of: Callable[[str], Rect | None] = lambda _name: None

    def show_values(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene_now
        alone = layer is not None
        for field in (self.left, self.upper, self.w, self.h, self.opacity, self.begin, self.end, self.enter):
            self.form.setRowVisible(field, alone)
        for one in self._spread:
            one.setVisible(len(self.model.layers) > 2)
        if layer is None or scene is None:
            return
        rect = self.rect_of(layer.name) or layer.rect
        for field, value in ((self.left, rect.x), (self.upper, rect.y), (self.w, rect.w), (self.h, rect.h)):
            field.setValue(value * 100)
        self.opacity.setValue(layer.opacity * 100)
        self.begin.setMaximum(scene.duration)
        self.end.setMaximum(scene.duration)
        self.begin.setValue(layer.begin)
        self.end.setValue(layer.end or scene.duration)
        show_choice(self.enter, layer.motion.enter)

    def _put(self, **changes: float) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if layer is not None:
            rect = replace(self.rect_of(layer.name) or layer.rect, **changes)
            self.model.do(lambda b: put(b, scene, layer.name, rect), mark("Move"), ("put", scene, layer.name))

    def _times(self, **changes: float) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if layer is not None:
            begin, end = changes.get("begin", layer.begin), changes.get("end", layer.end)
            self.model.do(
                lambda b: timeline.set_times(b, scene, layer.name, begin, end), mark("Change times"),
                ("times", scene, layer.name),
            )  # fmt: skip

    def _enter(self, enter: Any) -> None:
        layer = self.model.layer_now
        if layer is not None:
            self.set(motion=replace(layer.motion, enter=enter))

    def _align(self, side: Any) -> None:
        scene, chosen = self.model.scene, list(self.model.layers)
        self.model.do(lambda b: edits.align(b, scene, chosen, side), mark("Align"))

    def _distribute(self, axis: Any) -> None:
        scene, chosen = self.model.scene, list(self.model.layers)
        self.model.do(lambda b: edits.distribute(b, scene, chosen, axis), mark("Space evenly"))


class TextForm(Form):
    """Words and letters."""

    def __init__(self, model: EditorModel) -> None:
        super().__init__(model)
        self.words = TextField(2, 6)
        name(self.words, mark("Words"))
        self.words.textChanged.connect(self._write)
        self.words.left.connect(model.seal)
        self.shared = label(role="muted", wrap=True)
        self.loose = button(mark("Only here"), self._loose, "link", tip=mark(
            "Cut this text loose, so that the other scenes keep their words"))  # fmt: skip
        self.column.addWidget(self.words)
        self.column.addWidget(self.shared)
        self.column.addLayout(row(self.loose, None))
        self.column.addLayout(self.form)
        self.letters = self.number(
            mark("Letter size"), 0.5, 40, 0.5, 1, " %", lambda v: self.set(size=v / 100)
        )
        self.lines = self.number(mark("Lines at most"), 1, 40, 1, 0, "", lambda v: self.set(lines=round(v)))
        self.weight = self.choice(
            mark("Weight"),
            ((400, mark("Regular")), (500, mark("Medium")), (700, mark("Bold")), (900, mark("Heavy"))),
            lambda v: self.set(weight=v),
        )
        self.align = self.choice(
            mark("Lines stand"),
            (
                ("left", mark("At the start")),
                ("center", mark("In the middle")),
                ("right", mark("At the end")),
            ),
            lambda v: self.set(align=v),
        )
        self.colour = ColourButton(mark("Colour of the letters"))
        self.colour.chosen.connect(lambda c: self.set(mark("Change a colour"), colour=c))
        self.form.addRow(label(mark("Colour"), "small"), self.colour)

    def show_values(self) -> None:
        layer, board = self.model.layer_now, self.model.board
        if not isinstance(layer, TextLayer) or board is None:
            return
        words = board.text_of(layer)
        if words != self.words.toPlainText():
            self.words.setPlainText(words)
        count = sum(
            1 for s in board.scenes for one in s.layers
            if isinstance(one, TextLayer) and one.bind == layer.bind and not one.text
        ) if layer.bind and not layer.text else 1  # fmt: skip
        self.shared.setText(tr("Shown in {n} places; all of them change.", n=count) if count > 1 else "")
        self.shared.setVisible(count > 1)
        self.loose.setVisible(count > 1)
        self.letters.setValue(layer.size * 100)
        self.lines.setValue(layer.lines)
        show_choice(self.weight, layer.weight)
        show_choice(self.align, layer.align)
        self.colour.show_colour(layer.colour)

    def _write(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if self._filling or layer is None:
            return
        words = self.words.toPlainText()
        self.model.do(
            lambda b: edits.write(b, scene, layer.name, words),
            mark("Change words"),
            ("words", scene, layer.name),
        )

    def _loose(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if layer is not None:
            self.model.do(lambda b: edits.own_words(b, scene, layer.name), mark("Cut words loose"))


class PictureForm(Form):
    """How a picture, clip, logo or shape is drawn."""

    def __init__(self, model: EditorModel, command: SignalInstance) -> None:
        super().__init__(model)
        self.look = button(mark("Look at what matters"), lambda: command.emit("look"), icon="crosshair",
                           tip=mark("Find what is looked at in the picture and show that part"))  # fmt: skip
        self.crop_button = button(mark("Crop"), lambda: command.emit("crop-hand"), icon="crop",
                                  tip=mark("Pull a frame over the whole picture in hand"))  # fmt: skip
        self.crop_to = button(mark("Crop to it"), lambda: command.emit("crop"), icon="crosshair",
                              tip=mark("Crop to what is looked at"))  # fmt: skip
        self.whole = button(mark("Show all"), self._whole)
        self.column.addWidget(self.look)
        self.column.addWidget(self.crop_to)
        self.column.addLayout(row(self.crop_button, self.whole, None))
        self.column.addLayout(self.form)
        self.fit = self.choice(
            mark("How it fits"),
            (
                ("cover", mark("Fill the box")),
                ("contain", mark("Show it whole")),
                ("whole", mark("Every pixel")),
            ),
            lambda v: self.set(fit=v),
        )  # fmt: skip
        self.camera = self.choice(
            mark("Camera"),
            (("none", mark("Still")), ("in", mark("Going in")), ("out", mark("Going out")),
             ("left", mark("To the left")), ("right", mark("To the right"))),
            lambda _v: self._camera(),
        )  # fmt: skip
        self.strength = self.number(mark("How far"), 0, 60, 2, 0, " %", lambda _v: self._camera())
        self.focus_x = self.number(mark("Shown, across"), 0, 100, 5, 0, " %", lambda v: self._focus(0, v))
        self.focus_y = self.number(
            mark("Shown, up and down"), 0, 100, 5, 0, " %", lambda v: self._focus(1, v)
        )
        self.radius = self.number(mark("Corners"), 0, 50, 1, 1, " %", lambda v: self.set(radius=v / 100))
        self.crop = [
            self.number(words, low, 100, 1, 1, " %", lambda _v: self._crop())
            for words, low in (
                (mark("Cropped, left"), 0), (mark("Cropped, top"), 0),
                (mark("Cropped, width"), 2), (mark("Cropped, height"), 2),
            )
        ]  # fmt: skip
        self.colour = ColourButton(mark("Colour of the shape"))
        self.colour.chosen.connect(lambda c: self.set(mark("Change a colour"), colour=c))
        self.colour_label = label(mark("Colour"), "small")
        self.form.addRow(self.colour_label, self.colour)

    def show_values(self) -> None:
        layer = self.model.layer_now
        if layer is None:
            return
        shape, picture = isinstance(layer, ShapeLayer), isinstance(layer, ImageLayer)
        cropped = (layer.crop.x, layer.crop.y, layer.crop.w, layer.crop.h) != (0.0, 0.0, 1.0, 1.0)
        self.look.setVisible(picture)
        self.crop_button.setVisible(not shape)
        self.crop_to.setVisible(picture)
        self.whole.setVisible(not shape)
        self.whole.setEnabled(cropped)
        self.form.setRowVisible(self.fit, isinstance(layer, ImageLayer | VideoLayer))
        self.form.setRowVisible(self.radius, hasattr(layer, "radius"))
        part = layer.crop
        for field, value in zip(self.crop, (part.x, part.y, part.w, part.h), strict=True):
            self.form.setRowVisible(field, not shape)
            field.setValue(value * 100)
        covers = picture and getattr(layer, "fit", "") == "cover"
        for field in (self.focus_x, self.focus_y):
            self.form.setRowVisible(field, covers)
        self.form.setRowVisible(self.camera, not shape)
        self.form.setRowVisible(self.strength, not shape)
        self.form.setRowVisible(self.colour, shape)
        if isinstance(layer, ImageLayer | VideoLayer):
            show_choice(self.fit, layer.fit)
        if picture:
            self.focus_x.setValue(layer.focus[0] * 100)  # type: ignore[union-attr]
            self.focus_y.setValue(layer.focus[1] * 100)  # type: ignore[union-attr]
        self.radius.setValue(getattr(layer, "radius", 0.0) * 100)
        show_choice(self.camera, edits.ken_burns_of(layer.motion))
        self.strength.setValue((max(layer.motion.zoom) - 1.0) * 100 or 14)
        if shape:
            self.colour.show_colour(layer.colour)  # type: ignore[union-attr]

    def _focus(self, axis: int, value: float) -> None:
        layer = self.model.layer_now
        if isinstance(layer, ImageLayer):
            focus = (value / 100, layer.focus[1]) if axis == 0 else (layer.focus[0], value / 100)
            self.set(focus=focus)

    def _camera(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        preset = self.camera.currentData()
        if layer is None or preset is None:
            return
        point = layer.focus if isinstance(layer, ImageLayer) else (0.5, 0.5)
        strength = self.strength.value() / 100
        self.model.do(
            lambda b: edits.ken_burns(b, scene, layer.name, preset, point=point, strength=strength),
            mark("Change the camera"), ("camera", scene, layer.name),
        )  # fmt: skip

    def _crop(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if layer is not None:
            part = Rect(*(field.value() / 100 for field in self.crop))
            self.model.do(
                lambda b: edits.crop(b, scene, layer.name, part), mark("Crop"), ("crop", scene, layer.name)
            )

    def _whole(self) -> None:
        layer, scene = self.model.layer_now, self.model.scene
        if layer is not None:
            self.model.do(lambda b: edits.crop(b, scene, layer.name, Rect()), mark("Show all of a picture"))


class SceneForm(Form):
    """Length and transition of a scene; cutting, copying, adding."""

    def __init__(self, model: EditorModel, command: SignalInstance) -> None:
        super().__init__(model)
        self.column.addLayout(self.form)
        self.seconds = self.number(mark("Lasts"), 0.2, 14_400, 0.1, 2, " s", self._trim)
        self.kind = self.choice(
            mark("Comes in by"),
            (("cut", mark("A cut")), ("fade", mark("Fading over")), ("push", mark("Pushing")),
             ("wipe", mark("Wiping")), ("zoom", mark("Zooming"))),
            self._transition,
        )  # fmt: skip
        self.long = self.number(mark("Transition"), 0.05, 10, 0.1, 2, " s", lambda _v: self._transition(None))
        self.split = button(mark("Split at the playhead"), lambda: command.emit("split"), icon="scissors")
        self.add = button(mark("Add a scene"), lambda: command.emit("add-scene"), icon="plus")
        self.copy = button(mark("Duplicate"), lambda: command.emit("duplicate-scene"), icon="copy")
        self.remove = button(mark("Delete"), lambda: command.emit("delete-scene"), "danger", icon="trash")
        self.column.addWidget(self.split)
        self.column.addWidget(self.add)
        self.column.addLayout(row(self.copy, self.remove, None))

    def show_values(self) -> None:
        scene = self.model.scene_now
        if scene is None or self.model.board is None:
            return
        self.seconds.setValue(scene.duration)
        show_choice(self.kind, scene.transition.kind)
        self.kind.setEnabled(self.model.scene > 0)
        self.form.setRowVisible(self.long, scene.transition.kind != "cut")
        self.long.setValue(scene.transition.seconds or 0.4)
        self.remove.setEnabled(len(self.model.board.scenes) > 1)

    def _trim(self, seconds: float) -> None:
        scene = self.model.scene
        self.model.do(
            lambda b: timeline.trim(b, scene, seconds), mark("Change a scene's length"), ("trim", scene)
        )

    def _transition(self, kind: Any) -> None:
        scene, held = self.model.scene, self.model.scene_now
        if held is not None:
            wanted = kind or held.transition.kind
            seconds = self.long.value()
            self.model.do(
                lambda b: timeline.set_transition(b, scene, wanted, seconds), mark("Change a transition"),
                ("transition", scene),
            )  # fmt: skip


class SoundForm(Form):
    """How loud a sound is, and when."""

    def __init__(self, model: EditorModel, command: SignalInstance) -> None:
        super().__init__(model)
        self.title = label(role="muted", wrap=True)
        self.column.addWidget(self.title)
        self.column.addLayout(self.form)
        self.gain = self.number(mark("Louder or softer"), -60, 12, 1, 1, " dB", lambda v: self._set(gain=v))
        self.start = self.number(mark("Begins at"), 0, 14_400, 0.1, 2, " s", lambda v: self._set(start=v))
        self.offset = self.number(
            mark("From in the file"), 0, 14_400, 0.1, 2, " s", lambda v: self._set(offset=v)
        )
        self.length = self.number(mark("Heard for"), 0, 14_400, 0.5, 2, " s", lambda v: self._set(length=v))
        say(self.length, mark("To the end"), "setSpecialValueText")
        self.fade_in = self.number(mark("Fades in over"), 0, 60, 0.1, 2, " s", lambda v: self._set(fade_in=v))
        self.fade_out = self.number(
            mark("Fades out over"), 0, 60, 0.1, 2, " s", lambda v: self._set(fade_out=v)
        )
        self.loop = self.tick(mark("Repeat to the end"), lambda on: self._set(loop=on))
        self.duck = self.tick(mark("Softer under the voice"), lambda on: self._set(duck=on))
        self.remove = button(
            mark("Remove the sound"), lambda: command.emit("remove-sound"), "danger", icon="trash"
        )
        self.column.addWidget(self.remove)

    def show_values(self) -> None:
        board = self.model.board
        track = tracks_named(board).get(self.model.sound) if board is not None else None
        if track is None:
            return
        names = {"music": mark("Music"), "voice": mark("Voice")}
        own = self.model.sound
        self.title.setText(tr(names[own]) if own in names else shown_name(own))
        for field, value in (
            (self.gain, track.gain), (self.start, track.start), (self.offset, track.offset),
            (self.length, track.length), (self.fade_in, track.fade_in), (self.fade_out, track.fade_out),
        ):  # fmt: skip
            field.setValue(value)
        self.loop.setChecked(track.loop)
        self.duck.setChecked(track.duck)

    def _set(self, **values: Any) -> None:
        own = self.model.sound

        def edit(board: Storyboard) -> Storyboard:
            return sounds.set_track(board, own, **values)

        self.model.do(edit, mark("Change a sound"), ("sound", own, *values))
