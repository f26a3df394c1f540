"""How fast a film and cards are exported, beside moviepy and bare Pillow in the same run.

    PYTHONPATH=/where/moviepy/is python tests/benchmarks/bench_export.py [--data ../shared/data] [--cards 500]

The film: a product ad of 10 s, 1080 x 1920, 30 frames a second, H.264 (veryfast, crf 18) with AAC, by the
shell's own process; then by moviepy with the same layers (left out where moviepy is not installed).
The cards: the job that exports a matrix, product cards of 100 items for 5 audiences, 1080 x 1080 PNG, with
two helpers; beside Pillow writing drawn cards as PNG at level 3 and nothing else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parent))

SECONDS, SIZE, FPS = 10.0, (1080, 1920), 30
HEAVY = ("torch", "librosa", "sklearn", "transformers", "implicit", "PySide6.QtWidgets")
SHELL = """
import json, resource, sys, time
started = time.perf_counter()
from mmstudio.cli.app import app
try:
    app(sys.argv[1:], standalone_mode=False)
except SystemExit as end:
    assert not end.code, end.code
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
loaded = [name for name in %r if name in sys.modules]
print(json.dumps({"seconds": time.perf_counter() - started, "memory": memory, "loaded": loaded}))
"""


def make_library(folder: Path, data: Path | None) -> Any:
    """A shop of real photos where there are some, else of drawn ones; with a music of five seconds."""
    from mmstudio.jobs import run_inline
    from mmstudio.library import Library
    from mmstudio.library.importing import import_work
    from support.libraries import add_asset
    from support.media import make_wav
    from support.shop import make_shop, studio_photo

    if data is not None and (data / "shop" / "items.csv").is_file():
        library = Library.create(folder / "Shop.mmlib")
        shop_data = data / "shop"
        run_inline(import_work(library, [shop_data / "images"], catalog=shop_data / "items.csv"))
        library.audiences.add("Runners", "People who run before work", locale="en_GB")
    else:
        shop = make_shop(folder / "shop")
        library = shop.library
        studio_photo(shop.folder / "media" / "bag-main.png", size=1600)
    music = make_wav(folder / "music.wav", seconds=5.0, rate=48_000)
    add_asset(library, music, kind="audio", tags=("music",), duration=5.0)
    return library


def items_with_pictures(library: Any) -> list[int]:
    """Items that a card can be made of."""
    return [item for item, assets in sorted(library.items.asset_ids_by_item().items()) if assets]


def make_film(library: Any) -> Any:
    """A product ad of ten seconds, saved."""
    from mmstudio.composition import Composer, SoundTrack
    from mmstudio.composition.layout import reframe
    from mmstudio.errors import StudioError
    from mmstudio.library import AssetFilter

    composer = Composer(library, None, None)
    audience = library.audiences.list()[0].id
    board = None
    for item in items_with_pictures(library):
        try:
            board = composer.compose("product-ad", item, audience, seed=1)
        except StudioError:  # an item without a usable picture
            continue
        break
    assert board is not None
    stretch = SECONDS / board.duration
    for scene in board.scenes:
        scene.start *= stretch
        scene.duration *= stretch
    for caption in board.captions:
        caption.start, caption.end = caption.start * stretch, caption.end * stretch
    board.duration, board.fps = SECONDS, FPS
    if board.music is None:
        music = library.assets.ids(AssetFilter(kinds=("audio",)))[0]
        board.music = SoundTrack(music)
    return composer.save(reframe(board, SIZE))


def dump_layers(library: Any, board: Any, folder: Path) -> Path:
    """The storyboard's layers as pictures with their places and times, for another program."""
    from mmstudio.composition.palette import rgb_of
    from mmstudio.composition.render import Renderer
    from mmstudio.composition.sound import mix
    from mmstudio.media.encode import encode_audio

    renderer = Renderer(board, library)
    scenes = []
    for index, scene in enumerate(board.scenes):
        later = board.scenes[index + 1].transition.seconds if index + 1 < len(board.scenes) else 0.0
        layers = []
        for number, sprite in enumerate(renderer._stage(index, board.size, 1.0).sprites):
            picture = folder / f"{index}-{number}.png"
            sprite.image.save(str(picture))
            motion, window = sprite.layer.motion, sprite.window
            layers.append(
                {
                    "picture": str(picture),
                    "x": sprite.x,
                    "y": sprite.y,
                    "anchor": [sprite.anchor.x(), sprite.anchor.y()],
                    "window": None
                    if window is None
                    else [window.x(), window.y(), window.width(), window.height()],
                    "zoom": list(motion.zoom),
                    "enter": motion.enter,
                    "delay": motion.delay,
                    "seconds": motion.seconds,
                }
            )
        scenes.append(
            {
                "start": scene.start,
                "seconds": scene.duration,
                "tail": later,
                "fade": max(scene.transition.seconds, 0.01),
                "layers": layers,
            }
        )
    sound = folder / "sound.wav"
    encode_audio(sound, mix(board, library), 48_000)
    plan = folder / "layers.json"
    ground = [int(v) for v in rgb_of(board.palette.get("ground", "#ffffff"))]
    facts = {"size": board.size, "fps": board.fps, "seconds": board.duration, "ground": ground}
    plan.write_text(json.dumps({**facts, "scenes": scenes, "sound": str(sound)}), "utf-8")
    return plan


