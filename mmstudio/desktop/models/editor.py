"""The storyboard that is edited: what it is now, what is chosen, the way back, and when it is kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from mmstudio.composition.editing.autosave import DELAY_S, LONGEST_S, Keeper
from mmstudio.composition.editing.base import named
from mmstudio.composition.editing.history import History
from mmstudio.errors import Conflict, StudioError

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.composition.storyboard import AnyLayer, Scene
    from mmstudio.desktop.context import AppContext

Edit = Callable[["Storyboard"], "Storyboard"]


class EditorModel(QObject):
    """Lives on the GUI thread. Edits are pure and quick; reading and writing happen in workers.

    Signals:
        changed: the storyboard is another one (True where only places moved, as in a drag).
        chosen: another scene, layer or sound is chosen.
        sought: the playhead moved, seconds.
        stepped: what undo and redo would do changed.
        kept: what to say of saving: "saved", "waiting", "failed".
        clashed: somebody else changed it meanwhile.
        refused: a StudioError of an edit.
    """

    changed = Signal(bool)
    chosen = Signal()
    sought = Signal(float)
    stepped = Signal()
    kept = Signal(str)
    clashed = Signal()
    refused = Signal(object)

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.history: History | None = None
        self.keeper: Keeper | None = None
        self.scene = 0
        self.layers: list[str] = []
        self.sound = ""
        self.time = 0.0
        self._unkept = self._keeping = False
        self._writable = False  # remembered: the last save comes when the library is closing already
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(round(DELAY_S * 1000))
        self._soon.timeout.connect(self.keep)
        self._latest = QTimer(self)
        self._latest.setSingleShot(True)
        self._latest.setInterval(round(LONGEST_S * 1000))
        self._latest.timeout.connect(self.keep)

    # --- what there is ------------------------------------------------------------------------------

    @property
    def board(self) -> Storyboard | None:
        """The storyboard now; None while none is open."""
        return self.history.board if self.history is not None else None

    @property
    def scene_now(self) -> Scene | None:
        """The scene in hand."""
        board = self.board
        return board.scenes[self.scene] if board is not None and self.scene < len(board.scenes) else None

    @property
    def layer_now(self) -> AnyLayer | None:
        """The layer in hand, where one is chosen alone."""
        scene = self.scene_now
        if scene is None or len(self.layers) != 1:
            return None
        return next((layer for layer in scene.layers if layer.name == self.layers[0]), None)

    @property
    def can_edit(self) -> bool:
        """Whether there is something that may be changed."""
        return self.board is not None and not self.context.read_only

    def open(self, board: Storyboard, keeper: Keeper) -> None:
        """Begin with a storyboard that was just read."""
        self.close()
        self.history, self.keeper = History(named(board)), keeper
        self._writable = not self.context.read_only
        self.scene, self.layers, self.sound = 0, [], ""
        self.time = self._rest_of(0)
        self.kept.emit("saved")
        self._tell()

    def close(self) -> None:
        """Keep what is not kept yet, and let go of it."""
        self.keep()
        self.history = self.keeper = None
        self.scene, self.layers, self.sound, self.time = 0, [], "", 0.0
        self._unkept = False

    def _tell(self) -> None:
        self._hold()
        self.changed.emit(False)
        self.chosen.emit()
        self.stepped.emit()
        self.sought.emit(self.time)

    # --- edits --------------------------------------------------------------------------------------

    def do(self, edit: Edit, label: str, key: Hashable = None, *, moving: bool = False) -> bool:
        """Apply an edit; ``label`` is marked English. Edits with one key in a row are one step.

        Args:
            moving: it is part of a drag: more will follow, each from where the drag began.

        Returns False where nothing changed; a refusal is told by :attr:`refused`.
        """
        if self.history is None or not self.can_edit:
            return False
        try:
            if not self.history.do(edit, label, key, anew=moving):
                return False
        except StudioError as error:
            self.refused.emit(error)
            return False
        self._after(moving)
        return True

    def seal(self) -> None:
        """A drag is over: the next edit is a step of its own."""
        if self.history is not None:
            self.history.seal()

    def undo(self) -> None:
        """Take the newest edit back."""
        if self.history is not None and self.can_edit and self.history.undo() is not None:
            self._after(False)

    def redo(self) -> None:
        """Do the edit again that was taken back last."""
        if self.history is not None and self.can_edit and self.history.redo() is not None:
            self._after(False)

    def _after(self, moving: bool) -> None:
        self._unkept = True
        self._soon.start()
        if not self._latest.isActive():
            self._latest.start()
        self.kept.emit("waiting")
        held = (self.scene, list(self.layers), self.sound)
        self._hold()
        self.changed.emit(moving)
        if held != (self.scene, self.layers, self.sound):
            self.chosen.emit()
        if not moving:
            self.stepped.emit()

    def _hold(self) -> None:
        """Keep what is chosen to what is there."""
        board = self.board
        if board is None:
            return
        self.scene = min(self.scene, max(len(board.scenes) - 1, 0))
        scene = self.scene_now
        names = {layer.name for layer in scene.layers} if scene is not None else set()
        self.layers = [name for name in self.layers if name in names]
        if self.sound:
            from mmstudio.composition.editing.base import tracks_named

            self.sound = self.sound if self.sound in tracks_named(board) else ""
        self.time = min(self.time, board.duration)

    # --- what is chosen -----------------------------------------------------------------------------

    def choose(self, layers: Sequence[str], scene: int | None = None, *, seek: bool = True) -> None:
        """Take layers of a scene in hand; the playhead goes where they are seen."""
        board = self.board
        if board is None:
            return
        scene = self.scene if scene is None else min(max(scene, 0), len(board.scenes) - 1)
        new_scene = scene != self.scene
        if (scene, list(layers), "") == (self.scene, self.layers, self.sound):
            return
        self.scene, self.layers, self.sound = scene, list(layers), ""
        if seek and (new_scene or board.scene_at(self.time) != scene):
            self.seek(self._rest_of(scene), follow=False)
        self.chosen.emit()

    def choose_sound(self, name: str) -> None:
        """Take a sound in hand, where there is one of this name."""
        from mmstudio.composition.editing.base import tracks_named

        if self.board is not None and name != self.sound and name in tracks_named(self.board):
            self.sound, self.layers = name, []
            self.chosen.emit()

    def seek(self, t: float, *, follow: bool = True) -> None:
        """Move the playhead; the scene it comes into is the one in hand."""
        board = self.board
        if board is None:
            return
        t = min(max(t, 0.0), board.duration)
        if t != self.time:
            self.time = t
            self.sought.emit(t)
        if follow and not self.sound:
            scene = board.scene_at(t)
            if scene != self.scene:
                self.scene, self.layers = scene, []
                self.chosen.emit()

    def _rest_of(self, scene: int) -> float:
        """A second of a scene at which everything has entered and nothing is going."""
        board = self.board
        if board is None or not board.scenes:
            return 0.0
        held = board.scenes[scene]
        return round(held.start + 0.8 * held.duration, 3)

    # --- keeping ------------------------------------------------------------------------------------

    def keep(self, *, over: bool = False) -> None:
        """Save in a worker what is not saved yet; one save at a time, the newest last."""
        self._soon.stop()
        self._latest.stop()
        board, keeper = self.board, self.keeper
        if board is None or keeper is None or (not self._unkept and not over) or not self._writable:
            return
        if self._keeping:
            self._soon.start()
            return
        self._keeping, self._unkept = True, False

        def done(_nothing: object) -> None:
            self._keeping = False
            if keeper is self.keeper and not self._unkept:
                self.kept.emit("saved")

        def failed(error: Exception) -> None:
            self._keeping = False
            if keeper is not self.keeper:
                self.context.report(error)
                return
            self._unkept = True
            self.kept.emit("failed")
            if isinstance(error, Conflict):
                self.clashed.emit()
            else:
                self.context.report(error)

        self.context.background(lambda: keeper.save(board, over=over), done, failed, owner=self)

    @property
    def unkept(self) -> bool:
        """True while something is not saved yet."""
        return self._unkept or self._keeping

    def take_over(self, board: Storyboard) -> None:
        """Go on from somebody else's state; undo leads back to one's own."""
        if self.history is not None:
            self.history.rebase(named(board))
            self._unkept = False
            self.kept.emit("saved")
            self._tell()

    def replace(self, board: Storyboard, label: str) -> None:
        """A whole new state as one step (made anew with another seed)."""
        self.do(lambda _old: board, label)
        self.chosen.emit()
