"""What the editor's commands do: to what is in hand, to scenes, with alternatives, and all anew."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing import locks, sounds, timeline
from mmstudio.composition.editing.base import set_values
from mmstudio.composition.storyboard import Rect, ShapeLayer, Storyboard, TextLayer
from mmstudio.desktop.models.editor_work import crop_to_subject, look_at_subject
from mmstudio.desktop.pane import Pane
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.models.editor import EditorModel
    from mmstudio.desktop.views.editor_bar import EditorBar
    from mmstudio.desktop.views.editor_canvas import EditorCanvas
    from mmstudio.desktop.views.editor_panel import EditorPanel
    from mmstudio.desktop.views.editor_strip import EditorStrip
    from mmstudio.desktop.views.editor_timeline import EditorTimeline
    from mmstudio.desktop.views.playback import Player


class EditorCommands(Pane):
    """Commands without the views that give them; :class:`EditorPane` builds those."""

    model: EditorModel
    canvas: EditorCanvas
    timeline: EditorTimeline
    strip: EditorStrip
    panel: EditorPanel
    bar: EditorBar
    player: Player
    acts: dict[str, QAction]
    _busy: bool = False

    def _enable(self) -> None:
        """Enable what can be done now; the pane says how."""

    def crop_by_hand(self) -> None:
        """Crop on the canvas; the pane says how."""

    def _refused(self, error: Exception) -> None:
        sentence, hint = tr_error(error)
        self.context.notify(sentence, hint, level="warning")

    def _command(self, name: str) -> None:
        {
            "front": lambda: self._order("front"), "back": lambda: self._order("back"),
            "lock": self.toggle_lock,
            "hide": self.toggle_hidden, "duplicate": self.duplicate, "delete": self.delete,
            "split": self.split, "add-scene": self.add_scene, "duplicate-scene": self.duplicate_scene,
            "delete-scene": self.delete_scene, "look": self.look, "crop": self.crop,
            "crop-hand": self.crop_by_hand, "text": self.edit_text, "remove-sound": self.delete,
        }[name]()  # fmt: skip

    def edit_text(self) -> None:
        """Put the cursor into the words of the text in hand."""
        if isinstance(self.model.layer_now, TextLayer) and self.model.can_edit:
            self.context.change_setting("inspector_visible", True)
            self.panel.ensureWidgetVisible(self.panel.text.words)
            self.panel.text.words.setFocus(Qt.FocusReason.OtherFocusReason)
            self.panel.text.words.selectAll()

    def _order(self, where: Any) -> None:
        scene = self.model.scene
        for layer in list(self.model.layers):
            self.model.do(partial(self._ordered, scene, layer, where), mark("Change the order"))

    @staticmethod
    def _ordered(scene: int, layer: str, where: Any, board: Storyboard) -> Storyboard:
        return edits.order(board, scene, layer, where)

    def toggle_lock(self) -> None:
        """Lock what is in hand, or free it."""
        model = self.model
        scene, board = model.scene, model.board
        if board is None:
            return
        if model.sound:
            own, on = model.sound, sounds.lock_name(model.sound) not in board.locks
            model.do(lambda b: locks.lock_sound(b, own, on), mark("Lock") if on else mark("Unlock"))
            return
        held = {one.name: one.locked for one in board.scenes[scene].layers}
        on = not all(held.get(one, False) for one in model.layers)

        def edit(given: Storyboard) -> Storyboard:
            for one in model.layers:
                given = locks.lock(given, scene, one, on)
            return given

        model.do(edit, mark("Lock") if on else mark("Unlock"))

    def toggle_hidden(self) -> None:
        """Hide the layers in hand, or show them."""
        scene, layer, chosen = self.model.scene, self.model.layer_now, list(self.model.layers)
        on = layer is None or not layer.hidden

        def edit(board: Storyboard) -> Storyboard:
            for one in chosen:
                board = set_values(board, scene, one, hidden=on)
            return board

        self.model.do(edit, mark("Hide layers") if on else mark("Show layers"))

    def duplicate(self) -> None:
        """A second one of each layer in hand, which is in hand then; of the scene where none is."""
        scene, chosen = self.model.scene, list(self.model.layers)
        if not chosen:
            self.duplicate_scene()
            return
        names: list[str] = []

        def edit(board: Storyboard) -> Storyboard:
            names.clear()
            for one in chosen:
                board, name = edits.duplicate(board, scene, one)
                names.append(name)
            return board

        if self.model.do(edit, mark("Duplicate")):
            self.model.choose(names, seek=False)

    def delete(self) -> None:
        """Take away what is in hand."""
        scene, chosen, own = self.model.scene, list(self.model.layers), self.model.sound
        if own:
            self.model.do(lambda b: sounds.remove_track(b, own), mark("Remove a sound"))
        elif chosen:
            self.model.do(lambda b: edits.delete(b, scene, chosen), mark("Delete"))

    def add_text(self) -> None:
        """A new text in the middle, ready to be written."""
        board = self.model.board
        ink = board.palette.get("ink", "#111111") if board is not None else "#111111"
        made = TextLayer(name="text", text=tr("Your words"), colour=ink, size=0.06, weight=700,
                         align="center",
                         valign="center", rect=Rect(0.2, 0.42, 0.6, 0.16))  # fmt: skip
        self._add(made, mark("Add a text"))
        self.edit_text()

    def add_shape(self) -> None:
        """A new box in the accent colour."""
        board = self.model.board
        accent = board.palette.get("accent", "#2f5fd0") if board is not None else "#2f5fd0"
        made = ShapeLayer(name="shape", colour=accent, radius=0.02, rect=Rect(0.35, 0.35, 0.3, 0.3))
        self._add(made, mark("Add a shape"))

    def _add(self, layer: Any, label: str) -> None:
        scene = self.model.scene
        if self.model.do(lambda b: edits.add(b, scene, layer), label) and self.model.scene_now is not None:
            self.model.choose([self.model.scene_now.layers[-1].name], seek=False)

    def add_scene(self) -> None:
        """A new scene behind the one in hand."""
        at = self.model.scene + 1
        if self.model.do(lambda b: timeline.add_scene(b, at)[0], mark("Add a scene")):
            self.model.choose([], at)

    def duplicate_scene(self) -> None:
        """The scene in hand once more, behind it."""
        scene = self.model.scene
        if self.model.do(lambda b: timeline.duplicate_scene(b, scene)[0], mark("Duplicate a scene")):
            self.model.choose([], scene + 1)

    def delete_scene(self) -> None:
        """Take the scene in hand away."""
        scene = self.model.scene
        self.model.do(lambda b: timeline.delete_scene(b, scene), mark("Delete a scene"))

    def split(self) -> None:
        """Cut the scene under the playhead in two."""
        t = self.model.time
        if self.model.do(lambda b: timeline.split(b, t)[0], mark("Split a scene")) and self.model.board:
            self.model.choose([], self.model.board.scene_at(t), seek=False)

    def look(self) -> None:
        """Show the part of the picture in hand that is looked at."""
        self._from_pixels(look_at_subject, mark("Look at what matters"))

    def crop(self) -> None:
        """Crop the picture in hand to what is looked at."""
        self._from_pixels(crop_to_subject, mark("Crop"))

    def _done(self, edit: Any, label: str) -> None:
        self.model.do(edit, label)

    def _from_pixels(self, find: Any, label: str) -> None:
        studio, board, scene, layer = (
            self.context.studio,
            self.model.board,
            self.model.scene,
            self.model.layer_now,
        )
        if studio is None or board is None or layer is None or not self.model.can_edit:
            return
        library, name = studio.library, layer.name
        self.context.background(
            lambda: find(library, board, scene, name), lambda edit: self._done(edit, label), self._refused,
            owner=self,
        )  # fmt: skip

    def _guided(self) -> None:
        self.canvas.thirds = self.acts["guides"].isChecked()
        self.canvas.update()

    def _snapped(self) -> None:
        self.canvas.snapping = self.acts["snap"].isChecked()

    # --- anew ---------------------------------------------------------------------------------------

    def reroll(self) -> None:
        """Make everything that is not locked anew with another seed; on the device, the window stays free."""
        studio, board = self.context.studio, self.model.board
        if studio is None or board is None or self._busy or not self.model.can_edit:
            return
        self._busy = True
        self._enable()
        seed = random.Random().randrange(1, 2**31)
        self.strip.note.setText(tr("Making the rest anew…"))

        def done(changed: Storyboard) -> None:
            self._anew_over()
            if self.model.board is board:
                self.model.replace(changed, mark("Make the rest anew"))
                self.strip.ask()
            elif self.model.board is not None and self.model.board.id == board.id:
                self.context.notify(tr("You changed something meanwhile; make the rest anew once more."))

        def failed(error: Exception) -> None:
            self._anew_over()
            self._refused(error)

        self.context.ask("editor-reroll", lambda: locks.reroll(studio.composer, board, seed), done, failed)

    def _anew_over(self) -> None:
        self._busy = False
        self.strip.note.setText("")
        self._enable()
