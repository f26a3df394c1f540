"""Sound: files to float32 arrays and back; soundfile where it can, PyAV for MP4, Matroska and AAC."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import MediaError
from mmstudio.media.container import decoded, duration_of, open_container
from mmstudio.media.guard import check_not_empty, corrupt, decoding
from mmstudio.media.kinds import SUFFIXES
from mmstudio.media.program import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Read with PyAV: libsndfile has no AAC, and its MP3 decoder writes to the terminal about every odd frame.
_CONTAINERS = {".mp3", ".m4a", ".aac", *SUFFIXES["video"]}
_SYSTEM_ERROR = 2  # SF_ERR_SYSTEM of libsndfile
_LATEST_S = 600  # sound that seems to begin later than this has a broken clock
MAX_SAMPLES = 400_000_000  # samples over all channels decoded at once: 1.6 GB, about 75 minutes of CD stereo


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a sound file says about itself; ``duration`` in seconds, ``rate`` in Hz."""

    duration: float
    rate: int
    channels: int
    format: str


def audio_info(path: str | Path) -> AudioInfo:
    """Read duration, rate and channels without decoding all of it. Raises MediaError."""
    import soundfile

    path = Path(path)
    check_not_empty(path)
    with decoding(path):
        if path.suffix.lower() in _CONTAINERS:
            return _container_info(path)
        try:
            info = soundfile.info(str(path))
        except soundfile.LibsndfileError:
            return _container_info(path)
        if info.frames <= 0 or info.samplerate <= 0:
            raise _silent(path)
        return AudioInfo(info.frames / info.samplerate, info.samplerate, info.channels, info.format.lower())


def load_audio(
    path: str | Path,
    rate: int | None = None,
    mono: bool = False,
    start: float = 0.0,
    duration: float | None = None,
) -> tuple[NDArray[np.float32], int]:
    """Decode sound, also the sound track of a video.

    Args:
        path: WAV, FLAC, OGG, Opus, MP3, M4A, AAC, AIFF or a video with sound.
        rate: wanted sample rate in Hz (soxr, high quality); None keeps the file's own.
        mono: average the channels into one.
        start: seconds to skip.
        duration: seconds to read at most; None reads to the end.

    Returns:
        (float32[C, N] within about -1 to 1, sample rate in Hz).

    Raises:
        MediaError: status corrupt, empty, unreadable, unsupported (no sound in it) or too_large.
    """
    import soundfile

    path = Path(path)
    check_not_empty(path)
    with decoding(path):
        if path.suffix.lower() in _CONTAINERS:
            samples, own_rate = _read_container(path, start, duration)
        else:
            try:
                samples, own_rate = _read_soundfile(path, start, duration)
            except soundfile.LibsndfileError:
                samples, own_rate = _read_container(path, start, duration)
        if samples.shape[1] == 0 and start == 0.0:
            raise _silent(path)
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0, copy=False)
        if mono and samples.shape[0] > 1:
            samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
        if rate is not None and rate != own_rate:
            samples, own_rate = resample(samples, own_rate, rate), rate
        return np.ascontiguousarray(samples), own_rate


def resample(samples: NDArray[np.float32], rate: int, new_rate: int) -> NDArray[np.float32]:
    """float32[C, N] at ``rate`` Hz as float32[C, M] at ``new_rate`` Hz."""
    import soxr

    if rate == new_rate or samples.shape[1] == 0:
        return samples
    result: NDArray[np.float32] = soxr.resample(
        np.ascontiguousarray(samples.T), rate, new_rate, quality="HQ"
    ).T
    return np.ascontiguousarray(result, dtype=np.float32)


def write_wav(path: str | Path, samples: NDArray[np.floating[Any]], rate: int) -> None:
    """Write float[C, N] or float[N] within -1 to 1 as 16-bit WAV, clipped and rounded."""
    import soundfile

    block = np.atleast_2d(np.asarray(samples, np.float32))
    pcm = np.rint(block.clip(-1.0, 1.0) * 32767.0).astype(np.int16)
    with writing(Path(path), pcm.nbytes):
        soundfile.write(str(path), pcm.T, rate, format="WAV", subtype="PCM_16")


@contextmanager
def writing(path: Path, size: int) -> Iterator[None]:
    """Turn libsndfile's "System error." into an OSError that says what the system meant.

    libsndfile keeps no error number: a disk with less room than the ``size`` in bytes was full.
    """
    import soundfile

    try:
        yield
    except soundfile.LibsndfileError as error:
        if error.code != _SYSTEM_ERROR:
            raise
        full = shutil.disk_usage(path.parent).free < size
        number = errno.ENOSPC if full else errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from error


