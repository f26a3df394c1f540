"""Film and sound written by ffmpeg: pictures through a pipe, sound beside them, joined at the end."""

from __future__ import annotations

import errno
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.media.guard import corrupt
from mmstudio.media.program import ONLY_FILES, QUIET, local, program

_COLOURS = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
_TOLD = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]


class FilmPipe:
    """Frames in, a film without sound out; :meth:`finish` joins it with the sound that was given."""

    def __init__(
        self, path: Path, size: tuple[int, int], rate: Fraction, encoder: str, options: Mapping[str, str],
        sound: tuple[str, int, int] | None,
    ) -> None:  # fmt: skip
        """``size`` is even; ``sound``: encoder, Hz and bits per second, None for a silent film."""
        self._path, self._size, self._rate = path, size, rate
        self._encoder, self._options, self._sound = encoder, options, sound
        self._folder = tempfile.TemporaryDirectory(prefix="film-", dir=path.parent)
        self._film = Path(self._folder.name) / f"film{path.suffix}"
        self._samples: IO[bytes] | None = None
        if sound is not None:
            self._samples = (Path(self._folder.name) / "sound.f32").open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def picture(self, pixels: NDArray[np.uint8]) -> None:
        """Add uint8[H, W, 3] (RGB) or [H, W, 4] (B, G, R, any). Raises OSError where the disk is full."""
        if self._process is None:
            self._process = self._open("bgra" if pixels.shape[2] == 4 else "rgb24")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(pixels).data)
        except BrokenPipeError:
            self._ended(self._process)

    def samples(self, block: NDArray[np.float32]) -> None:
        """Add float32[2, N]."""
        assert self._samples is not None
        self._samples.write(np.ascontiguousarray(block.T, np.float32).tobytes())

    def finish(self) -> None:
        """Write the film. Raises OSError (disk full), StudioError."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._ended(self._process)
        command = [program(), *QUIET, "-y", "-i", local(self._film)]
        if self._sound is not None and self._samples is not None:
            self._samples.close()
            encoder, hertz, bits = self._sound
            command += ["-f", "f32le", "-ar", str(hertz), "-ac", "2", "-i", local(self._samples.name)]
            command += ["-map", "0:v", "-map", "1:a", "-c:a", encoder, "-b:a", str(bits)]
        command += ["-c:v", "copy", *_exact(self._path), local(self._path)]
        run(command)
        self.close()

    def close(self) -> None:
        """Drop what is unfinished."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._samples is not None:
            self._samples.close()
        self._folder.cleanup()

    def _open(self, layout: str) -> subprocess.Popen[bytes]:
        width, height = self._size
        command = [program(), *QUIET, "-y", "-f", "rawvideo", "-pix_fmt", layout, "-s", f"{width}x{height}"]
        command += ["-r", f"{self._rate.numerator}/{self._rate.denominator}", "-i", "pipe:0", "-vf", _COLOURS]
        command += [
            "-c:v",
            self._encoder,
            *_pairs(self._options),
            *_TOLD,
            *_exact(self._film),
            local(self._film),
        ]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        said = process.stderr.read() if process.stderr is not None else b""
        status = process.wait()
        if process.stderr is not None:
            process.stderr.close()
        if status != 0:
            raise _failed(said)


def write_samples(
    path: Path, samples: NDArray[np.float32], rate: int, encoder: str, container: str, bits: int,
    options: Mapping[str, str],
) -> None:  # fmt: skip
    """Encode float32[2, N] at ``rate`` Hz. Raises OSError (disk full), StudioError."""
    command = [program(), *QUIET, "-y", "-f", "f32le", "-ar", str(rate), "-ac", "2", "-i", "pipe:0"]
    command += [
        "-c:a",
        encoder,
        "-b:a",
        str(bits),
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        *_pairs(options),
    ]
    run([*command, "-f", container, local(path)], np.ascontiguousarray(samples.T, np.float32).tobytes())


def copy_with_tags(source: Path, target: Path, tags: Mapping[str, str], container: str | None) -> None:
    """The streams of ``source`` in a new file with ``tags`` and no others; nothing is encoded again.

    Raises:
        MediaError: the source is no good. OSError: disk full.
    """
    command = [program(), *QUIET, *ONLY_FILES, "-y", "-i", local(source)]
    command += [
        "-map",
        "0:v?",
        "-map",
        "0:a?",
        "-map",
        "0:s?",
        "-c",
        "copy",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
    ]
    for key, value in tags.items():
        command += ["-metadata", f"{key}={value}"]
    flags = _exact(target)
    if "-movflags" in flags:
        flags[flags.index("-movflags") + 1] = "+faststart+use_metadata_tags"
    command += [*flags, *(["-f", container] if container else []), local(target)]
    try:
        run(command)
    except StudioError as error:
        raise corrupt(source) from error


def write_gif_frames(
    path: Path, frames: Iterable[NDArray[np.uint8]], fps: float, colours: int, dither: bool
) -> Iterator[int]:
    """Write uint8[H, W, 3] frames as a GIF that loops for ever; yields the frames done."""
    kind = "bayer:bayer_scale=4" if dither else "none"
    graph = (
        f"split[a][b];[a]palettegen=max_colors={min(max(colours, 4), 256)}:stats_mode=diff[p];"
        f"[b][p]paletteuse=dither={kind}:diff_mode=rectangle"
    )
    process: subprocess.Popen[bytes] | None = None
    count = 0
    try:
        for pixels in frames:
            if process is None:
                height, width = pixels.shape[:2]
                command = [
                    program(),
                    *QUIET,
                    "-y",
                    "-f",
                    "rawvideo",
                    "-pix_fmt",
                    "rgb24",
                    "-s",
                    f"{width}x{height}",
                ]
                command += [
                    "-r",
                    f"{fps:.4f}",
                    "-i",
                    "pipe:0",
                    "-vf",
                    graph,
                    "-loop",
                    "0",
                    "-fflags",
                    "+bitexact",
                ]
                process = subprocess.Popen(
                    [*command, "-f", "gif", local(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE
                )
            assert process.stdin is not None
            process.stdin.write(np.ascontiguousarray(pixels).data)
            count += 1
            yield count
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            said = process.stderr.read() if process.stderr is not None else b""
            if process.wait() != 0:
                raise _failed(said)
    finally:
        if process is not None:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stderr is not None:
                process.stderr.close()


def run(command: Sequence[str], data: bytes | None = None) -> None:
    """Run ffmpeg to its end. Raises OSError (disk full), StudioError with what it said last."""
    said = subprocess.run(command, input=data, capture_output=True, check=False)
    if said.returncode != 0:
        raise _failed(said.stderr)


def _failed(said: bytes) -> Exception:
    text = said.decode("utf-8", "replace").strip()
    if "No space left on device" in text:
        return OSError(errno.ENOSPC, "No space left on device")
    last = text.splitlines()[-1] if text else ""
    return StudioError("ffmpeg could not write the film: {why}", hint="Trying again is safe.", why=last[:200])


def _exact(path: Path) -> list[str]:
    """No random ids, no times, no names of programs; the index of an MP4 first."""
    flags = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    if path.suffix.lower() in (".mp4", ".m4v", ".mov", ".m4a"):
        flags += ["-movflags", "+faststart"]
    return flags


def _pairs(options: Mapping[str, Any]) -> list[str]:
    return [part for key, value in options.items() for part in (f"-{key}", str(value))]
