"""A sound device without a loudspeaker: PortAudio and ALSA play in real time into a pipe, which is measured.

ALSA's null plugin takes samples as fast as they come, so that nothing of timing can be seen through it. In
front of it stands ALSA's file plugin, which writes into a named pipe of 43 ms; the pipe is emptied at the
pace of a sound card, and the stream waits for it as for one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIPE_BYTES = 16_384  # what a card's buffer holds: 43 ms of two channels
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ of Linux
_TURN_S = 0.002
_LONGEST_S = 600.0  # seconds of sound kept to be looked at
_CONFIG = """pcm.!default {{ type file slave.pcm {{ type null }} file "{pipe}" format "raw" }}
ctl.!default {{ type null }}
"""


class SoundPipe:
    """What the device was given, and when it was heard; float32 at ``rate``.

    ``underruns``: how often the next samples were not there when they were due, while a stream played.
    ``late``: how often the measuring itself came too late to tell (a busy machine); time is not counted then.
    """

    def __init__(self, pipe: Path, rate: int = 48_000, channels: int = 2) -> None:
        self.rate, self.channels = rate, channels
        self.underruns = self.late = 0
        self._raw = bytearray()
        self._noted: tuple[float, int] | None = None  # when, and how many frames were heard by then
        self._frame = 4 * channels
        self._file = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        _shrink(self._file)
        self._stop = threading.Event()
        self._playing = False
        self._thread = threading.Thread(target=self._run, name="sound-pipe", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Frames heard so far."""
        return len(self._raw) // self._frame

    def heard(self, now: float) -> float | None:
        """Seconds of sound heard at ``now`` (``time.perf_counter``); None before the first sample."""
        if self._noted is None:
            return None
        at, count = self._noted
        return count / self.rate + min(max(now - at, 0.0), 0.02)  # it is read in small turns

    def samples(self) -> NDArray[np.float32]:
        """Everything heard, float32[C, N]."""
        import numpy as np

        whole = bytes(self._raw[: self.frames * self._frame])
        return np.ascontiguousarray(np.frombuffer(whole, np.float32).reshape(-1, self.channels).T)

    def expect_end(self) -> None:
        """The stream is about to stop: what does not come from now on is no under-run."""
        self._playing = False

    def close(self) -> None:
        """Stop measuring."""
        self._stop.set()
        self._thread.join(timeout=5.0)
        os.close(self._file)

    def _run(self) -> None:
        due, last = 0.0, time.perf_counter()  # bytes that a card would have taken by now
        hungry = False
        while not self._stop.wait(_TURN_S):
            now = time.perf_counter()
            gap, last = now - last, now
            if not self._playing:
                due = float(self._frame * self.rate // 100)
            else:
                due += gap * self.rate * self._frame
            wanted = int(due) - int(due) % self._frame
            came = _read(self._file, wanted)
            if came:
                self._playing = True
                if len(self._raw) < _LONGEST_S * self.rate * self._frame:
                    self._raw += came
                self._noted = (now, self.frames)
            missing = wanted - len(came)
            if not self._playing or not missing:
                due, hungry = due - len(came), False
                continue
            if gap * self.rate * self._frame > _PIPE_BYTES:  # the card's whole buffer ran by unseen
                self.late += 1
            elif not hungry:
                self.underruns += 1
            due, hungry = 0.0, True  # a card plays silence instead; it does not catch up


@contextmanager
def sound_pipe() -> Iterator[SoundPipe]:
    """Make PortAudio's default device a :class:`SoundPipe` for as long as the context lasts.

    Streams opened inside are closed before it ends. PortAudio is started again on both sides, so that nothing
    else of this process may be playing.

    Raises:
        OSError: this machine has no PortAudio, or it was made without ALSA (Windows, macOS).
    """
    if not sys.platform.startswith("linux"):
        raise OSError("ALSA is a part of Linux")
    before = os.environ.get("ALSA_CONFIG_PATH")
    with tempfile.TemporaryDirectory(prefix="mmstudio-sound-") as folder:
        pipe = Path(folder) / "heard"
        os.mkfifo(pipe)
        config = Path(folder) / "asound.conf"
        config.write_text(_CONFIG.format(pipe=pipe), encoding="utf-8")
        device = SoundPipe(pipe)
        try:
            _start_portaudio(str(config))
            yield device
        finally:
            _start_portaudio(before, only_loaded=True)
            device.close()


def _start_portaudio(config: str | None, only_loaded: bool = False) -> None:
    """Let PortAudio look for its devices again, with this configuration of ALSA (None: the system's)."""
    if config is None:
        os.environ.pop("ALSA_CONFIG_PATH", None)
    else:
        os.environ["ALSA_CONFIG_PATH"] = config
    loaded = sys.modules.get("sounddevice") is not None
    if only_loaded and not loaded:
        return
    import sounddevice

    if loaded:  # the only way to look again; python-sounddevice's own documentation says so
        sounddevice._terminate()
        sounddevice._initialize()
    if not only_loaded and not any(api["name"] == "ALSA" for api in sounddevice.query_hostapis()):
        raise OSError("PortAudio was made without ALSA")


def _shrink(file: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(file, _SET_PIPE_SIZE, _PIPE_BYTES)
    except OSError:  # the pipe is then 64 KiB, a card with a long buffer
        return


def _read(file: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        try:
            part = os.read(file, count)
        except BlockingIOError:
            break
        if not part:  # nobody writes
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
