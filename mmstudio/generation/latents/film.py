"""Walks as films: MP4 through the media room, or GIF with one palette; both say what made them."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.atomic import atomic_path
from mmstudio.errors import UsageError
from mmstudio.generation import keeping
from mmstudio.generation.latents.jobs import checked, writable
from mmstudio.generation.latents.walks import MOST_FRAMES
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.media import metadata
from mmstudio.media.encode import VideoWriter

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player, Walk
    from mmstudio.generation.latents.point import Point
    from mmstudio.generation.service import Generation

FILM_SIDE, GIF_SIDE = 512, 256  # pixels of the shorter side at least, where no size is given
MOST_SIDE = 2160
GIF_PIXELS = 400_000_000  # frames of a GIF are held in memory until it is written
_SAMPLED = 12  # frames whose colours make the palette


def film_work(
    generation: Generation,
    model: str,
    points: Sequence[Mapping[str, Any]],
    kind: Walk = "loop",
    seconds: float | None = None,
    frames: int | None = None,
    fps: float = 24.0,
    size: int | None = None,
    out: str | Path | None = None,
    add_to_library: bool | None = None,
) -> Work:
    """A job that films a walk through ``points`` (JSON).

    Args:
        kind: "walk", or "loop": its first frame is the one after its last.
        frames: how many; else ``seconds`` times ``fps`` (4 seconds where neither is given).
        size: pixels of the shorter side. out: an .mp4, .mov, .mkv, .webm or .gif file; None: the library.

    Returns {"files": [path], "assets": [ids], "frames": how many}.

    Raises (inside the job):
        UsageError: no points, frames, fps, size or suffix out of range.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        add = out is None if add_to_library is None else add_to_library
        if add:
            writable(generation.library)
        if not 1.0 <= fps <= 120.0:
            raise UsageError("A film has from 1 to 120 frames a second.", hint="24 is usual.")
        count = frames if frames is not None else round((4.0 if seconds is None else seconds) * fps)
        if kind not in ("walk", "loop") or not 2 <= count <= MOST_FRAMES:
            raise UsageError("A film can have from {least} to {most} frames.", least=2, most=MOST_FRAMES)
        target = Path(out) if out is not None else generation.library.generated_dir / f"{model}.mp4"
        if target.suffix.lower() not in (".mp4", ".mov", ".mkv", ".webm", ".gif"):
            raise UsageError(
                "A film cannot be written as {suffix}.", hint="Use .mp4 or .gif.", suffix=target.suffix or "–"
            )
        yield Progress(0, count, tr("Preparing"))
        player = generation.player(model)
        keys = yield from checked(player, points)
        path = player.walk(keys, count, kind)
        shown = film_size(player.size, size, target.suffix.lower() == ".gif")
        record = _record(player, keys, kind, count, fps)
        with atomic_path(target) as temporary:
            drawn = _frames(player, path, shown, context)
            if target.suffix.lower() == ".gif":
                yield from _write_gif(temporary, player, path, drawn, shown, fps)
            else:
                with VideoWriter(temporary, *shown, fps) as writer:
                    for done, frame in enumerate(drawn, 1):
                        writer.write_frame(frame)
                        yield Progress(done, count, tr("Frame {done} of {total}", done=done, total=count))
            metadata.stamp(temporary, record)
        result: dict[str, Any] = {"files": [str(target)] if out is not None else [], "assets": []}
        if add:
            asset = keeping.add_to_library(
                generation.library,
                target,
                kind="image" if target.suffix.lower() == ".gif" else "video",
                title=str(record["title"]),
                model=model,
                seed=keys[0].seed,
                latent=player.latent(keys[0]),
                params={key: record[key] for key in ("weights", "steps", "points", "kind", "frames", "fps")},
                stays=out is not None,
            )
            result["assets"].append(asset)
            if out is None:
                result["files"].append(keeping.asset_path(generation.library, asset))
        return result | {"frames": count}

    return run


def film_size(size: tuple[int, int], side: int | None, gif: bool) -> tuple[int, int]:
    """(width, height) of a film: the model's shape, even numbers, the shorter side as asked for.

    Raises:
        UsageError: a side below 16 or above 2160 pixels.
    """
    if side is not None and not 16 <= side <= MOST_SIDE:
        raise UsageError("A film can be from {least} to {most} pixels high.", least=16, most=MOST_SIDE)
    least = min(size)
    wanted = side or least * max(1, math.ceil((GIF_SIDE if gif else FILM_SIDE) / least))
    width, height = (max(2, 2 * round(edge * wanted / least / 2)) for edge in size)
    return width, height


def _record(player: Player, keys: list[Point], kind: str, count: int, fps: float) -> dict[str, Any]:
    config = player.model.config
    title = f"{config.name} {tr('loop') if kind == 'loop' else tr('walk')} {keys[0].seed}"
    params = {
        "weights": player.fingerprint,
        "steps": config.trained.get("steps", 0),
        "points": [point.as_json() for point in keys],
        "kind": kind,
        "frames": count,
        "fps": fps,
    }
    return keeping.record_of(config, title, keys[0].seed, player.latent(keys[0]), params)


def _frames(
    player: Player, path: Sequence[Point], size: tuple[int, int], context: JobContext
) -> Generator[NDArray[np.uint8], None, None]:
    for drawn in player.batches(path):
        context.raise_if_cancelled()
        for pixels in drawn:
            yield enlarged(pixels, size)


def enlarged(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """H×W×3 at (width, height), bicubic."""
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _write_gif(
    target: Path,
    player: Player,
    path: Sequence[Point],
    drawn: Generator[NDArray[np.uint8], None, None],
    size: tuple[int, int],
    fps: float,
) -> Generator[Progress, None, None]:
    """One palette for all frames: with one each, still areas would flicker."""
    count = len(path)
    if count * size[0] * size[1] > GIF_PIXELS:
        raise UsageError(
            "This GIF would be too large.", hint="Choose fewer frames or a smaller size, or make an MP4."
        )
    some = [path[i] for i in np.unique(np.linspace(0, count - 1, min(count, _SAMPLED)).astype(int))]
    samples = [pixels for batch in player.batches(some) for pixels in batch]
    palette = Image.fromarray(np.concatenate(samples, axis=1)).quantize(256, Image.Quantize.MEDIANCUT)
    frames: list[Image.Image] = []
    for pixels in drawn:
        picture = Image.fromarray(pixels)
        frames.append(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        yield Progress(len(frames), count, tr("Frame {done} of {total}", done=len(frames), total=count))
    # GIF counts in hundredths of a second: the rounding is spread so that the whole keeps its length.
    ends = [round(100 * (i + 1) / fps) for i in range(count)]
    durations = [10 * max(2, end - start) for start, end in zip([0, *ends], ends, strict=False)]
    frames[0].save(
        target, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False
    )
