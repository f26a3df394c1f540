"""Sound through PortAudio that also tells the time; without a device, time alone."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)


class SilentClock:
    """Time that runs at ``speed`` seconds per second from where it was started."""

    silent = True

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._from = 0.0
        self._since: float | None = None

    def start(self, position: float) -> None:
        """Run from ``position`` (seconds)."""
        self._from = position
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Stand still at the present position."""
        self._from = self.position()
        self._since = None

    def position(self) -> float:
        """Seconds."""
        if self._since is None:
            return self._from
        return self._from + (time.perf_counter() - self._since) * self._speed


class HeardTime:
    """What is heard now, from what the device was given: blocks come in jumps, time does not.

    Written on the audio thread, read on the window's: one tuple is swapped, so that no lock is needed.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._noted: tuple[int, int, float] | None = None

    def note(self, first: int, count: int, heard_at: float) -> None:
        """A block of samples begins to be heard at a second of ``time.perf_counter``."""
        self._noted = (first, count, heard_at)

    def at(self, now: float) -> float | None:
        """Seconds of the sound heard at ``now``; None before the first block.

        It runs on past the end of the newest block by no more than that block's length: a device that hangs
        holds the pictures with it.
        """
        if self._noted is None:
            return None
        first, count, heard_at = self._noted
        return (first + min((now - heard_at) * self._rate, 2.0 * count)) / self._rate


class SoundClock:
    """Plays float32 ``samples[2, N]``; its position is what was heard, so that pictures follow sound.

    Raises:
        OSError: where PortAudio or a sound device is missing.
    """

    silent = False

    def __init__(self, samples: NDArray[np.float32], rate: int, volume: float) -> None:
        import sounddevice

        self._samples = samples
        self._rate = rate
        self._volume = volume
        self._next = 0
        self._stopped_at = 0.0
        self._running = False
        self._heard = HeardTime(rate)
        self.underflows = 0  # blocks that PortAudio says came too late
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=rate, channels=samples.shape[0], dtype="float32", callback=self._fill
            )
        except sounddevice.PortAudioError as error:
            raise OSError(str(error)) from error

    def start(self, position: float) -> None:
        """Play from ``position`` (seconds)."""
        self._next = max(0, int(position * self._rate))
        self._stopped_at = position
        self._heard = HeardTime(self._rate)
        self._running = True
        self._stream.start()

    def stop(self) -> None:
        """Fall silent at once and keep the position."""
        self._stopped_at = self.position()
        self._running = False
        self._stream.abort()

    def close(self) -> None:
        """Give the device back."""
        self._running = False
        self._stream.close()

    def swap(self, samples: NDArray[np.float32]) -> None:
        """Go on with other samples of the same rate and channels at the same place."""
        self._samples = samples  # one assignment: the audio thread sees the old or the new, never half

    def set_volume(self, volume: float) -> None:
        """0 is silent, 1 is as mixed."""
        self._volume = volume

    def position(self) -> float:
        """Seconds heard so far; the device's own delay is taken off."""
        if not self._running:
            return self._stopped_at
        heard = self._heard.at(time.perf_counter())
        if heard is not None:
            self._stopped_at = max(self._stopped_at, heard)  # never back: a frame shown stays shown
        return self._stopped_at

    def _fill(self, out: NDArray[np.float32], frames: int, times: Any, status: Any) -> None:
        # Runs on PortAudio's thread: no locks, no allocation beyond one slice.
        if status.output_underflow:
            self.underflows += 1
        delay = float(times.outputBufferDacTime - times.currentTime)
        if not 0.0 < delay < 2.0:  # some drivers do not tell
            delay = float(self._stream.latency)
        self._heard.note(self._next, frames, time.perf_counter() + delay)
        chunk = self._samples[:, self._next : self._next + frames]
        out[: chunk.shape[1]] = chunk.T * self._volume
        out[chunk.shape[1] :] = 0.0
        self._next += frames


def open_clock(samples: NDArray[np.float32] | None, rate: int, volume: float) -> SoundClock | SilentClock:
    """A sounding clock where the machine can sound, else a silent one."""
    if samples is None or samples.size == 0:
        return SilentClock()
    try:
        return SoundClock(samples, rate, volume)
    except OSError as error:
        log.info("no sound device, playing silently: %s", error)
        return SilentClock()
