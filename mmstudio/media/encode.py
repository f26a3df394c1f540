"""Write video and sound files with PyAV and soundfile."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError, is_disk_full
from mmstudio.media.audio import write_wav, writing
from mmstudio.media.program import encoders, inside

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from mmstudio.media.program.writing import FilmPipe

# Names a person knows, in order of preference, with FFmpeg's encoders for each.
_VIDEO_ENCODERS: dict[str, tuple[str, ...]] = {
    "h264": ("libx264", "h264_videotoolbox", "h264_mf", "libopenh264"),
    "av1": ("libsvtav1", "libaom-av1"),
    "vp9": ("libvpx-vp9",),
}
_OPTIONS: dict[str, dict[str, str]] = {
    "libx264": {"crf": "18", "preset": "veryfast", "profile": "high"},
    "libsvtav1": {"crf": "28", "preset": "9"},
    "libaom-av1": {"crf": "28", "cpu-used": "8"},
    "libvpx-vp9": {"crf": "28", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
    "h264_videotoolbox": {"q": "65"},
}
_WORST = {"libx264": 45, "libsvtav1": 60, "libaom-av1": 60, "libvpx-vp9": 60}  # crf of quality 0
# With AVX-512, x264 (core 165) reads beyond the row where a frame is not 16, 32, ... blocks wide, so that the
# same frames give another film each time. What every such processor has beside it, no slower here.
_X264_WITHOUT_AVX512 = "MMX2,SSE2Fast,SSSE3,SSE4.2,AVX,LZCNT,FMA3,BMI1,BMI2,AVX2"
_SOUNDFILE = {
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
_STREAMED: dict[str, tuple[str, str, dict[str, str]]] = {
    ".m4a": ("ipod", "aac", {"movflags": "+faststart"}),
    ".mp3": ("mp3", "libmp3lame", {}),
    ".opus": ("ogg", "libopus", {}),
}
_BLOCK = 1024  # samples handed to the sound encoder at once
_AUDIO_BIT_RATE = 192_000


def _available() -> dict[str, str]:
    """Codec name to the encoder that writes it here."""
    return _usable(inside())


@lru_cache(maxsize=2)
def _usable(own: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    if not own:
        for name, choices in _VIDEO_ENCODERS.items():
            if usable := [one for one in choices if one in encoders()]:
                found[name] = usable[0]
        return found
    import av

    for name, choices in _VIDEO_ENCODERS.items():
        for encoder in choices:
            try:
                av.codec.Codec(encoder, "w")
            except (ValueError, av.error.FFmpegError):
                continue
            found[name] = encoder
            break
    return found


def video_codecs() -> list[str]:
    """Names of the codecs that can be written on this machine, best first: of ``h264``, ``av1``, ``vp9``."""
    return list(_available())


class VideoWriter:
    """Writes an MP4, MOV, MKV or WebM; a context manager.

    MP4 gets H.264 with AAC, playable everywhere; where H.264 is missing, AV1 or VP9 with Opus, and
    :attr:`codec_name` says so. WebM always gets VP9 or AV1 with Opus. The index comes first in an MP4
    (faststart). Colours are BT.709, limited range.
    """

    def __init__(
        self,
        path: str | Path,
        width: int,
        height: int,
        fps: float | Fraction,
        audio_rate: int | None = None,
        codec: str = "auto",
        *,
        quality: float = 1.0,
        max_rate: int = 0,
        audio_bit_rate: int = _AUDIO_BIT_RATE,
    ) -> None:
        """Open ``path``; through an ffmpeg program where PyAV is not inside.

        Args:
            path: file to write; the suffix names the container.
            width, height: px of the frames; an odd size is padded to even, as the codecs ask.
            fps: frames per second.
            audio_rate: Hz of the stereo sound, or None for a silent file.
            codec: ``auto`` or one of :func:`video_codecs`.
            quality: 0 to 1; 1 looks like the original, less makes smaller files.
            max_rate: bits per second that the pictures may take over any two seconds; 0 for any.
            audio_bit_rate: bits per second of the sound.

        Raises:
            StudioError: where no encoder is there.
        """
        self.path = Path(path)
        self.width, self.height = width, height
        webm = self.path.suffix.lower() == ".webm"
        self.codec_name = _choose(codec, webm)
        encoder = _available()[self.codec_name]
        rate = Fraction(fps).limit_denominator(1001)
        self._pipe: FilmPipe | None = None
        if not inside():
            from mmstudio.media.program.writing import FilmPipe

            sound = "aac" if self.codec_name == "h264" and not webm else "libopus"
            told = (sound, audio_rate, audio_bit_rate) if audio_rate is not None else None
            options, even = _settings(encoder, quality, max_rate), (width + width % 2, height + height % 2)
            self._pipe = FilmPipe(self.path, even, rate, encoder, options, told)
            return
        import av

        options = {"fflags": "+bitexact"}  # no random ids: the same film has the same bytes
        if self.path.suffix.lower() in (".mp4", ".m4v", ".mov"):
            options["movflags"] = "+faststart"
        self._container: OutputContainer = av.open(str(self.path), "w", options=options)
        self._audio_bit_rate = audio_bit_rate
        self._video: VideoStream = self._add_video(encoder, rate, _settings(encoder, quality, max_rate))
        self._audio: AudioStream | None = None
        if audio_rate is not None:
            self._audio = self._add_audio(
                "aac" if self.codec_name == "h264" and not webm else "libopus", audio_rate
            )
        self._audio_rate = audio_rate or 0
        self._frames = self._samples = 0

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if self._pipe is not None:
            try:
                if kind is None:
                    self._pipe.finish()
            finally:
                self._pipe.close()
            return
        try:
            if kind is None:
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
        finally:
            self._close(failed=kind is not None)

    def write_frame(self, pixels: NDArray[np.uint8]) -> None:
        """Add one frame: uint8[H, W, 3], sRGB, of the size given."""
        if pixels.shape != (self.height, self.width, 3):
            raise ValueError(f"expected frames of shape {(self.height, self.width, 3)}, got {pixels.shape}")
        odd_rows, odd_columns = self.height % 2, self.width % 2
        if odd_rows or odd_columns:
            pixels = np.pad(pixels, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
        if self._pipe is not None:
            self._pipe.picture(pixels)
            return
        import av

        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        self.write(_limited_bt709(frame))

    def write(self, frame: Any) -> None:
        """Add one frame that :func:`yuv_frame` made, of the size given; it may be added again."""
        if self._pipe is not None:
            self._pipe.picture(frame)
            return
        frame.pts = self._frames
        frame.time_base = self._video.codec_context.time_base
        self._frames += 1
        self._container.mux(self._video.encode(frame))

    def write_audio(self, samples: NDArray[np.float32]) -> None:
        """Add sound: float32[2, N] within -1 to 1; call it as often as you like, in order."""
        if self._pipe is not None:
            self._pipe.samples(samples.clip(-1.0, 1.0))
            return
        if self._audio is None:
            raise ValueError("the writer was opened without sound")
        self._samples = _write_samples(
            self._container, self._audio, samples.clip(-1.0, 1.0), self._audio_rate, self._samples
        )

    def _add_video(self, encoder: str, rate: Fraction, options: dict[str, str]) -> VideoStream:
        stream: Any = self._container.add_stream(encoder, rate=rate, options=options)
        stream.width, stream.height = self.width + self.width % 2, self.height + self.height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.color_range, context.colorspace = 1, 1  # limited range, BT.709 (ITU-T H.273)
        context.color_primaries = context.color_trc = 1
        writer: VideoStream = stream
        return writer

    def _add_audio(self, encoder: str, rate: int) -> AudioStream:
        stream: Any = self._container.add_stream(encoder, rate=rate, layout="stereo")
        stream.bit_rate = self._audio_bit_rate
        writer: AudioStream = stream
        return writer

    def _close(self, *, failed: bool) -> None:
        try:
            self._container.close()
        except OSError as error:
            # After an earlier failure the first error is the one to tell, except that the disk is full.
            if not failed or is_disk_full(error):
                raise


def yuv_frame(pixels: NDArray[np.uint8]) -> Any:
    """A frame to write from uint8[H, W, 4] in the order B, G, R, any; sides are even.

    May be called from any thread, so that several are made while one is encoded; ``pixels`` are only read
    meanwhile. BT.709, limited range, 4:2:0; for an ffmpeg program a copy of the pixels, which it converts.
    """
    if pixels.shape[0] % 2 or pixels.shape[1] % 2:
        pixels = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
    if not inside():
        return pixels.copy()
    import av

    return _limited_bt709(av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="bgra"))


def _limited_bt709(frame: VideoFrame) -> VideoFrame:
    from av.video.reformatter import ColorRange, Colorspace

    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _settings(encoder: str, quality: float, max_rate: int) -> dict[str, str]:
    """An encoder's options for a quality (0 to 1), and for a rate that it must not exceed."""
    options = dict(_OPTIONS.get(encoder, {}))
    if encoder == "libx264" and _wide_vectors():
        options["x264-params"] = f"asm={_X264_WITHOUT_AVX512}"
    if encoder in _WORST:
        best = int(options["crf"])
        options["crf"] = str(round(best + (_WORST[encoder] - best) * (1.0 - min(max(quality, 0.0), 1.0))))
    if max_rate and encoder == "libvpx-vp9":
        options["b"] = str(max_rate)  # with a crf: as good as that, and no larger
    elif max_rate and encoder in _WORST:
        options |= {"maxrate": str(max_rate), "bufsize": str(2 * max_rate)}
    elif max_rate:
        options["b"] = str(max_rate)
    return options


