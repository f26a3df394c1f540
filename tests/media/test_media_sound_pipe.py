"""The measuring sound device: PortAudio plays into it in real time, and what is heard is what was given."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from mmstudio.media.sound_pipe import sound_pipe

RATE = 48_000


def test_portaudio_plays_in_real_time_and_whole() -> None:
    sound = pytest.importorskip("sounddevice", exc_type=OSError)
    ramp = np.arange(1, RATE // 2 + 1, dtype=np.float32) / RATE
    told: list[bool] = []
    given = 0
    over = threading.Event()

    def fill(out: np.ndarray, frames: int, _times: object, status: object) -> None:
        nonlocal given
        told.append(bool(status))
        part = ramp[given : given + frames]
        out[:] = 0.0
        out[: len(part)] = part[:, None]
        given += frames
        if given >= len(ramp) + RATE // 10:  # what lies in the buffers is heard too
            over.set()

    try:
        with sound_pipe() as device:
            stream = sound.OutputStream(samplerate=RATE, channels=2, dtype="float32", callback=fill)
            began = time.perf_counter()
            stream.start()
            assert over.wait(240.0)
            took = time.perf_counter() - began
            device.expect_end()
            stream.close()
            heard = device.samples()
            assert device.heard(time.perf_counter()) is not None
    except OSError as error:
        pytest.skip(f"no ALSA: {error}")
    assert not any(told)
    assert took > 0.5 * len(ramp) / RATE  # the null device alone is over in a hundredth of it
    first = int(np.argmax(heard[0] > 0))
    whole = heard[:, first : first + len(ramp)]
    np.testing.assert_array_equal(whole[0], ramp[: whole.shape[1]])
    np.testing.assert_array_equal(whole[0], whole[1])
    assert whole.shape[1] > 0.8 * len(ramp)
