"""Small storyboards made by hand, for tests of export: a few frames, a real picture, a real sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from mmstudio.composition import ImageLayer, ShapeLayer, Storyboard, TextLayer
from mmstudio.composition.storyboard import Caption, Motion, Rect, Scene, SoundTrack, Transition
from mmstudio.export import Exporter
from mmstudio.export.channels import Channel
from mmstudio.export.options import ExportOptions
from mmstudio.export.writer import OutputFolder
from support.libraries import add_asset
from support.media import make_jpeg
from support.shop import Shop

SIZE = (192, 336)
FLASH = 0.9  # second at which the flash and click storyboard turns white


def small_board(shop: Shop) -> Storyboard:
    """Two scenes of 0.8 s: a picture that drifts under a text, then a shape; music; two captions."""
    photo = add_asset(shop.library, make_jpeg(shop.folder / "photo.jpg", (320, 240), seed=5), width=320)
    tone = np.sin(np.arange(48_000) * 0.05)[:, None].repeat(2, 1) * 0.2
    soundfile.write(shop.folder / "tone.wav", tone, 48_000)
    music = add_asset(shop.library, shop.folder / "tone.wav", kind="audio", duration=1.0)
    first = Scene(
        "first", 0.0, 0.8,
        [
            ImageLayer("photo", rect=Rect(), asset_id=photo, fit="cover", motion=Motion(zoom=(1.0, 1.1))),
            TextLayer("words", rect=Rect(0.1, 0.1, 0.8, 0.3), bind="headline", size=0.12, colour="#ffffff"),
        ],
    )  # fmt: skip
    second = Scene(
        "second", 0.8, 0.8,
        [
            ShapeLayer("plate", rect=Rect(0.1, 0.2, 0.8, 0.4), colour="#205080", radius=0.05),
            TextLayer("more", rect=Rect(0.15, 0.25, 0.7, 0.3), bind="line", size=0.09, colour="#ffffff"),
        ],
        transition=Transition("fade", 0.2),
    )  # fmt: skip
    return Storyboard(
        name="Small film", size=SIZE, fps=10, duration=1.6, scenes=[first, second],
        music=SoundTrack(music), seed=7, palette={"ground": "#f4efe6", "ink": "#111111"},
        captions=[Caption(0.0, 0.7, "A picture"), Caption(0.8, 1.5, "שלום, a shape.")],
        copy={"headline": "Harbour light", "line": "Quiet water"},
    )  # fmt: skip


def flash_board(shop: Shop) -> Storyboard:
    """Black that turns white at :data:`FLASH`, in the same moment as a click."""
    sound = np.zeros((round(1.8 * 48_000), 2), np.float32)
    start = round(FLASH * 48_000)
    sound[start : start + 9600] = 0.5 * np.sin(np.arange(9600) * 0.4)[:, None]
    soundfile.write(shop.folder / "click.wav", sound, 48_000)
    click = add_asset(shop.library, shop.folder / "click.wav", kind="audio", duration=1.8)
    scenes = [
        Scene("black", 0.0, FLASH, [ShapeLayer("b", colour="#000000")], transition=Transition("cut", 0.0)),
        Scene("white", FLASH, 0.9, [ShapeLayer("w", colour="#ffffff")], transition=Transition("cut", 0.0)),
    ]
    track = SoundTrack(click, loop=False, fade_in=0.0, fade_out=0.0)
    return Storyboard("Flash", size=(128, 128), fps=30, duration=1.8, scenes=scenes, music=track)


def channel(kind: str, **more: Any) -> Channel:
    """A channel of a kind at the small boards' size (none for sound and text)."""
    pictures = kind not in ("wav", "flac", "mp3", "opus", "srt", "vtt", "otio", "kit")
    if pictures and "width" not in more:
        more |= {"width": SIZE[0], "height": SIZE[1]}
    return Channel(f"test-{kind}", kind.upper(), kind, **more)


def written(
    shop: Shop, board: Storyboard, out: Path, *wanted: Channel | str, options: ExportOptions | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The files and notes of an export of a board that is not saved."""
    folder = OutputFolder(out)
    steps = Exporter(shop.library).board_files(board, wanted, folder, options)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return folder.files, end.value