def last_json(words: list[str]) -> dict[str, Any]:
    """Run a program; what it printed last."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def bench_film(library: Any, board: Any, folder: Path, rounds: int) -> None:
    """Seconds and memory of both, in turns, the better of each."""
    plan = dump_layers(library, board, folder)
    path = str(library.path)
    library.close()
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for number in range(rounds):
        out = folder / f"out-{number}"
        words = ["export", path, "--storyboard", str(board.id), "--channel", "tall-video", "--out", str(out)]
        ours.append(last_json([sys.executable, "-c", SHELL % (HEAVY,), *words]))
        if importlib.util.find_spec("moviepy") is not None:
            script = str(HERE / "moviepy_film.py")
            theirs.append(last_json([sys.executable, script, str(plan), str(folder / f"m-{number}.mp4")]))
    best = min(ours, key=lambda one: one["seconds"])
    print(f"film of {SECONDS:.0f} s, {SIZE[0]} x {SIZE[1]}, shell process      {best['seconds']:7.2f} s"
          f"   {best['memory']:5.0f} MB   of torch and the like: {best['loaded'] or 'nothing'}")  # fmt: skip
    if theirs:
        other = min(theirs, key=lambda one: one["seconds"])
        print(
            f"the same layers by moviepy, without its ffmpeg     {other['seconds']:7.2f} s"
            f"   {other['memory']:5.0f} MB"
        )
        print(f"ratio                                              {other['seconds'] / best['seconds']:7.2f}")
    else:
        print("moviepy is not installed: no reference")


def bench_cards(path: str, items: list[int], folder: Path, cards: int, workers: int) -> None:
    """Cards per second of the job that exports a matrix, and of Pillow alone on as many processes."""
    from mmstudio.composition import Composer
    from mmstudio.export import Exporter
    from mmstudio.export.matrix import matrix_work
    from mmstudio.jobs import run_inline
    from mmstudio.library import Library

    out = folder / "cards"
    with Library.open(path) as library:
        audiences = [audience.id for audience in library.audiences.list()]
        chosen = items[: max(cards // len(audiences), 1)]
        work = matrix_work(
            library, Composer(library, None, None), Exporter(library), out=out, items=chosen,
            audiences=audiences, recipe="product-card", channels=["square-card"], helpers=workers,
        )  # fmt: skip
        started = time.perf_counter()
        result = run_inline(work)
        seconds = time.perf_counter() - started
    print(
        f"cards: {result['done']} of {len(chosen)} items x {len(audiences)} audiences"
        f" ({result['failed']} refused), {workers} helpers {result['done'] / seconds:7.2f} cards/s"
    )
    for one in result["failures"][:3]:
        print("   refused:", one["message"])
    pictures = sorted(out.glob("*/*.png"))[:40]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(write_bare, [str(p) for p in pictures[:workers]]))
        started = time.perf_counter()
        spent = sum(pool.map(write_bare, [str(p) for p in pictures], chunksize=4))
        seconds = time.perf_counter() - started
    each = 1000 * spent / max(len(pictures), 1)
    rate = len(pictures) / seconds
    print(f"Pillow's PNG at level 3 alone, as many processes {rate:7.2f} cards/s   ({each:.0f} ms each)")


def write_bare(path: str) -> float:
    """Seconds in which Pillow encodes a card again."""
    import io

    from PIL import Image

    picture = Image.open(path).convert("RGB")
    started = time.perf_counter()
    picture.save(io.BytesIO(), "PNG", compress_level=3)
    return time.perf_counter() - started


def main() -> None:
    """Everything, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cards", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=("film", "cards"))
    wishes = parser.parse_args()
    from mmstudio.composition import prepare_drawing

    with tempfile.TemporaryDirectory(prefix="mmstudio-bench-") as temporary:
        folder = Path(temporary)
        prepare_drawing()
        library = make_library(folder, wishes.data)
        path = str(library.path)
        for name in ("Commuters", "Students", "Hikers", "Parents"):
            library.audiences.add(name, f"{name} who compare before they buy", locale="en_GB")
        items = items_with_pictures(library)
        board = make_film(library)
        if wishes.only != "cards":
            bench_film(library, board, folder, wishes.rounds)
        else:
            library.close()
        if wishes.only != "film":
            bench_cards(path, items, folder, wishes.cards, 2)


if __name__ == "__main__":
    main()
