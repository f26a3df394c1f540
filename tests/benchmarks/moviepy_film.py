"""The film of ``bench_export.py`` made with moviepy: the same layers, times, sound, codec, preset and rate.

    PYTHONPATH=/where/moviepy/is python tests/benchmarks/moviepy_film.py LAYERS.json OUT.mp4

It prints one line of JSON: seconds and memory. Nothing of MM Studio is imported.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def rgba(path: str) -> Any:
    """A layer's picture, uint8 [H,W,4], straight alpha."""
    return np.asarray(Image.open(path).convert("RGBA"))


def moving(layer: dict[str, Any], seconds: float) -> Any:
    """A layer as a clip that zooms about its anchor and comes in as the storyboard says."""
    from moviepy import CompositeVideoClip, ImageClip, vfx

    first, last = layer["zoom"]
    start = min(layer["delay"], seconds - 0.05) if layer["enter"] != "none" else 0.0
    clip = ImageClip(rgba(layer["picture"])).with_duration(seconds - start)

    def scale(t: float) -> float:
        return first + (last - first) * (t + start) / seconds

    def place(t: float) -> tuple[float, float]:
        grown = scale(t) if first != last else 1.0
        x = layer["anchor"][0] + (layer["x"] - layer["anchor"][0]) * grown
        y = layer["anchor"][1] + (layer["y"] - layer["anchor"][1]) * grown
        gone = max(1.0 - t / layer["seconds"], 0.0) ** 4
        return (x, y + (54.0 * gone if layer["enter"] == "rise" else 0.0))

    if layer["window"]:
        left, top, wide, tall = (round(v) for v in layer["window"])
        base = max(wide / clip.w, tall / clip.h)
        zoomed = clip.resized(lambda t: base * scale(t)).with_position("center")
        clip = CompositeVideoClip([zoomed], size=(wide, tall)).with_duration(seconds - start)
        clip = clip.with_position((left, top))
    else:
        if first != last:
            clip = clip.resized(scale)
        clip = clip.with_position(place if first != last or layer["enter"] == "rise" else place(9.0))
    if layer["enter"] != "none":
        clip = clip.with_effects([vfx.CrossFadeIn(layer["seconds"])])
    return clip.with_start(start)


def main() -> None:
    """Make the film."""
    from moviepy import AudioFileClip, ColorClip, CompositeVideoClip, vfx

    started = time.perf_counter()
    film = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    size = tuple(film["size"])
    scenes = []
    for number, scene in enumerate(film["scenes"]):
        seconds = scene["seconds"] + scene["tail"]
        ground = ColorClip(size, color=film["ground"]).with_duration(seconds)
        layers = [ground, *(moving(layer, seconds) for layer in scene["layers"])]
        clip = CompositeVideoClip(layers, size=size).with_duration(seconds).with_start(scene["start"])
        if number:
            clip = clip.with_effects([vfx.CrossFadeIn(scene["fade"])])
        scenes.append(clip)
    whole = CompositeVideoClip(scenes, size=size).with_duration(film["seconds"])
    whole = whole.with_audio(AudioFileClip(film["sound"]).with_duration(film["seconds"]))
    whole.write_videofile(
        sys.argv[2], fps=film["fps"], codec="libx264", preset="veryfast", audio_codec="aac", threads=2,
        ffmpeg_params=["-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"], logger=None,
    )  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - started, "memory": memory}))


if __name__ == "__main__":
    main()
