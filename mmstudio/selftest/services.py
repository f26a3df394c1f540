"""The self-test without a window: a library is made, filled, learned from, drawn and heard."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.i18n import mark, tr, tr_error
from mmstudio.selftest.outcome import Row
from mmstudio.selftest.parts import MODULES, OPTIONAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.studio import Studio

log = logging.getLogger(__name__)
_THINGS = 28  # a joint model needs 24 that belong together
_SIDE = 48  # pixels
_RATE = 22_050
_SOUND_RATE = 48_000
_PLAYED_S = 2.0  # in real time
_AUDIBLE = 1e-4
_FPS = 15
_WORDS = (
    "red boots for the rain",
    "a green lamp on the desk",
    "blue cups and warm tea",
    "a quiet grey chair",
)
# Small enough for two steps in a second or two; the families' own sizes are trained by the tests.
_SMALL: dict[str, dict[str, Any]] = {
    "image": {"size": 16, "batch": 4, "width": 8},
    "audio": {"size": 16, "batch": 2, "width": 8},
    "text": {"batch": 2},
    "set": {"size": 16, "batch": 4},
    "items": {"batch": 8},
}


class Services:
    """Runs the checks one after the other in a folder; each row comes as soon as it is known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[Row] = []
        self._studio: Studio | None = None

    def run(self) -> Iterator[Row]:
        """Every check; a failed one does not stop those that can do without it."""
        yield from self._imports()
        steps: tuple[tuple[str, Callable[[Studio], str]], ...] = (
            (mark("Import one of each kind"), self._import),
            (mark("Thumbnails"), self._thumbnails),
            (mark("Features"), self._features),
            (mark("Search"), self._search),
        )
        with self._opened() as studio:
            if studio is None:
                yield from self._rows
                return
            yield self._rows[-1]
            for name, step in steps:
                yield self._tried(name, step, studio)
            yield from self._train(studio)
            yield self._tried(mark("Recommend"), self._recommend, studio)
            yield self._tried(mark("Render a video and read it back"), self._video, studio)
            yield self._tried(mark("Export and read the mark"), self._export, studio)
            yield self._tried(mark("Play to a null sound device"), self._sound, studio)

    # --- pieces -------------------------------------------------------------------------------------

    def _imports(self) -> Iterator[Row]:
        for name, module in MODULES.items():
            started = time.monotonic()
            try:
                import_module(module)
            except OPTIONAL.get(name, ()) as error:
                yield Row(tr("Import {name}", name=name), False, 0.0, str(error), needed=False)
            except Exception as error:  # noqa: BLE001 - a broken package is what this looks for
                if _left_out(name):
                    yield Row(tr("Import {name}", name=name), True, 0.0, tr("left out of this bundle"))
                    continue
                note = f"{type(error).__name__}: {error}"
                yield Row(tr("Import {name}", name=name), False, time.monotonic() - started, note)
            else:
                yield Row(tr("Import {name}", name=name), True, round(time.monotonic() - started, 3))

    @contextmanager
    def _opened(self) -> Iterator[Studio | None]:
        from mmstudio.studio import Studio

        started = time.monotonic()
        name = tr("Open a new library")
        try:
            studio = Studio.create(self._folder / "自检 self-test.mmlib")
        except Exception as error:  # noqa: BLE001 - said in the table
            self._rows.append(Row(name, False, time.monotonic() - started, _why(error)))
            yield None
            return
        self._rows.append(Row(name, True, round(time.monotonic() - started, 3)))
        try:
            yield studio
        finally:
            studio.close()

    def _tried(self, name: str, step: Callable[[Studio], str], studio: Studio) -> Row:
        started = time.monotonic()
        try:
            note = step(studio)
        except Exception as error:  # noqa: BLE001 - said in the table
            return Row(tr(name), False, round(time.monotonic() - started, 3), _why(error))
        return Row(tr(name), True, round(time.monotonic() - started, 3), note)

    def _import(self, studio: Studio) -> str:
        files = _media(self._folder / "media")
        done = _job(studio, "import", {"paths": [str(self._folder / "media")]})
        if done["added"] != len(files):
            raise RuntimeError(f"{done['added']} of {len(files)} files")
        _items(studio)
        return tr("{n} files", n=done["added"])

    def _thumbnails(self, studio: Studio) -> str:
        from mmstudio.library import AssetFilter
        from mmstudio.media.thumbnail import make_thumbnail

        sizes = []
        for kind in ("image", "audio", "video", "text"):
            asset = studio.library.assets.get(studio.library.assets.ids(AssetFilter(kinds=(kind,)))[0])
            picture = make_thumbnail(studio.library.assets.path_of(asset), kind)
            sizes.append(f"{kind} {picture.width}×{picture.height}")
        return ", ".join(sizes)

    def _features(self, studio: Studio) -> str:
        done = _job(studio, "features", {})
        count = sum(done.get("extracted", {}).values())
        if not count:
            raise RuntimeError("no features")
        return tr("{n} vectors", n=count)

    def _search(self, studio: Studio) -> str:
        from mmstudio.library import parse_query

        found = studio.library.assets.ids(parse_query("kind:text lamp"))
        if not found:
            raise RuntimeError("nothing found")
        return tr("{n} found", n=len(found))

    def _train(self, studio: Studio) -> Iterator[Row]:
        from mmstudio.learning.families import families

        for name, family in families().items():
            params = {"family": name, "name": f"test-{name}", "steps": 2, **_SMALL[family.modality]}
            row = self._tried(name, partial(_trained, params), studio)
            yield Row(tr("Train {name}, two steps", name=name), row.ok, row.seconds, row.note)

    def _recommend(self, studio: Studio) -> str:
        audience = studio.library.audiences.list()[0]
        ranked = studio.recommender.recommend(audience.id, 5)
        if not ranked:
            raise RuntimeError("nothing recommended")
        return ranked[0].why

    def _video(self, studio: Studio) -> str:
        from mmstudio.composition import prepare_drawing, reframe
        from mmstudio.composition.render import Renderer, frame_array
        from mmstudio.composition.sound import mix
        from mmstudio.media.encode import VideoWriter
        from mmstudio.media.video import VideoReader

        prepare_drawing()
        item = studio.library.items.by_sku("T0")
        assert item is not None
        board = reframe(studio.composer.compose("product-ad", item.id), (320, 320))
        renderer = Renderer(board, studio.library)
        path = self._folder / "film.mp4"
        sound = mix(board, studio.library, _SOUND_RATE)
        shown = board.card_time
        with VideoWriter(path, 320, 320, _FPS, audio_rate=_SOUND_RATE) as film:
            for index in range(round(board.duration * _FPS)):
                film.write_frame(frame_array(renderer.frame(index / _FPS)))
            film.write_audio(sound)
        with VideoReader(path) as read:
            card = np.asarray(read.frame_at(shown - 0.1), np.float32)
            wanted = frame_array(renderer.frame(shown - 0.1)).astype(np.float32)
            apart = float(np.abs(card - wanted).mean())
            if abs(read.duration - board.duration) > 0.2 or apart > 8 or not read.has_audio:
                raise RuntimeError(f"{read.duration:.2f} s, apart {apart:.1f}, sound {read.has_audio}")
            return f"{film.codec_name}, {read.duration:.1f} s, {path.stat().st_size // 1000} kB"

    def _export(self, studio: Studio) -> str:
        from mmstudio.media.metadata import read_stamp

        row = studio.library.storyboards.list()[0]
        out = self._folder / "out"
        done = _job(studio, "export", {"storyboard_id": row.id, "channels": ["square-card"], "out": str(out)})
        path = Path(done["files"][0]["path"])
        if not read_stamp(path).get("storyboard"):
            raise RuntimeError("no mark in the file")
        return path.name

    def _sound(self, studio: Studio) -> str:
        from mmstudio.composition.sound import mix

        board = studio.composer.load(studio.library.storyboards.list()[0].id)
        samples = mix(board, studio.library, _SOUND_RATE)
        try:
            heard = _played(samples[:, : int(_PLAYED_S * _SOUND_RATE)])
        except OSError as error:  # no PortAudio, or no ALSA: what it would be given, at least
            log.info("not through PortAudio: %s", error)
            heard = _pulled(samples)
            if heard < samples.shape[1]:
                raise RuntimeError(f"{heard} of {samples.shape[1]} samples") from error
            return tr("{seconds} s of sound, without a sound system", seconds=round(heard / _SOUND_RATE, 1))
        return tr("{seconds} s of sound through PortAudio", seconds=round(heard / _SOUND_RATE, 1))


