"""Commands on models: train, generate, evaluate (the command "models" is in catalogue.py)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mmstudio.cli.augment import recipe_from
from mmstudio.cli.console import print_json, run_job, say, table
from mmstudio.cli.options import Device, Json, Lib, Out, Seed, studio
from mmstudio.i18n import tr


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (train, generate, evaluate):
        app.command()(command)


def train(
    lib: Lib,
    family: Annotated[str, typer.Argument(help="image-gan, image-vae, sound-vae or fused.")],
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name; the family's by default.")
    ] = None,
    base: Annotated[str | None, typer.Option("--from", help="A model to start from.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Training steps.")] = None,
    size: Annotated[int | None, typer.Option("--size", help="Picture side in pixels.")] = None,
    seed: Seed = 0,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Media per step.")] = None,
    query: Annotated[str, typer.Option("--query", help="Train on what this search finds.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the model of this name.")] = False,
    augment: Annotated[
        str,
        typer.Option(
            "--augment", metavar="off|gentle|strong|FILE.json", help="Also learn from varied copies."
        ),
    ] = "off",
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Train a model on the library's own media; stop with Ctrl+C, go on with --resume."""
    params: dict[str, Any] = {
        "family": family,
        "name": name or family,
        "steps": steps,
        "size": size,
        "seed": seed,
    }
    params |= {"base": base, "query": query, "resume": resume, "batch": batch}
    if augment != "off":
        params["augment"] = recipe_from(augment, seed).as_json()
    with studio(lib, write=True, device=device) as opened:
        result = run_job(opened, "train", params)
    if as_json:
        print_json(result)
    else:
        say(tr("Trained {name}: {steps} steps", name=params["name"], steps=(result or {}).get("steps", "")))
        for line in (result or {}).get("notes", []):
            say(line)


def generate(
    lib: Lib,
    model: Annotated[str, typer.Option("--model", help="A model of the library or a starter model.")],
    out: Out,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 8,
    seed: Seed = 0,
    like: Annotated[str | None, typer.Option("--like", help="A file or asset id to vary.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Words to steer by.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Also add the results to the library.")] = False,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Generate pictures or sounds with a trained model."""
    params: dict[str, Any] = {"model": model, "n": n, "seed": seed, "like": like, "text": text}
    params |= {"out": str(out.resolve()), "add_to_library": keep}
    with studio(lib, write=keep, device=device) as opened:
        result = run_job(opened, "generate", params)
    if as_json:
        print_json(result)
    else:
        say(tr("Wrote {n} files to {path}", n=len(result["files"]), path=out))


def evaluate(
    lib: Lib,
    model: Annotated[str | None, typer.Option("--model", help="The model to evaluate.")] = None,
    recommender: Annotated[bool, typer.Option("--recommender", help="Evaluate the recommender.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Repetitions with other splits.")] = 3,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Measure a model, or the recommender on held-out interactions."""
    if recommender == (model is not None):
        raise typer.BadParameter("Give either --model NAME or --recommender.")
    with studio(lib, device=device) as opened:
        if recommender:
            rows = opened.recommender.evaluate(seeds=seeds)
            if as_json:
                print_json({"rows": rows})
            elif rows:
                headers = list(rows[0])
                table(headers, [[row.get(header) for header in headers] for row in rows])
            else:
                say(tr("No data yet: import interactions first."))
            return
        figures = opened.trainings.evaluate(model or "")
    if as_json:
        print_json(figures)
    else:
        table(["measure", "value"], [[name, value] for name, value in figures.items()])
