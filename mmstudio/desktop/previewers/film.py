"""Video: frames decoded on a thread of their own, sound leads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmstudio.desktop import theme
from mmstudio.desktop.previewers.sound import tell_silent
from mmstudio.desktop.previewers.transport import Transport
from mmstudio.desktop.texts import name
from mmstudio.desktop.thumbnails import to_qimage
from mmstudio.desktop.views.playback import Player
from mmstudio.desktop.views.sound_clock import SilentClock, SoundClock, open_clock
from mmstudio.i18n import mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.desktop.context import AppContext
    from mmstudio.library import Asset

_SOUND_RATE = 48_000
_LONGEST_SOUND_S = 600.0


class FilmSource:
    """Frames of a video file for :class:`Player`; opened on the drawing thread."""

    def __init__(self, path: Path) -> None:
        from mmstudio.media.video import VideoReader

        self._reader = VideoReader(path)

    def frame(self, t: float, size: tuple[int, int] | None = None) -> QImage:
        """The picture at ``t`` seconds, its longer side at most that of ``size``."""
        return to_qimage(np.asarray(self._reader.frame_at(t, max(size) if size else None)))


class FilmView(QWidget):
    """A video with play, seek and volume; J, K, L and the comma and full stop as in editors."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self._context = context
        self._samples: NDArray[np.float32] | None = None
        self._load = 0  # number of the load in hand: a device that opens late is given back
        self._device_ready = self._told_silent = False
        self.canvas = _Canvas()
        self.transport = Transport(seek_bar=True, volume=context.settings.volume)
        self.player = Player(self)
        self.player.set_volume(context.settings.volume)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.transport)
        self.setFocusProxy(self.canvas)
        self.player.frame.connect(lambda image, _t: self.canvas.show_image(image))
        self.player.moved.connect(lambda t: self.transport.set_time(t, self.player.duration))
        self.player.playing.connect(self.transport.set_playing)
        self.player.failed.connect(self.canvas.show_message)
        self.transport.toggled.connect(self.toggle)
        self.transport.sought.connect(self.player.seek)
        self.transport.volume_changed.connect(self._set_volume)

    def show_asset(self, asset: Asset) -> None:
        """Show the first frame of a video of the library; nothing plays by itself."""
        self.clear()
        library = self._context.library
        pixmap = self._context.thumbnails.pixmap(asset, 384)
        if pixmap is not None:
            self.canvas.show_image(pixmap.toImage())

        def load() -> tuple[Path, float, float, NDArray[np.float32] | None]:
            from mmstudio.media.audio import load_audio
            from mmstudio.media.video import VideoReader

            path = library.assets.path_of(asset)
            with VideoReader(path) as reader:
                fps, duration, sounds = reader.fps, reader.duration, reader.has_audio
            samples = None
            if sounds:
                samples, _rate = load_audio(path, rate=_SOUND_RATE, duration=_LONGEST_SOUND_S)
                samples = samples[:2]
            return path, duration, fps, samples

        self._context.background(load, self._loaded, self._failed, key=("film", id(self)))

    def toggle(self) -> None:
        """Play or pause. The sound device is taken, in a worker, when something is first to be heard."""
        samples, loud, load = self._samples, self.transport.loudness, self._load
        if samples is None or self._device_ready:
            self.player.toggle()
            return

        def ready(clock: SoundClock | SilentClock) -> None:
            if load == self._load and not self._device_ready:
                self._device_ready = True
                self.player.set_clock(clock)
                self.player.toggle()
                if clock.silent and not self._told_silent:
                    self._told_silent = True
                    tell_silent(self._context)
            elif isinstance(clock, SoundClock):
                clock.close()

        self._context.background(lambda: open_clock(samples, _SOUND_RATE, loud), ready)

    def clear(self) -> None:
        """Stop and forget."""
        self._context.drop(("film", id(self)))
        self._samples, self._device_ready = None, False
        self._load += 1
        self.player.unload()
        self.canvas.show_image(QImage())
        self.transport.set_time(0.0, 0.0)

    def close_view(self) -> None:
        """End the drawing thread."""
        self.player.close()

    def _loaded(self, film: tuple[Path, float, float, NDArray[np.float32] | None]) -> None:
        path, duration, fps, self._samples = film
        self.transport.set_audible(self._samples is not None)
        self.player.load(lambda: FilmSource(path), duration, fps, keep_position=False)
        self.player.set_size(self._pixels())

    def _failed(self, error: Exception) -> None:
        from mmstudio.i18n import tr_error

        self.canvas.show_message(tr_error(error)[0])

    def _set_volume(self, volume: float) -> None:
        self.player.set_volume(volume)
        self._context.change_setting("volume", volume)

    def _pixels(self) -> QSize:
        ratio = self.devicePixelRatioF()
        width, height = round(self.canvas.width() * ratio), round(self.canvas.height() * ratio)
        return QSize(max(64, min(width, 1280)), max(64, min(height, 1280)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.player.set_size(self._pixels())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys: dict[str, Callable[[], None]] = {
            "k": self.toggle,
            "j": lambda: self.player.shuttle(-1),
            "l": lambda: self.player.shuttle(1),
            ",": lambda: self.player.step(-1),
            ".": lambda: self.player.step(1),
        }
        act = keys.get(event.text().lower())
        if act is not None:
            act()
        else:
            super().keyPressEvent(event)


class _Canvas(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._message = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 80)
        name(
            self,
            mark("Video"),
            mark("K plays and pauses, J and L run back and forth, comma and full stop step"),
        )

    def show_image(self, image: QImage) -> None:
        self._image, self._message = image, ""
        self.update()

    def show_message(self, message: str) -> None:
        self._message = message
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._message:
            painter.setPen(theme.color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), flags, self._message)
        elif not self._image.isNull():
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(self.rect().center())
            painter.drawImage(target, self._image)