def _played(samples: NDArray[np.float32]) -> int:
    """Frames of float32[2, N] that came out at the other end of a real stream, in real time.

    Raises: OSError where there is no PortAudio or it knows no ALSA; RuntimeError where others came out.
    """
    from mmstudio.media.sound_pipe import sound_pipe

    with sound_pipe() as device:
        import sounddevice

        with sounddevice.OutputStream(_SOUND_RATE, channels=2, dtype="float32") as stream:
            stream.write(np.ascontiguousarray(samples.T))
            device.expect_end()
        seen = -1
        while device.frames > seen:  # what still lies in the pipe
            seen = device.frames
            time.sleep(0.05)
        heard = device.samples()
    count = int(samples.shape[1])
    # The device may begin and end with silence of its own.
    loud = np.flatnonzero(np.abs(samples).sum(0) > _AUDIBLE)
    came = np.flatnonzero(np.abs(heard).sum(0) > _AUDIBLE)
    if not len(loud) or not len(came):
        raise RuntimeError(f"{len(loud)} loud samples, {len(came)} came")
    shift = int(came[0] - loud[0])
    length = min(count, heard.shape[1] - max(shift, 0)) - max(-shift, 0)
    apart = np.abs(heard[:, max(shift, 0) :][:, :length] - samples[:, max(-shift, 0) :][:, :length])
    if length < loud[-1] - loud[0] or float(apart.max()) > _AUDIBLE:
        raise RuntimeError(f"{length} of {count} samples, apart {float(apart.max()):.4f}")
    return count


