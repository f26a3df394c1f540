"""Commands on what models learn from: dataset, uses, forget; "models LIB saw" and options of "train"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Device, Json, Lib, studio
from mmstudio.errors import UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.studio import Studio

Fit = Annotated[
    str,
    typer.Option("--fit", metavar="crop|smart|pad|stretch", help="How pictures come into the model's shape."),
]
Aspect = Annotated[
    float, typer.Option("--aspect", min=0.25, max=4.0, help="Width / height of what the model draws.")
]
LeaveOut = Annotated[
    list[int] | None,
    typer.Option("--leave-out", metavar="ASSET", help="Not this one; may be repeated."),
]
Assets = Annotated[list[int], typer.Argument(metavar="ASSET...", help="Numbers of assets.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (dataset, uses, forget):
        app.command()(command)


def dataset(
    lib: Lib,
    family: Annotated[
        str, typer.Argument(help="image-gan, image-gan-plain, image-vae or sound-vae.")
    ] = "image-gan",
    query: Annotated[str, typer.Option("--query", help="Look over what this search finds.")] = "",
    size: Annotated[int, typer.Option("--size", help="Picture side in pixels.")] = 64,
    fit: Fit = "crop",
    aspect: Aspect = 1.0,
    leave_out: LeaveOut = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Look over what a training would learn from: enough, copies, too small, rights, and what to expect."""
    from mmstudio.learning.datasets.report import DatasetReport

    params: dict[str, Any] = {"family": family, "query": query, "size": size, "fit": fit, "aspect": aspect}
    params["leave_out"] = leave_out or []
    with studio(lib, device=device) as opened:
        check_numbers(opened, leave_out)
        found = run_job(opened, "dataset", params)
    if as_json:
        print_json(found)
        return
    report = DatasetReport.of(found)
    for one in report.findings:
        say(f"{_LEVELS[one.level]} {one.text} {one.hint}".rstrip())
        if one.leave_out:
            say("  " + tr("leave out: {numbers}", numbers=_some(one.leave_out)))
        elif one.assets and one.level != "ok" and len(one.assets) < report.found:
            say("  " + tr("assets: {numbers}", numbers=_some(one.assets)))
    for line in (report.expect, *report.advice):
        if line:
            say(line)
    if report.seconds is not None:
        say(
            tr(
                "{steps} steps take about {minutes} minutes here, as “{model}” did.",
                steps=report.steps,
                minutes=f"{report.seconds / 60:.1f}",
                model=report.measured_by,
            )
        )


_LEVELS = {"ok": "+", "note": "·", "warning": "!", "blocker": "x"}


def uses(lib: Lib, asset: Annotated[int, typer.Argument(metavar="ASSET")], as_json: Json = False) -> None:
    """Say which models saw an asset, which generated media came of it, and what was composed of them."""
    from mmstudio.learning.rights import used_by

    with studio(lib) as opened:
        found = used_by(opened.trainings, asset)
    if as_json:
        print_json(found)
        return
    if not found.models and not found.outputs and not found.storyboards:
        say(tr("Nothing used it."))
    if found.models:
        table(["model", "family", "how"], [[one.name, one.family, one.how] for one in found.models])
    if found.outputs:
        table(
            ["output", "title", "model", "how"],
            [[one.asset_id, one.title, one.model, one.how] for one in found.outputs],
        )
    if found.storyboards:
        table(
            ["storyboard", "name", "files"],
            [[one.id, one.name, " ".join(one.files)] for one in found.storyboards],
        )


def forget(
    lib: Lib,
    assets: Assets,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the models that saw them again, under new names.")
    ] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Forbid training on assets and mark the models that saw them; the rights can be undone."""
    from mmstudio.learning.rights import forget as forgetting
    from mmstudio.learning.rights import retrain_wish

    trained: list[Any] = []
    with studio(lib, write=True, device=device) as opened:
        told = forgetting(opened.trainings, assets)
        if retrain:
            for name in told.models:
                wish = asdict(retrain_wish(opened.trainings, name))
                if not as_json:
                    say(tr("Training {name} without them", name=wish["name"]))
                trained.append(run_job(opened, "train", wish))
    if as_json:
        print_json(asdict(told) | {"trained": trained})
        return
    say(tr("Not to be trained on any more: {n}.", n=len(told.assets)))
    for name in told.models:
        say(
            tr("“{name}” saw it and is marked.", name=name) if len(told.assets) == 1
            else tr("“{name}” saw them and is marked.", name=name)
        )  # fmt: skip
    if told.outputs:
        say(tr("Generated media that came of them ({n}) stay: {numbers}",
               n=len(told.outputs), numbers=_some(told.outputs)))  # fmt: skip
    if told.models and not retrain:
        warn(tr("A model forgets only by training again: --retrain, or “Train again” in the window."))


def show_seen(opened: Studio, name: str, as_json: bool) -> None:
    """What "models LIB saw NAME" prints."""
    from mmstudio.learning.rights import saw

    seen = saw(opened.trainings, name)
    if as_json:
        print_json({"name": name, "saw": seen})
        return
    if not seen:
        say(tr("“{name}” saw nothing of this library.", name=name))
        return
    table(
        ["asset", "title", "how", "rights", "forgotten"],
        [[one.asset_id, one.title, one.how, one.rights, tr("yes") if one.forgotten else ""] for one in seen],
    )


def settings_from(
    options: Sequence[str] | None, *, seamless: bool = False, freeze: int | None = None
) -> dict[str, float]:
    """``Wish.options`` of what was typed. Raises UsageError for what is not NAME=NUMBER."""
    found: dict[str, float] = {}
    for text in options or ():
        name, _, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
            if not math.isfinite(found[name.strip()]):
                raise ValueError(value)
        except ValueError as error:
            raise UsageError(
                "“{text}” is not a setting.", hint="Write NAME=NUMBER, for example gamma=2.", text=text
            ) from error
    if seamless:
        found["seamless"] = 1.0
    if freeze is not None:
        found["freeze"] = float(freeze)
    return found


def check_numbers(opened: Studio, assets: Sequence[int] | None) -> None:
    """Raises NotFound for a number that no asset has: whom a slip would leave in, nobody would notice."""
    for asset in assets or ():
        opened.library.assets.get(asset)


def condition_from(
    opened: Studio, tags: Sequence[str] | None, palette: int, *, vector: bool
) -> dict[str, Any]:
    """``Wish.condition`` of what was typed. Raises StudioError for an unknown tag or missing vectors."""
    from mmstudio.learning.datasets.describe import condition_of

    return condition_of(opened.library, tags or (), palette, vector=vector)


def _some(ids: Sequence[int], most: int = 12) -> str:
    shown = " ".join(str(i) for i in ids[:most])
    return shown if len(ids) <= most else tr("{shown} and {n} more", shown=shown, n=len(ids) - most)
