"""The command "gpu": another build of torch for the graphics card, and back."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mmstudio.cli.console import print_json, progress_bar, say
from mmstudio.cli.options import Json
from mmstudio.i18n import tr
from mmstudio.jobs import run_inline


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(gpu)


class GpuAction(StrEnum):
    """What ``mmstudio gpu`` does."""

    STATUS = "status"
    INSTALL = "install"
    REMOVE = "remove"


def gpu(
    action: Annotated[GpuAction, typer.Argument()] = GpuAction.STATUS,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="install: a folder of wheels with SHA256SUMS, without a network."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch the build of PyTorch for your graphics card into your data folder, or take it away again."""
    from mmstudio.gpu.install import install_work, remove, status

    if action is GpuAction.INSTALL:
        with progress_bar(tr("PyTorch for the graphics card")) as show:
            result: dict[str, Any] = run_inline(
                install_work(source.resolve() if source else None), on_progress=show
            )
        if as_json:
            print_json(result)
        elif result["name"]:
            say(tr("Installed {name} ({device}). It is used from the next start on.", **result))
        return
    if action is GpuAction.REMOVE:
        name = remove()
        if as_json:
            print_json({"removed": name})
        else:
            say(tr("Removed {name}.", name=name) if name else tr("Nothing was installed."))
        return
    now = status()
    if as_json:
        print_json(now)
        return
    say(
        tr("Installed: {name}", name=now.installed)
        if now.installed
        else tr("The program's own build of PyTorch is used.")
    )
    if now.card:
        say(tr("Graphics card: {card}, driver {driver}", card=now.card, driver=now.driver))
    else:
        say(tr("No NVIDIA driver answers on this computer."))


def run_probe(folder: Path) -> int:
    """What the verifying child does: one line of JSON."""
    from mmstudio.gpu.install import probe

    sys.stdout.write(json.dumps(probe(folder)) + "\n")
    return 0
