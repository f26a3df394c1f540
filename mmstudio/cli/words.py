"""What ``mmstudio features`` does with words: vectors from a file, text that was read in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import progress_bar, warn
from mmstudio.i18n import tr
from mmstudio.jobs import run_inline

if TYPE_CHECKING:
    from mmstudio.studio import Studio

WordVectorFile = Annotated[
    Path | None,
    typer.Option(
        "--word-vectors", help="Use the word vectors of this word2vec or GloVe file, then make `sif`."
    ),
]


def take_word_vectors(opened: Studio, path: Path) -> str:
    """Keep the vectors of a file for the library; returns the extractor that is made of them."""
    from mmstudio.features.texts.extractors import SIF

    with progress_bar(tr("Reading word vectors")) as show:
        found = run_inline(opened.features.texts.take_word_vectors(path), on_progress=show)
    warn(tr("{n} words of {dimension} numbers each", n=found["words"], dimension=found["dimension"]))
    for reason, count in found["left_out"].items():
        warn(tr("{n} rows left out: {reason}", n=count, reason=tr(reason)))
    return SIF


def say_read(read: dict[str, Any]) -> None:
    """Say in how many pictures there was text."""
    if read.get("pictures"):
        warn(
            tr(
                "Text was found in {n} of {pictures} pictures.",
                n=read["with_text"],
                pictures=read["pictures"],
            )
        )
