"""Guides of one's own and cropping on the canvas: what the editor's tools change in the storyboard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

from PySide6.QtWidgets import QStackedWidget

from mmstudio.composition.editing import guides
from mmstudio.composition.editing import layers as edits
from mmstudio.composition.editing.snapping import Axis
from mmstudio.composition.names import shown_name
from mmstudio.composition.storyboard import (
    GeneratedLayer,
    ImageLayer,
    LogoLayer,
    Rect,
    Storyboard,
    VideoLayer,
)
from mmstudio.desktop.models.editor_work import Croppable, read_croppable
from mmstudio.desktop.panes.editor_choices import EditorChoices
from mmstudio.desktop.views.editor_crop import Cropping
from mmstudio.desktop.views.editor_list import TimelineList
from mmstudio.i18n import mark

_PICTURES = ImageLayer | GeneratedLayer | VideoLayer | LogoLayer


class EditorTools(EditorChoices):
    """Every change is one step of undo; the views only ask for it."""

    line_list: TimelineList
    lines: QStackedWidget

    # --- guides -------------------------------------------------------------------------------------

    def add_guide(self, axis: Axis) -> None:
        """A guide through the middle, in hand: arrows move it."""
        board = self.model.board
        self.acts["rulers"].setChecked(True)
        self._ruled()
        if board is not None and self.model.do(lambda b: guides.add_guide(b, axis, 0.5), mark("Add a guide")):
            self.canvas.guides.choose((axis, len(board.guides.get(axis, []))))
            self.canvas.setFocus()

    def remove_guides(self) -> None:
        """Take every guide away."""
        self.model.do(guides.remove_guides, mark("Remove guides"))

    def delete(self) -> None:
        """Take away what is in hand: a guide, a sound, layers."""
        chosen = self.canvas.guides.chosen
        if chosen is not None:
            self._guide_gone(*chosen)
        else:
            super().delete()

    def _guide_put(self, axis: str, index: int, at: float) -> None:
        way, board = cast("Axis", axis), self.model.board
        if index >= 0:
            key = ("guide", axis, index)
            self.model.do(lambda b: guides.move_guide(b, way, index, at), mark("Move a guide"), key)
        elif board is not None and self.model.do(lambda b: guides.add_guide(b, way, at), mark("Add a guide")):
            self.canvas.guides.choose((way, len(board.guides.get(axis, []))))

    def _guide_gone(self, axis: str, index: int) -> None:
        way = cast("Axis", axis)
        self.model.do(lambda b: guides.remove_guide(b, way, index), mark("Remove a guide"))
        self.canvas.guides.choose(None)

    def _ruled(self) -> None:
        self.canvas.guides.shown = self.acts["rulers"].isChecked()
        self.canvas.guides.keep_to()
        self.canvas.update()

    def _listed(self) -> None:
        """The time line painted, or as a list for keys and screen readers."""
        shown = self.line_list if self.acts["list"].isChecked() else self.timeline
        self.lines.setCurrentWidget(shown)
        self._show_lines(self.model.board)
        shown.setFocus()

    def _show_lines(self, board: Storyboard | None) -> None:
        model = self.model
        for one in (self.timeline, self.line_list):
            if one is self.timeline or self.lines.currentWidget() is one:
                one.show_board(board, model.scene, model.layers, model.sound)

    # --- cropping -----------------------------------------------------------------------------------

    def edit_text(self) -> None:
        """Change what is in hand: the words of a text, the crop of a picture."""
        if isinstance(self.model.layer_now, _PICTURES):
            self.crop_by_hand()
        else:
            super().edit_text()

    def crop_by_hand(self) -> None:
        """Show the whole picture in hand with a frame to pull, first round what is looked at."""
        studio, board, layer = self.context.studio, self.model.board, self.model.layer_now
        if studio is None or board is None or not self.model.can_edit or not isinstance(layer, _PICTURES):
            return
        scene, name, library = self.model.scene, layer.name, studio.library

        def done(found: Croppable) -> None:
            from mmstudio.composition.render.pictures import qimage

            if self.model.scene != scene or self.model.layers != [name]:
                return  # something else is in hand by now
            self.player.pause()
            whole = (layer.crop.x, layer.crop.y, layer.crop.w, layer.crop.h) == (0.0, 0.0, 1.0, 1.0)
            box = replace(found.subject if whole else layer.crop)
            self.canvas.crop.done = partial(self._cropped, scene, name)
            picture = qimage(found.pixels)
            self.canvas.crop.begin(Cropping(picture, box, found.subject, shown_name(name)))
            self.canvas.setFocus()

        self.context.background(
            lambda: read_croppable(library, board, scene, name), done, self._refused, key="editor-crop",
            owner=self,
        )  # fmt: skip

    def _cropped(self, scene: int, layer: str, box: Rect | None) -> None:
        if box is None:
            return

        def edit(board: Storyboard) -> Storyboard:
            return edits.crop(board, scene, layer, box, focus=(0.5, 0.5))

        self.model.do(edit, mark("Crop"))