def peaks(samples: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Lowest and highest sample of ``bins`` equal stretches, for a waveform: float32[bins, 2].

    ``samples`` is float32[C, N] (its mean is drawn) or float32[N]; fewer samples than bins are repeated.
    """
    mono = samples if samples.ndim == 1 else samples.mean(axis=0)
    if bins <= 0 or mono.size == 0:
        return np.zeros((max(bins, 0), 2), np.float32)
    if mono.size < bins:
        mono = mono[np.arange(bins) * mono.size // bins]
    edges = np.arange(bins) * mono.size // bins
    low, high = np.minimum.reduceat(mono, edges), np.maximum.reduceat(mono, edges)
    return np.stack([low, high], axis=1).astype(np.float32)


def _read_soundfile(path: Path, start: float, duration: float | None) -> tuple[NDArray[np.float32], int]:
    import soundfile

    with soundfile.SoundFile(str(path)) as file:
        first = min(max(round(start * file.samplerate), 0), file.frames)
        wanted = file.frames - first
        if duration is not None:
            wanted = min(wanted, max(round(duration * file.samplerate), 0))
        _check_length(path, wanted * file.channels)
        if first:
            file.seek(first)
        block = file.read(wanted, dtype="float32", always_2d=True)
        return block.T, int(file.samplerate)


def _read_container(path: Path, start: float, duration: float | None) -> tuple[NDArray[np.float32], int]:
    if not inside():
        from mmstudio.media.program.reading import read_samples

        _check_length(path, round((duration or 0.0) * 48_000))
        return read_samples(path, start, duration)
    import av

    blocks: list[NDArray[np.float32]] = []
    with open_container(path) as container:
        if not container.streams.audio:
            raise MediaError("There is no sound in {name}.", status="unsupported", name=path.name)
        stream = container.streams.audio[0]
        rate = int(stream.rate)
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate)
        origin = (container.start_time or 0) / 1_000_000  # a stream from a camera or a broadcast begins late
        if start > 1.0 and stream.time_base is not None:
            # A second early: codecs need a few packets before they sound right.
            container.seek(round((start - 1.0 + origin) / stream.time_base), stream=stream)
        position: int | None = None
        first = max(round(start * rate), 0)
        last = None if duration is None else first + max(round(duration * rate), 0)
        total = 0
        for frame in decoded(container, stream):
            if position is None:
                position = 0 if frame.time is None else max(round((frame.time - origin) * rate), 0)
                late = min(position, last if last is not None else position) - first
                if container.streams.video and 0 < late < _LATEST_S * rate:
                    # sound that begins after the pictures stays in step with them
                    blocks.append(np.zeros((stream.channels, late), np.float32))
            for piece in resampler.resample(frame):
                block = np.asarray(piece.to_ndarray(), np.float32)
                begin = max(first - position, 0)
                end = block.shape[1] if last is None else min(last - position, block.shape[1])
                if end > begin:
                    blocks.append(block[:, begin:end])
                    total += block.shape[0] * (end - begin)
                    _check_length(path, total)
                position += block.shape[1]
            if last is not None and position >= last:
                break
        channels = stream.channels
    empty = np.zeros((max(channels, 1), 0), np.float32)
    return (np.concatenate(blocks, axis=1) if blocks else empty), rate


def _container_info(path: Path) -> AudioInfo:
    if not inside():
        from mmstudio.media.program.contents import contents
        from mmstudio.media.program.reading import sound_of

        said = contents(path)
        sound = sound_of(path, said)
        return AudioInfo(said.duration or 0.0, sound.samples, sound.channels, said.format)
    with open_container(path) as container:
        if not container.streams.audio:
            raise corrupt(path)
        stream = container.streams.audio[0]
        if next(decoded(container, stream), None) is None:
            raise corrupt(path)
        duration = duration_of(container)
        return AudioInfo(
            duration or 0.0, int(stream.rate), stream.channels, container.format.name.split(",")[0]
        )


def _silent(path: Path) -> MediaError:
    return MediaError(
        "{name} holds no sound at all.", status="empty", hint="Replace it with a good copy.", name=path.name
    )


def _check_length(path: Path, samples: int) -> None:
    if samples > MAX_SAMPLES:
        raise MediaError(
            "{name} is too long to load at once.",
            status="too_large",
            hint="Cut it into shorter pieces and import those.",
            name=path.name,
        )
