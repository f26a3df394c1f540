"""Frames of a storyboard for the player: at once from small pictures, then, scene by scene, as exported."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PySide6.QtGui import QImage

    from mmstudio.composition import Storyboard
    from mmstudio.composition.render.pictures import Pictures
    from mmstudio.composition.render.renderer import Renderer
    from mmstudio.desktop.views.frame_thread import FrameSource
    from mmstudio.library import Library

_DRAFT_SIDE = 384  # pixels of a picture in a draft: cutting a subject out takes a tenth of the time


class KeptPictures:
    """What was read and cut out for one storyboard; kept over its formats and edits."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._made: tuple[Pictures, Pictures] | None = None
        self._lock = threading.Lock()

    def both(self) -> tuple[Pictures, Pictures]:
        """Those of the size that is exported, and small ones for a draft."""
        from mmstudio.composition.render.pictures import Pictures

        with self._lock:
            if self._made is None:
                self._made = Pictures(self._library), _drafts(self._library)
            return self._made


def _drafts(library: Library) -> Pictures:
    from mmstudio.composition.render.pictures import Pictures

    class Drafts(Pictures):
        """Small versions of the library's pictures."""

        def array(self, asset_id: int, max_side: int = _DRAFT_SIDE) -> NDArray | None:  # type: ignore[type-arg]
            return super().array(asset_id, min(max_side, _DRAFT_SIDE))

    return Drafts(library)


class BoardFrames:
    """A frame source; ``frame`` is called on one thread, ``prepare`` on another.

    A renderer may not draw while it is making a scene ready, so every scene gets one of its own, which is
    used once it is ready. All share the pictures.
    """

    def __init__(self, board: Storyboard, library: Library, pictures: KeptPictures) -> None:
        from mmstudio.export.provenance.label import labelled
        from mmstudio.export.provenance.record import with_origins

        self._board, self._library = labelled(with_origins(library, board)), library
        self._full, self._small = pictures.both()
        self._draft: tuple[tuple[int, int] | None, Renderer] | None = None
        self._ready: dict[int, Renderer] = {}
        self._size: tuple[int, int] | None = None
        self._lock = threading.Lock()

    @property
    def final(self) -> bool:
        """Whether every scene is drawn as it is exported."""
        with self._lock:
            return len(self._ready) >= max(len(self._board.scenes), 1)

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        """The picture at ``t``: as exported where its scene is ready, else from small pictures."""
        index = self._board.scene_at(t)
        with self._lock:
            ready = self._ready.get(index) if size == self._size else None
        return (ready or self._drafted(size)).frame(t, size)

    def _drafted(self, size: tuple[int, int] | None) -> Renderer:
        from mmstudio.composition.render import Renderer

        if self._draft is None or self._draft[0] != size:  # a renderer keeps every size it ever drew
            self._draft = size, Renderer(self._board, self._library, self._small)
        return self._draft[1]

    def prepare(self, t: float, size: tuple[int, int]) -> bool:
        """Make one more scene ready, first that at ``t``, then those behind it; False when all are."""
        from mmstudio.composition.render import Renderer

        with self._lock:
            if size != self._size:
                self._size = size
                self._ready.clear()
            count = max(len(self._board.scenes), 1)
            now = self._board.scene_at(t)
            order = [(now + n) % count for n in range(count)]
            missing = next((index for index in order if index not in self._ready), None)
        if missing is None:
            return False
        made: Renderer = Renderer(self._board, self._library, self._full)
        if self._board.scenes:
            made.frame(
                self._board.scenes[missing].start, size
            )  # while a scene comes in, the one before shows
        with self._lock:
            if size == self._size:
                self._ready[missing] = made
        return True


def frame_source(
    board: Storyboard, library: Library, size: tuple[int, int], pictures: KeptPictures | None = None
) -> Callable[[], FrameSource]:
    """Makes the frames of a storyboard in another shape, on the thread that draws."""

    def make() -> FrameSource:
        from mmstudio.composition.layout import reframe

        shaped = board if tuple(board.size) == size else reframe(board, size)
        return BoardFrames(shaped, library, pictures or KeptPictures(library))

    return make
