"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mmstudio.settings import load_settings
from mmstudio.studio import Studio

KINDS = {"image", "audio", "video", "text"}
KIND_WORDS = {"picture": "image", "photo": "image", "sound": "audio", "music": "audio", "clip": "video"}


def media_kind(kind: str | None) -> str | None:
    """A media kind from what a person typed.

    Raises:
        typer.BadParameter: for an unknown kind.
    """
    if kind is None:
        return None
    word = KIND_WORDS.get(kind, kind)
    if word not in KINDS:
        raise typer.BadParameter(f"'{kind}' is not one of image, audio, video, text.", param_hint="--kind")
    return word


Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="image|audio|video|text", help="Only this kind.", callback=media_kind),
]
Lib = Annotated[Path, typer.Argument(metavar="LIB", help="The library folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Device = Annotated[
    str | None, typer.Option("--device", metavar="auto|cpu|cuda|mps", help="Where to compute.")
]
Out = Annotated[Path, typer.Option("--out", help="The folder to write to.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]
Count = Annotated[int, typer.Option("-k", min=1, help="How many.")]


@contextmanager
def studio(path: Path, *, write: bool = False, device: str | None = None) -> Iterator[Studio]:
    """Open a library for a command. Reading commands work beside a window that holds the library."""
    settings = load_settings()
    if device is not None:
        if device not in {"auto", "cpu", "cuda", "mps"}:
            raise typer.BadParameter(f"'{device}' is not one of auto, cpu, cuda, mps.", param_hint="--device")
        settings.device = device  # type: ignore[assignment]
    with Studio.open(path, read_only=not write, settings=settings) as opened:
        yield opened
