"""The storyboard editor: canvas and time line in the middle, layers and values beside, choices between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAction, QImage, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from mmstudio.composition.editing import sounds, timeline
from mmstudio.composition.editing.base import put
from mmstudio.composition.layout import reframe
from mmstudio.composition.storyboard import Rect, Storyboard
from mmstudio.desktop.models.board_problems import board_clock, problems_of, tell_problems
from mmstudio.desktop.models.editor import EditorModel
from mmstudio.desktop.models.editor_work import (
    Opened,
    open_board,
)
from mmstudio.desktop.panes.editor_tools import EditorTools
from mmstudio.desktop.texts import action
from mmstudio.desktop.views.board_frames import KeptPictures, frame_source
from mmstudio.desktop.views.editor_bar import ClashBar, EditorBar, Frame, frames_of
from mmstudio.desktop.views.editor_canvas import EditorCanvas
from mmstudio.desktop.views.editor_frames import EditFrame, EditFrames
from mmstudio.desktop.views.editor_list import TimelineList
from mmstudio.desktop.views.editor_panel import EditorPanel
from mmstudio.desktop.views.editor_strip import EditorStrip
from mmstudio.desktop.views.editor_timeline import EditorTimeline
from mmstudio.desktop.views.pictures import Pictures
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock
from mmstudio.desktop.views.states import StateStack
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.desktop.context import AppContext

_RATE = 48_000
_LOW, _LOW_LINE = 640, 118  # pixels of a low window's pane, and of the time line in it
_CHOICES_MS = 250  # after the choice rests, before alternatives are looked up


class EditorPane(EditorTools):
    """Wires the model to its views; every edit is a pure function that the model applies."""

    key: ClassVar[str] = "editor"
    name: ClassVar[str] = mark("Storyboard editor")
    icon: ClassVar[str] = "pencil-simple"

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.model = EditorModel(context, self)
        self.pictures = Pictures(context, parent=self)
        self.frames = EditFrames()  # no parent: its thread may outlive a closed window
        self.player = Player(self)
        self._kept: KeptPictures | None = None
        self._wanted: int | None = None
        self._played: Storyboard | None = None
        self._shown = 0
        self._busy = False
        self._build_actions()
        self._build()
        self._connect()
        self.library_changed()

    # --- building -----------------------------------------------------------------------------------

    def _build_actions(self) -> None:
        made: dict[str, QAction] = {}
        for key, words, slot, icon, shortcut, tip in (
            ("back", mark("Back to the preview"), self.go_back, "arrow-left", "", ""),
            ("play", mark("Play or pause"), self.toggle, "play", "",
             mark("Space on the canvas or the time line")),
            ("next", mark("Next alternative"), self.next_choice, "swap", "A",
             mark("Another picture or other words in the place in hand")),
            ("lock", mark("Lock or unlock"), self.toggle_lock, "lock-simple", "L",
             mark("What is locked stays as it is when the rest is made anew")),
            ("reroll", mark("Make the rest anew"), self.reroll, "shuffle", "Ctrl+R",
             mark("Everything that is not locked gets another seed: pictures, words, colours, music")),
            ("duplicate", mark("Duplicate"), self.duplicate, "copy", "Ctrl+D", ""),
            ("delete", mark("Delete"), self.delete, "trash", "Del", ""),
            ("forward", mark("One step to the front"), lambda: self._order("forward"), "arrow-up", "]", ""),
            ("backward", mark("One step to the back"), lambda: self._order("backward"), "arrow-down",
             "[", ""),
            ("front", mark("Bring to the front"), lambda: self._order("front"), "arrow-line-up",
             "Ctrl+]", ""),
            ("back-most", mark("Send to the back"), lambda: self._order("back"), "arrow-line-down",
             "Ctrl+[", ""),
            ("hide", mark("Hide or show"), self.toggle_hidden, "eye-slash", "H", ""),
            ("text", mark("Add a text"), self.add_text, "text-t", "", ""),
            ("shape", mark("Add a shape"), self.add_shape, "rectangle", "", ""),
            ("scene", mark("Add a scene"), self.add_scene, "film-strip", "", ""),
            ("split", mark("Split at the playhead"), self.split, "scissors", "", mark("S on the time line")),
            ("sound", mark("Add a sound"), self.show_sounds, "music-notes", "",
             mark("Choose one from the library in the strip")),
            ("crop", mark("Crop on the canvas"), self.crop_by_hand, "crop", "C",
             mark("Pull a frame over the whole picture in hand")),
            ("guide-x", mark("Add an upright guide"), lambda: self.add_guide("x"),
             "arrows-out-line-horizontal", "",
             mark("Arrows move it, Delete takes it away; or pull it out of the ruler at the left")),
            ("guide-y", mark("Add a level guide"), lambda: self.add_guide("y"), "arrows-out-line-vertical",
             "", mark("Arrows move it, Delete takes it away; or pull it out of the ruler at the top")),
            ("no-guides", mark("Remove all guides"), self.remove_guides, "eraser", "", ""),
        ):  # fmt: skip
            made[key] = action(self, words, slot, icon=icon, shortcut=shortcut, tip=tip)
        for key, words, slot, icon, shortcut in (
            ("guides", mark("Show thirds"), self._guided, "grid-four", "G"),
            ("snap", mark("Snap to edges and guides"), self._snapped, "magnet", ""),
            ("rulers", mark("Rulers and guides"), self._ruled, "ruler", "R"),
            ("list", mark("Time line as a list"), self._listed, "list-dashes", "Shift+T"),
        ):  # fmt: skip
            made[key] = action(self, words, slot, icon=icon, shortcut=shortcut, checkable=True)
        made["snap"].setChecked(True)
        made["rulers"].setChecked(True)
        self.acts = made

    def _build(self) -> None:
        adding = [self.acts[key] for key in ("text", "shape", "scene", "sound", "guide-x", "guide-y")]
        self.bar = EditorBar(self, self.acts, adding)
        self.clash = ClashBar(self._take_theirs, self._keep_mine)
        self.canvas = EditorCanvas()
        self.strip = EditorStrip(self.pictures)
        self.timeline = EditorTimeline()
        self.line_list = TimelineList()
        self.lines = QStackedWidget()
        self.lines.addWidget(self.timeline)
        self.lines.addWidget(self.line_list)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.clash)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.strip)
        self.split_view = QSplitter(Qt.Orientation.Vertical)
        self.split_view.addWidget(upper)
        self.split_view.addWidget(self.lines)
        self.split_view.setStretchFactor(0, 1)
        self.split_view.setCollapsible(0, False)
        self.split_view.setCollapsible(1, False)
        self.split_view.setSizes([640, 170])
        body = QWidget()
        whole = QVBoxLayout(body)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.bar)
        whole.addWidget(self.split_view, 1)
        self.states = StateStack(body)
        self.root.addWidget(self.states)
        self.panel = EditorPanel(self.model)
        self.panel.layer.rect_of = self.canvas.rect_of
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_CHOICES_MS)
        self._patience.timeout.connect(self.strip.ask)

    def _connect(self) -> None:
        model, canvas, line = self.model, self.canvas, self.timeline
        model.changed.connect(self._changed)
        model.chosen.connect(self._chosen)
        model.sought.connect(self._sought)
        model.stepped.connect(lambda: self.context.changed.emit("editor", None))
        model.kept.connect(lambda state: self.bar.say_state("read-only" if self.context.read_only else state))
        model.clashed.connect(self.clash.show)
        model.refused.connect(self._refused)
        canvas.picked.connect(lambda names: model.choose(names, seek=False))
        canvas.placed.connect(self._placed)
        canvas.released.connect(self._released)
        canvas.wanted_text.connect(self.edit_text)
        canvas.assets_dropped.connect(self._dropped)
        canvas.toggled.connect(self.toggle)
        canvas.resized.connect(self._resized)
        canvas.guide_put.connect(self._guide_put)
        canvas.guide_gone.connect(self._guide_gone)
        canvas.guide_chosen.connect(self._enable)
        canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        canvas.customContextMenuRequested.connect(self._offer)
        line.sought.connect(self._line_sought)
        for one in (line, self.line_list):
            one.row_picked.connect(self._row_picked)
            one.scene_trimmed.connect(self._trimmed)
            one.times_set.connect(self._times_set)
            one.sound_set.connect(self._sound_set)
            one.released.connect(self._released)
        line.scene_picked.connect(lambda n: model.choose([], n, seek=False))
        line.scene_moved.connect(self._scene_moved)
        self.line_list.picked.connect(lambda n, layer: model.choose([layer] if layer else [], n))
        line.split_wanted.connect(self.split)
        line.toggled.connect(self.toggle)
        self.strip.wanted.connect(self._list_choices)
        self.strip.taken.connect(self._take)
        self.panel.command.connect(self._command)
        self.bar.framed.connect(self._framed)
        self.frames.drawn.connect(self._drawn)
        self.frames.failed.connect(self._draw_failed)
        self.player.frame.connect(self._play_frame)
        self.player.moved.connect(self._play_moved)
        self.player.playing.connect(self._playing)

    # --- pane ---------------------------------------------------------------------------------------

    def activated(self, **args: Any) -> None:
        """``storyboard``: the id of the one to edit; without it the one that is open, or the newest."""
        wanted = args.get("storyboard")
        now = self.model.keeper.id if self.model.keeper is not None else None
        if wanted is not None and int(wanted) != now:
            self._open(int(wanted))
        elif now is None and self.context.studio is not None:
            self._open(None)
        else:
            self._look_for_others()
        self.canvas.setFocus()

    def library_changed(self) -> None:
        self.player.unload()
        self.model.close()
        self.pictures.forget()
        studio = self.context.studio
        self._kept = KeptPictures(studio.library) if studio is not None else None
        self._played = None
        self.frames.use(studio.library if studio is not None else None, self._kept)
        self.clash.hide()
        self.canvas.show_board(None, 0, 0.0)
        self.canvas.show_frame(QImage(), {})
        self._show_lines(None)
        self._show_empty()

    def data_changed(self, topic: str, ids: list[int] | None) -> None:
        keeper = self.model.keeper
        if topic == "storyboards" and keeper is not None and (ids is None or keeper.id in ids):
            self._look_for_others()

    def retranslate(self) -> None:
        self.panel.retranslate()
        self.strip.retranslate()
        self.line_list.retranslate()
        self._read_frames()
        self._changed(False)

    def inspector(self) -> QWidget:
        return self.panel

    def undo_labels(self) -> tuple[str | None, str | None] | None:
        return self.model.history.labels if self.model.history is not None else None

    def undo(self) -> None:
        self.model.undo()

    def redo(self) -> None:
        self.model.redo()

    def close_pane(self) -> None:
        self.model.close()
        self.player.close()
        self.frames.close()

    def go_back(self) -> None:
        """Keep everything and show the preview of it."""
        self.player.pause()
        self.model.keep()
        keeper = self.model.keeper
        self.context.navigate("preview", **({"storyboard": keeper.id} if keeper is not None else {}))

    def _show_empty(self) -> None:
        self.states.show_message(
            mark("No storyboard is open"),
            mark("Compose an item first; then every scene, picture and word of it can be changed here."),
            mark("Go to the preview"),
            lambda: self.context.navigate("preview"),
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.height() < _LOW and self.split_view.sizes()[1] > _LOW_LINE:
            self.split_view.setSizes([self.height() - _LOW_LINE, _LOW_LINE])  # the picture comes first

    # --- opening ------------------------------------------------------------------------------------

    def _open(self, storyboard: int | None) -> None:
        studio = self.context.studio
        if studio is None:
            return
        self.model.close()  # before the other one is read
        self.states.show_loading(mark("Opening the storyboard"))
        self.context.background(
            lambda: open_board(studio.library, storyboard), self._opened,
            lambda error: self.states.show_failure(error, lambda: self._open(storyboard)), key="editor-open",
        )  # fmt: skip

    def _opened(self, found: Opened | None) -> None:
        if found is None or self.context.studio is None:
            self._show_empty()
            return
        self.player.pause()
        self.clash.hide()
        self._played = None
        self.timeline.lengths = self.line_list.lengths = found.lengths
        self.canvas.editable = self.timeline.editable = self.line_list.editable = not self.context.read_only
        self.canvas.show_frame(QImage(), {})
        self.model.open(found.board, found.keeper)
        self.bar.show_frames(frames_of(found.channels))
        self.bar.show_size(found.board.size)
        self.canvas.safe = self.bar.safe_now()
        self.states.show_content()
        self.timeline.zoom_all()
        self._draw()
        library, board = self.context.studio.library, found.board
        self.context.background(
            lambda: problems_of(library, board), lambda said: tell_problems(self.context, board, said),
            self._refused, key="editor-problems", owner=self,
        )  # fmt: skip

    def _read_frames(self) -> None:
        from mmstudio.export.channels import channels

        self.context.background(
            channels, lambda found: self.bar.show_frames(frames_of(found)), key="editor-frames", owner=self
        )

    def _look_for_others(self) -> None:
        """Whether somebody else changed what is open."""
        keeper = self.model.keeper
        if keeper is not None and not self.model.unkept:
            self.context.background(keeper.theirs, self._found_others, key="editor-others", owner=self)

    def _found_others(self, theirs: Storyboard | None) -> None:
        if theirs is None or self.model.board is None:
            return
        if self.model.unkept:
            self.clash.show()
        else:
            self._take_theirs()
            self.context.notify(tr("This storyboard was changed elsewhere; you see the new state."),
                                tr("Undo leads back to yours"))  # fmt: skip

    def _take_theirs(self) -> None:
        keeper = self.model.keeper
        self.clash.hide()
        if keeper is not None:
            self.context.background(keeper.take, self.model.take_over, owner=self)

    def _keep_mine(self) -> None:
        self.clash.hide()
        self.model.keep(over=True)

    # --- showing ------------------------------------------------------------------------------------

    def _changed(self, moving: bool) -> None:
        model, board = self.model, self.model.board
        self.canvas.show_board(board, model.scene, model.time)
        self._show_lines(board)
        self.bar.title.setText(board.name if board is not None else "")
        self.bar.title.setToolTip(board.name if board is not None else "")
        self._enable()
        if self.player.is_playing and not moving:
            self.player.pause()
        self._draw()
        if board is not None and not moving:
            self.bar.show_size(board.size)
            self.canvas.safe = self.bar.safe_now()

    def _chosen(self) -> None:
        model = self.model
        self.canvas.crop.end(False)
        self.canvas.show_board(model.board, model.scene, model.time)
        self.canvas.choose(model.layers)
        self._show_lines(model.board)
        self._enable()
        self.strip.restart()
        self._patience.start()

    def _enable(self) -> None:
        editable = self.model.can_edit
        some = editable and bool(self.model.layers)
        for key in ("duplicate", "delete", "forward", "backward", "front", "back-most", "hide"):
            other = bool(self.model.sound) or self.canvas.guides.chosen is not None
            self.acts[key].setEnabled(some or (key == "delete" and editable and other))
        picture = hasattr(self.model.layer_now, "asset_id")
        self.acts["crop"].setEnabled(editable and picture)
        for key in ("guide-x", "guide-y"):
            self.acts[key].setEnabled(editable)
        own = self.model.board is not None and bool(self.model.board.guides)
        self.acts["no-guides"].setEnabled(editable and own)
        self.acts["lock"].setEnabled(editable and bool(self.model.layers or self.model.sound))
        self.acts["next"].setEnabled(editable and (len(self.model.layers) == 1 or bool(self.model.sound)))
        for key in ("text", "shape", "scene", "split", "sound"):
            self.acts[key].setEnabled(editable)
        self.acts["play"].setEnabled(self.model.board is not None)
        again = editable and not self._busy and bool(self.model.board and self.model.board.recipe)
        self.acts["reroll"].setEnabled(again)

    def _sought(self, t: float) -> None:
        self.canvas.show_board(self.model.board, self.model.scene, t)
        self.timeline.set_time(t)
        if not self.player.is_playing:
            self._draw()

    def _line_sought(self, t: float) -> None:
        if self.player.is_playing:
            self.player.seek(t)
        self.model.seek(t)

    def _resized(self, _size: object) -> None:
        self.player.set_size(self.canvas.device_size())
        self._draw()

    def _draw(self) -> None:
        if self.model.board is not None and not self.player.is_playing:
            self._shown = self.frames.want(self.model.board, self.model.time, self.canvas.device_size())

    def _drawn(self, frame: EditFrame) -> None:
        if self.model.board is not None and not self.player.is_playing:
            self.canvas.show_frame(frame.image, frame.texts)
            if frame.number == self._shown:
                self.panel.layer.fill()  # the place of a text that flows is known now

    def _draw_failed(self, why: str) -> None:
        if self.model.board is None:
            return  # the library was closed under a frame
        self.canvas.show_message(tr("This frame cannot be drawn. {why}", why=why))

    # --- playing ------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play from the playhead, or pause."""
        board, studio = self.model.board, self.context.studio
        if board is None or studio is None or self._kept is None:
            return
        if self.player.is_playing:
            self.player.pause()
            return
        if self._played is not board:
            self._played = board
            self.player.load(
                frame_source(board, studio.library, board.size, self._kept), board.duration, board.fps, False
            )
            self.player.set_size(self.canvas.device_size())
            self._mix(board)
        t = self.model.time if self.model.time < board.duration - 0.05 else 0.0
        self.player.seek(t)
        self.player.play()

    def _mix(self, board: Storyboard) -> None:
        studio = self.context.studio
        assert studio is not None
        self.player.set_clock(SilentClock())
        volume = self.context.settings.volume

        def work() -> SoundClock | SilentClock:
            return board_clock(board, studio.library, _RATE, volume)[0]

        def ready(clock: SoundClock | SilentClock) -> None:
            if self._played is board:
                self.player.set_clock(clock)
            elif isinstance(clock, SoundClock):
                clock.close()

        def failed(error: Exception) -> None:
            self.context.notify(tr("The sound could not be mixed."), tr_error(error)[0], level="warning")

        self.context.background(work, ready, failed, owner=self)

    def _play_frame(self, image: QImage, _t: float) -> None:
        if self.player.is_playing:
            self.canvas.show_frame(image)

    def _play_moved(self, t: float) -> None:
        if self.player.is_playing:
            self.model.time = t
            self.timeline.set_time(t)

    def _playing(self, playing: bool) -> None:
        self.canvas.set_quiet(playing)
        if not playing and self.model.board is not None:
            self.model.seek(self.model.time)
            self._sought(self.model.time)

    # --- edits from the canvas and the time line ------------------------------------------------------

    def _placed(self, rects: dict[str, Rect]) -> None:
        scene = self.model.scene

        def edit(board: Storyboard) -> Storyboard:
            for layer, rect in rects.items():
                board = put(board, scene, layer, rect)
            return board

        moving = self.canvas.dragging
        self.model.do(edit, mark("Move"), ("move", scene, *rects, moving), moving=moving)

    def _released(self) -> None:
        self.model.seal()
        self._changed(False)
        self.panel._changed(False)
        self.model.stepped.emit()

    def _offer(self, at: QPoint) -> None:
        """What can be done with what is under the mouse (or in hand, by the keyboard)."""
        under = self.canvas.layers_at(QPointF(at))
        if under and not set(under) & set(self.model.layers):
            self.model.choose([under[0]], seek=False)
        menu = QMenu(self)
        for key in ("next", "crop", "lock", "", "front", "forward", "backward", "back-most", "", "hide",
                    "duplicate", "delete"):  # fmt: skip
            if key:
                menu.addAction(self.acts[key])
            else:
                menu.addSeparator()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.canvas.mapToGlobal(at))

    def _row_picked(self, part: str, name: str) -> None:
        if part == "sound":
            self.model.choose_sound(name)
        else:
            self.model.choose([name] if name else [], seek=False)

    def _trimmed(self, scene: int, seconds: float, side: Any) -> None:
        self.model.do(
            lambda b: timeline.trim(b, scene, seconds, side), mark("Change a scene's length"),
            ("trim", scene, side), moving=True,
        )  # fmt: skip
        self.panel.scene.fill()

    def _scene_moved(self, scene: int, index: int) -> None:
        if self.model.do(lambda b: timeline.move_scene(b, scene, index), mark("Move a scene")):
            board = self.model.board
            self.model.choose([], min(max(index, 0), len(board.scenes) - 1 if board else 0))

    def _times_set(self, layer: str, begin: float, end: float) -> None:
        scene = self.model.scene
        self.model.do(
            lambda b: timeline.set_times(b, scene, layer, begin, end), mark("Change times"),
            ("times", scene, layer), moving=True,
        )  # fmt: skip

    def _sound_set(self, name: str, start: float, end: float, side: str) -> None:
        length = self.timeline.lengths

        def edit(board: Storyboard) -> Storyboard:
            if side == "whole":
                return sounds.set_track(board, name, start=start)
            file = length.get(sounds.track_of(board, name).asset_id or -1)
            return sounds.trim_track(board, name, start, end, file)

        self.model.do(edit, mark("Move a sound"), ("sound", name, side), moving=True)

    def _framed(self, frame: Frame) -> None:
        """Another format or channel: its shape, and what it leaves free."""
        _words, size, safe = frame
        self.canvas.safe = safe
        self.canvas.update()
        board = self.model.board
        if board is None or board.size == size or not self.model.can_edit:
            return

        def placed(made: Storyboard) -> None:
            if self.model.board is board:
                self.model.do(lambda _now: made, mark("Change the format"))
            elif self.model.board is not None:
                self._framed(frame)  # something was changed meanwhile

        # a recipe is read for its places
        self.context.background(lambda: reframe(board, size), placed, key="editor-format", owner=self)
