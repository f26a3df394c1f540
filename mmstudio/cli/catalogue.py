"""The command "models": what is here, what can be fetched, and how it comes and goes; fine-tuning."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.datasets import show_seen
from mmstudio.cli.evaluate import export_onnx
from mmstudio.cli.options import Device, Json, Lib, Seed, studio
from mmstudio.errors import NotFound, StudioError
from mmstudio.i18n import mark, tr, tr_error

if TYPE_CHECKING:
    from mmstudio.studio import Studio


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(models)


class ModelAction(StrEnum):
    """What ``mmstudio models`` does."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"
    RESTORE = "restore"
    CHECK = "check"
    DOWNLOAD = "download"
    FINETUNE = "finetune"
    SAW = "saw"
    EXPORT = "export"


_NAMED = {ModelAction.ADD, ModelAction.REMOVE, ModelAction.RESTORE, ModelAction.DOWNLOAD, ModelAction.SAW}
_NAMED |= {ModelAction.EXPORT}


def models(
    lib: Lib,
    action: Annotated[ModelAction, typer.Argument()] = ModelAction.LIST,
    name: Annotated[
        str | None, typer.Argument(help="A model's name; for add the folder or file to import.")
    ] = None,
    new_name: Annotated[
        str, typer.Option("--name", help="add, finetune: what the new model is called.")
    ] = "",
    architecture: Annotated[
        str, typer.Option("--architecture", help="add: of a torchvision file, where it is not recognised.")
    ] = "",
    licence: Annotated[str, typer.Option("--licence", help="add: the licence of what is imported.")] = "",
    base: Annotated[
        str, typer.Option("--base", help="finetune: the network to start from.")
    ] = "starter-backbone",
    on: Annotated[
        str, typer.Option("--on", metavar="categories|tags|self", help="finetune: what to learn.")
    ] = "categories",
    steps: Annotated[int, typer.Option("--steps", min=1, help="finetune: training steps.")] = 150,
    stages: Annotated[
        int, typer.Option("--stages", min=1, help="finetune: how many of the last stages learn.")
    ] = 1,
    query: Annotated[str, typer.Option("--query", help="finetune: on what this search finds.")] = "",
    keep_anyway: Annotated[
        bool, typer.Option("--keep-anyway", help="finetune: keep the result even if it is no better.")
    ] = False,
    onnx: Annotated[
        Path | None, typer.Option("--onnx", metavar="FILE", help="export: the ONNX file to write.")
    ] = None,
    seed: Seed = 0,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """List, import, check, remove, download or fine-tune models; say what one saw.

    Only "download" uses the network.
    """
    if action in _NAMED and name is None:
        raise typer.BadParameter(f"Name the model to {action}.")
    write = action in {ModelAction.ADD, ModelAction.REMOVE, ModelAction.FINETUNE}
    if action is ModelAction.EXPORT and onnx is None:
        raise typer.BadParameter("Say where to: --onnx FILE.")
    with studio(lib, write=write, device=device) as opened:
        if action is ModelAction.EXPORT and onnx is not None:
            export_onnx(opened, name or "", onnx, as_json)
        elif action is ModelAction.LIST:
            _list(opened, as_json)
        elif action is ModelAction.SAW:
            show_seen(opened, name or "", as_json)
        elif action is ModelAction.CHECK:
            _check(opened, name, as_json)
        elif action is ModelAction.ADD:
            _add(opened, Path(name or ""), new_name, architecture, licence, as_json)
        elif action is ModelAction.REMOVE:
            _remove(opened, name or "")
        elif action is ModelAction.RESTORE:
            opened.catalogue.restore(name or "")
            say(tr("Brought back the model {name}", name=name))
        elif action is ModelAction.DOWNLOAD:
            _download(opened, name or "", as_json)
        else:
            params: dict[str, Any] = {
                "base": base,
                "on": on,
                "steps": steps,
                "name": new_name,
                "query": query,
            }
            params |= {"seed": seed, "stages": stages, "keep_anyway": keep_anyway}
            _finetune(opened, params, as_json)


def _list(opened: Studio, as_json: bool) -> None:
    trained, rows = opened.trainings.models(), opened.catalogue.rows()
    if as_json:
        print_json({"models": trained, "catalogue": rows})
        return
    table(
        ["name", "family", "source", "steps", "state"],
        [[m.name, m.family, m.source, m.steps, m.status] for m in trained],
    )
    if readable := [m.name for m in trained if m.holds_texts and m.source != "starter"]:
        words = mark(
            "Phrases of the texts they learned from can be read in the folders of: {names}. Pass them on "
            "only as you would those texts."
        )
        say(tr(words, names=", ".join(readable)))
    say("")
    table(
        ["network", "kind", "dimension", "MB", "licence", "state"],
        [
            [r.name, r.kind, r.dimension or None, round(r.size / 1e6, 1), r.licence, r.problem or r.state]
            for r in rows
        ],
    )


def _check(opened: Studio, name: str | None, as_json: bool) -> None:
    trainings, catalogue = opened.trainings, opened.catalogue
    problems = {m.name: trainings.check(m.name) for m in trainings.models() if name in (None, m.name)}
    what: dict[str, str] = {}
    for row in catalogue.rows():
        if row.state in ("installed", "damaged") and name in (None, row.name):
            try:
                found = catalogue.check(row.name)
                problems[row.name] = ""
                what[row.name] = f"{found.kind}, {found.architecture or found.label}, {found.dimension}"
            except StudioError as error:
                problems[row.name] = tr_error(error)[0]
    if name is not None and not problems:
        raise NotFound(
            "There is no model “{name}”.", hint="“mmstudio models LIB list” shows what there is.", name=name
        )
    if as_json:
        print_json(problems)
    else:
        table(
            ["model", "state", "what"],
            [[n, problem or "ok", what.get(n, "")] for n, problem in problems.items()],
        )
    if any(problems.values()):
        raise typer.Exit(1)


def _add(opened: Studio, path: Path, new_name: str, architecture: str, licence: str, as_json: bool) -> None:
    from mmstudio.learning.exchange.state_dict import is_ours

    if opened.catalogue.is_for_trainings(path) or is_ours(path):
        added = opened.trainings.add(path, new_name)
        if as_json:
            print_json({"name": added})
        else:
            say(tr("Added the model {name}", name=added))
        return
    found = opened.catalogue.add(path, name=new_name, architecture=architecture, licence=licence)
    if as_json:
        print_json({"name": found.name, "kind": found.kind, "dimension": found.dimension})
    else:
        say(tr("Added the model {name}", name=found.name))


def _remove(opened: Studio, name: str) -> None:
    if name in {model.name for model in opened.trainings.models()}:
        opened.trainings.remove(name)
        say(tr("Removed the model {name}", name=name))
        return
    opened.catalogue.remove(name)
    say(tr("Removed the model {name}; “models LIB restore {name}” brings it back for 30 days", name=name))


def _download(opened: Studio, name: str, as_json: bool) -> None:
    entry = opened.catalogue.entries().get(name)
    if entry is not None and not as_json:
        say(tr("{title}: {size} MB, licence {licence}", title=entry.title, size=f"{entry.size / 1e6:.0f}",
               licence=entry.licence))  # fmt: skip
        if entry.note:
            say(entry.note)
    result = run_job(opened, "download", {"name": name})
    if as_json:
        print_json(result)
    else:
        say(tr("Installed {name}. Extract features again to use it.", name=name))


def _finetune(opened: Studio, params: dict[str, Any], as_json: bool) -> None:
    result = run_job(opened, "finetune", params)
    if as_json:
        print_json(result)
        return
    for note in result["notes"]:
        warn(note)
    shares = {key: f"{100 * result[key]:.1f} %" for key in ("before", "after", "chance")}
    say(
        tr(
            "Held out: {n} pictures. Before {before}, after {after}, chance {chance}.",
            n=result["held_out"],
            **shares,
        )
    )
    if result["kept"]:
        say(tr("Installed {name}. Extract features again to use it.", name=result["name"]))
