"""Beside the editor: the list of layers, and what can be changed of what is in hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QVBoxLayout, QWidget

from mmstudio.composition.editing.base import tracks_named
from mmstudio.composition.storyboard import (
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    ShapeLayer,
    TextLayer,
    VideoLayer,
)
from mmstudio.desktop.models.editor_layers import LayerModel, NameRole
from mmstudio.desktop.texts import label, name
from mmstudio.desktop.views.controls import row, section, tool
from mmstudio.desktop.views.editor_forms import LayerForm, PictureForm, SceneForm, SoundForm, TextForm
from mmstudio.desktop.views.flow import ScrollColumn, let_wrap
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.desktop.models.editor import EditorModel

_ROWS = 7


class EditorPanel(ScrollColumn):
    """Fills itself from the model; every change goes back through it.

    Signals:
        command: the name of something the pane does ("front", "back", "duplicate", "delete", "lock", "hide",
            "split", "add-scene", "duplicate-scene", "delete-scene", "look", "replace", "remove-sound").
    """

    command = Signal(str)

    def __init__(self, model: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__((16, 12, 16, 16), 8, parent)
        self._model = model
        self.setMinimumWidth(240)
        layout = self.column
        self._build_layers(layout)
        self.heading = QLabel()
        self.heading.setProperty("role", "strong")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        layout.addWidget(self.heading)
        self.note = label(role="muted", wrap=True)
        layout.addWidget(self.note)
        self.text = TextForm(model)
        self.picture = PictureForm(model, self.command)
        self.layer = LayerForm(model)
        self.sound = SoundForm(model, self.command)
        self.scene = SceneForm(model, self.command)
        for form in (self.text, self.picture, self.layer, self.sound, self.scene):
            layout.addWidget(form)
        layout.addStretch(1)
        let_wrap(self.body)
        model.changed.connect(self._changed)
        model.chosen.connect(self._chosen)
        self._chosen()

    def _build_layers(self, layout: QVBoxLayout) -> None:
        layout.addWidget(section(mark("Layers of this scene"),
                                 mark("What lies in front stands above. Drag on the canvas, or "
                                                      "use [ and ] to change the order.")))  # fmt: skip
        self.layers = LayerModel(self)
        self.list = QListView()
        self.list.setModel(self.layers)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedHeight(_ROWS * 24 + 6)
        name(self.list, mark("Layers of this scene"))
        self.list.setToolTip("")
        self.list.selectionModel().selectionChanged.connect(self._picked)
        self.list.doubleClicked.connect(lambda _index: self.command.emit("text"))
        layout.addWidget(self.list)
        self.tools = {
            key: tool(icon, words, partial(self.command.emit, key), checkable=key in ("lock", "hide"))
            for key, icon, words in (
                ("front", "arrow-line-up", mark("Bring to the front")),
                ("back", "arrow-line-down", mark("Send to the back")),
                ("lock", "lock-simple", mark("Lock: kept when the rest is made anew")),
                ("hide", "eye-slash", mark("Hide or show")),
                ("duplicate", "copy", mark("Duplicate")),
                ("delete", "trash", mark("Delete")),
            )
        }
        layout.addLayout(row(*self.tools.values(), None, spacing=4))

    # --- showing ------------------------------------------------------------------------------------

    def _changed(self, moving: bool) -> None:
        if not moving:
            self.layers.show(self._model.board, self._model.scene)
            self._show_choice()
        self._fill()

    def _chosen(self) -> None:
        self.layers.show(self._model.board, self._model.scene)
        self._show_choice()
        self._fill()

    def _show_choice(self) -> None:
        selection = self.list.selectionModel()
        wanted = {self.layers.row_of(one) for one in self._model.layers} - {-1}
        have = {index.row() for index in selection.selectedIndexes()}
        if wanted == have:
            return
        selection.blockSignals(True)
        selection.clear()
        for at in sorted(wanted):
            selection.select(self.layers.index(at), QItemSelectionModel.SelectionFlag.Select)
        if wanted:
            first = self.layers.index(min(wanted))
            selection.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.list.scrollTo(first)
        selection.blockSignals(False)
        self.list.viewport().update()

    def _picked(self, *_args: Any) -> None:
        rows = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        current: QModelIndex = self.list.currentIndex()
        names = [self.layers.name_at(at) for at in rows]
        first = current.data(NameRole) if current.isValid() else None
        if first in names:  # the one chosen last leads
            names.remove(first)
            names.insert(0, first)
        self._model.choose(names)

    def _fill(self) -> None:
        model = self._model
        board, layer = model.board, model.layer_now
        editable = model.can_edit
        several = len(model.layers) > 1
        free = editable and (layer is None or not layer.locked)
        self.text.setVisible(isinstance(layer, TextLayer))
        self.picture.setVisible(
            isinstance(layer, ImageLayer | GeneratedLayer | VideoLayer | LogoLayer | ShapeLayer)
        )
        self.layer.setVisible(layer is not None or several)
        self.sound.setVisible(bool(model.sound))
        self.scene.setVisible(board is not None and not model.layers and not model.sound)
        for key, one in self.tools.items():
            one.setEnabled(editable and bool(model.layers or (key == "lock" and model.sound)))
        self.tools["delete"].setEnabled(free and bool(model.layers))
        self.tools["lock"].setChecked(
            (layer is not None and layer.locked) or (bool(model.sound) and self._sound_locked())
        )
        self.tools["hide"].setChecked(layer is not None and layer.hidden)
        self._head(several)
        for form in (self.text, self.picture, self.layer, self.sound, self.scene):
            if form.isVisibleTo(self):
                form.fill()
                form.setEnabled(free if form in (self.text, self.picture, self.layer) else editable)
        if model.sound:
            self.sound.setEnabled(editable and not self._sound_locked())

    def _sound_locked(self) -> bool:
        board, own = self._model.board, self._model.sound
        lock = own if own in ("music", "voice") else f"effect:{own}"
        return board is not None and lock in board.locks and own in tracks_named(board)

    def _head(self, several: bool) -> None:
        from mmstudio.composition.names import shown_name
        from mmstudio.desktop.models.editor_layers import kind_of

        model = self._model
        layer, scene = model.layer_now, model.scene_now
        if layer is not None:
            kind, own = tr(kind_of(layer)[0]), shown_name(layer.name)
            self.heading.setText(own if own.startswith(kind) else f"{kind}: {own}")
            self.note.setText(
                tr("Locked: it stays as it is when the rest is made anew.") if layer.locked else ""
            )
        elif several:
            self.heading.setText(tr("{n} layers", n=len(model.layers)))
            self.note.setText("")
        elif model.sound:
            self.heading.setText(tr("Sound"))
            locked = self._sound_locked()
            self.note.setText(tr("Locked: it stays as it is when the rest is made anew.") if locked else "")
        else:
            self.heading.setText(
                tr("Scene: {name}", name=shown_name(scene.name)) if scene is not None else ""
            )
            self.note.setText("")
        self.note.setVisible(bool(self.note.text()))

    def retranslate(self) -> None:
        """Say everything again."""
        self._chosen()
        for form in (self.text, self.picture, self.layer, self.sound, self.scene):
            form.retranslate()