@lru_cache(maxsize=1)
def _wide_vectors() -> bool:
    """Whether the processor has AVX-512, as numpy found."""
    try:
        found = import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):
        return False
    return bool(found.get("AVX512F"))


def encode_audio(path: str | Path, samples: NDArray[np.float32], rate: int, bit_rate: int = 0) -> None:
    """Write float32[C, N] within -1 to 1 at ``rate`` Hz as WAV, FLAC, OGG, Opus, MP3 or M4A, by suffix.

    ``bit_rate``: bits per second of MP3, Opus and M4A; 0 takes the encoder's own quality. Opus and MP3 with a
    bit rate are the same bytes for the same sound.
    """
    import soundfile

    path = Path(path)
    suffix = path.suffix.lower()
    block = np.atleast_2d(np.asarray(samples, np.float32)).clip(-1.0, 1.0)
    if suffix == ".wav":
        write_wav(path, block, rate)
    elif suffix in _STREAMED and (bit_rate or suffix == ".m4a"):
        _stream_audio(path, block, rate, bit_rate or _AUDIO_BIT_RATE)
    elif suffix in _SOUNDFILE:
        container, subtype = _SOUNDFILE[suffix]
        with writing(path, block.nbytes // 4):  # a quarter: compressed
            soundfile.write(str(path), block.T, rate, format=container, subtype=subtype)
    else:
        raise StudioError(
            "Sound cannot be written as {suffix}.", hint="Use .wav, .flac or .m4a.", suffix=suffix
        )


def _stream_audio(path: Path, block: NDArray[np.float32], rate: int, bit_rate: int) -> None:
    name, encoder, options = _STREAMED[path.suffix.lower()]
    stereo = block if block.shape[0] == 2 else np.repeat(block[:1], 2, axis=0)
    if not inside():
        from mmstudio.media.program.writing import write_samples

        write_samples(path, stereo, rate, encoder, name, bit_rate, options)
        return
    import av

    with av.open(str(path), "w", format=name, options={"fflags": "+bitexact", **options}) as output:
        stream: Any = output.add_stream(encoder, rate=rate, layout="stereo")
        stream.bit_rate = bit_rate
        _write_samples(output, stream, stereo, rate, 0)
        output.mux(stream.encode(None))


def _choose(codec: str, webm: bool) -> str:
    usable = [name for name in video_codecs() if not (webm and name == "h264")]
    if webm and "vp9" in usable:
        usable.insert(0, "vp9")
    if codec != "auto":
        usable = [name for name in usable if name == codec]
    if not usable:
        raise StudioError(
            "No encoder for {codec} video is installed.",
            hint="Run “mmstudio doctor” to see which codecs there are.",
            codec="H.264, AV1 or VP9" if codec == "auto" else codec,
        )
    return usable[0]


def _write_samples(
    container: OutputContainer, stream: Any, samples: NDArray[np.float32], rate: int, position: int
) -> int:
    """Encode float32[2, N] in blocks starting at sample ``position``; return the next position."""
    import av

    for start in range(0, samples.shape[1], _BLOCK):
        block = np.ascontiguousarray(samples[:, start : start + _BLOCK], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, position, Fraction(1, rate)
        position += block.shape[1]
        container.mux(stream.encode(frame))
    return position