def _pulled(samples: NDArray[np.float32]) -> int:
    """Samples that a device of null output takes, in blocks as PortAudio asks for them."""
    taken, block = 0, np.zeros((2, 1024), np.float32)
    while taken < samples.shape[1]:
        part = samples[:, taken : taken + block.shape[1]]
        block[:, : part.shape[1]] = part
        if not np.isfinite(block).all() or float(np.abs(block).max()) > 1.0:
            return taken
        taken += part.shape[1]
    return taken


def _media(folder: Path) -> list[Path]:
    """Pictures, sounds, texts and a film, drawn from nothing but numbers."""
    from PIL import Image

    from mmstudio.media.audio import write_wav
    from mmstudio.media.encode import VideoWriter

    folder.mkdir(parents=True)
    random = np.random.default_rng(5)
    made: list[Path] = []
    for i in range(_THINGS):
        hue = np.array([40 + 7 * i, 200 - 6 * i, 90 + (37 * i) % 120], np.float32)
        slope = np.linspace(0.4, 1.0, _SIDE, dtype=np.float32)[:, None, None]
        noise = random.normal(0, 6, (_SIDE, _SIDE, 3)).astype(np.float32)
        pixels = np.clip(hue * slope + noise, 0, 255).astype(np.uint8)
        pixels[12 : 30 + i % 8, 10:34] = (250, 20 * (i % 12), 40)
        made.append(folder / f"picture {i}.png")
        Image.fromarray(pixels).save(made[-1])
        t = np.arange(_RATE * 2) / _RATE
        tone = 0.3 * np.sin(2 * np.pi * (220 + 20 * i) * t) * np.exp(-2 * (t % 0.5))
        made.append(folder / f"sound {i}.wav")
        write_wav(made[-1], tone.astype(np.float32), _RATE)
        made.append(folder / f"text {i}.txt")
        made[-1].write_text(f"{_WORDS[i % 4]}.\nNumber {i} of {_WORDS[(i + 1) % 4]}.\n", "utf-8")
    made.append(folder / "film.mp4")
    with VideoWriter(made[-1], 64, 64, 10) as film:
        for i in range(10):
            film.write_frame(np.full((64, 64, 3), 20 * i, np.uint8))
    return made


def _items(studio: Studio) -> None:
    from mmstudio.library import AssetFilter, NewItem

    library = studio.library
    pictures = library.assets.ids(AssetFilter(kinds=("image",)))
    sounds = library.assets.ids(AssetFilter(kinds=("audio",)))
    items = library.items.upsert_many(
        NewItem(
            sku=f"T{i}", title=_WORDS[i % 4].capitalize(), description=f"{_WORDS[i % 4]}, number {i}.",
            price=10.0 + i, currency="EUR", category=_WORDS[i % 4].split()[-1],
        )
        for i in range(_THINGS)
    )  # fmt: skip
    for i, item in enumerate(items):
        library.items.link_asset(item, pictures[i], "hero")
        library.items.link_asset(item, sounds[i], "music")
    library.audiences.add("Testers", "likes lamps", liked=items[:3])


def _job(studio: Studio, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    from mmstudio.jobs import run_inline

    return run_inline(studio.work(kind, dict(params)), dict(params)) or {}


def _trained(params: dict[str, Any], studio: Studio) -> str:
    return str(_job(studio, "train", params).get("status", ""))


def _left_out(name: str) -> bool:
    """Whether this bundle was made without a package on purpose (see packaging/build.py)."""
    return name in os.environ.get("MMSTUDIO_LEFT_OUT", "").split(",")


def _why(error: BaseException) -> str:
    if not isinstance(error, StudioError):
        return f"{type(error).__name__}: {error}"
    return " ".join(part for part in tr_error(error) if part)
