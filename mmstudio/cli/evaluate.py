"""What models are worth: the commands "evaluate" and "tune", and "models export"."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.atomic import write_text
from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Device, Json, Lib, Seed, studio
from mmstudio.errors import LibraryBusy, ReadOnly, UsageError
from mmstudio.i18n import tr
from mmstudio.settings import load_settings

if TYPE_CHECKING:
    from mmstudio.studio import Studio

SHOWN = 8  # nearest pairs listed


# Headings of the nearest pairs, per modality.
_NEAREST = {
    "image": ("drawn", "nearest picture (asset)", "ratio", "ratio in pixels", "too near"),
    "audio": ("played", "nearest sound (asset)", "ratio", "ratio of the spectrograms", "too near"),
    "text": ("written", "nearest text (asset)", "ratio", "ratio in words", "too near"),
}


class Mask(StrEnum):
    """What is left out of the lists of an evaluation."""

    SEEN = "seen"
    CORNAC = "cornac"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (evaluate, tune):
        app.command()(command)


def evaluate(
    lib: Lib,
    model: Annotated[str | None, typer.Option("--model", help="The model to evaluate.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="With --model: another model to compare it with.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=0, help="Pictures, sounds or texts made; 0: as fits.")
    ] = 0,
    recommender: Annotated[bool, typer.Option("--recommender", help="Evaluate the recommender.")] = False,
    protocol: Annotated[
        str,
        typer.Option("--protocol", help="random, ratio811, leave-last, cold-items, few-shot or links."),
    ] = "random",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="A rating from which on a hidden event is worth finding."),
    ] = None,
    mask: Annotated[
        Mask,
        typer.Option("--mask", help="Leave out what people met (seen), or only what they liked (cornac)."),
    ] = Mask.SEEN,
    k: Annotated[int, typer.Option("-k", min=1, help="Length of the lists.")] = 10,
    method: Annotated[
        list[str] | None, typer.Option("--method", help="Only these methods; repeat for several.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="With --recommender: write the table as .csv or its plot as .svg."),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Repetitions: with --recommender and --against.")
    ] = 3,
    seed: Seed = 0,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Measure a model, compare two, or measure the recommender on held-out interactions."""
    if threshold is not None and not math.isfinite(threshold):
        raise UsageError("--threshold is a number.", hint="Give a rating, for example --threshold 4.")
    if recommender == (model is not None) or (against is not None and model is None):
        raise typer.BadParameter("Give either --model NAME (and --against NAME) or --recommender.")
    if recommender:
        options = {"protocol": protocol, "k": k, "seeds": seeds, "threshold": threshold, "mask": mask.value}
        _recommender(lib, {**options, "methods": method or None}, out, device, as_json)
    elif against is not None:
        params: dict[str, Any] = {"a": model, "b": against, "samples": samples, "seeds": seeds}
        _compare(lib, params, device, as_json)
    else:
        _evaluate(lib, {"name": model, "samples": samples, "seed": seed}, device, as_json)


def _recommender(
    lib: Path, options: dict[str, Any], out: Path | None, device: str | None, as_json: bool
) -> None:
    if out is not None and out.suffix.lower() not in (".csv", ".svg"):
        raise typer.BadParameter("--out takes a name that ends in .csv or .svg.")
    with studio(lib, device=device) as opened:
        rows = run_job(opened, "evaluate-recommender", options)["rows"]
        events = opened.library.interactions.count()
    if out is not None:
        from mmstudio.recommendation.evaluation import as_csv, as_svg

        write_text(out, as_csv(rows) if out.suffix.lower() == ".csv" else as_svg(rows))
    if as_json:
        print_json({"rows": rows, **options})
    elif rows:
        shown = [name for name in _SHOWN_MEASURES if any(row.get(name) is not None for row in rows)]
        table(
            ["method", *shown],
            [[_method(row), *(_measured(row, name) for name in shown)] for row in rows],
        )
        if out is not None:
            say(tr("Wrote {path}", path=out))
    elif events:
        say(tr("Too few events: nobody has enough of them for this comparison."))
        if (least := options.get("threshold")) is not None:
            say(tr("Only ratings of {n} and above count here: a lower --threshold counts more.", n=least))
    else:
        say(tr("No data yet: import interactions first."))


_SHOWN_MEASURES = (
    "ndcg", "recall", "hit", "mrr", "map", "auc", "rmse", "ild", "coverage", "gini", "novelty", "weight",
    "fit_s", "query_p95_ms",
)  # fmt: skip


def _method(row: dict[str, Any]) -> str:
    return str(row["method"]) + (f" ({row['known']})" if row.get("known") else "")


def _measured(row: dict[str, Any], name: str) -> str:
    value, spread = row.get(name), row.get(f"{name}_spread")
    if value is None:
        return ""
    return f"{value:.4f} ±{spread:.4f}" if spread is not None else f"{value:g}"


def _evaluate(lib: Path, params: dict[str, Any], device: str | None, as_json: bool) -> None:
    from mmstudio.learning.config import load_config
    from mmstudio.learning.evaluation.report import Evaluation, why_of
    from mmstudio.learning.families import family

    with _kept_if_free(lib, device) as opened:
        name = params["name"]
        if load_config(opened.trainings.folder(name)).family == "fused":
            figures = opened.trainings.evaluate(name)
            if as_json:
                print_json(figures)
            else:
                table(["measure", "value"], [[key, value] for key, value in figures.items()])
            return
        found = Evaluation.of(run_job(opened, "evaluate", params))
    if as_json:
        document = {"model": found.model, "family": found.family, **found.figures}
        print_json(document | {"notes": found.notes, "nearest": found.nearest, "sheet": found.sheet})
        return
    modality = family(found.family).modality
    rows = [[key, value, tr(why_of(key, modality))] for key, value in found.figures.items()]
    table(["measure", "value", ""], rows)
    for note in found.notes:
        say(note)
    if any(near.asset for near in found.nearest):
        say("")
        table(
            list(_NEAREST.get(modality, _NEAREST["image"])),
            [
                [near.sample, near.asset, near.ratio, near.pixel_ratio, "yes" if near.too_near else ""]
                for near in found.nearest[:SHOWN]
            ],
        )


def _compare(lib: Path, params: dict[str, Any], device: str | None, as_json: bool) -> None:
    from mmstudio.learning.evaluation.report import Comparison

    with _kept_if_free(lib, device) as opened:
        found = Comparison.of(run_job(opened, "compare", params))
        standing = opened.trainings.ratings.standing(found.a.model, found.b.model)
    if as_json:
        print_json(found.as_json() | {"rated": standing.as_json()})
        return
    names = {"a": found.a.model, "b": found.b.model, "": "-"}
    rows = [
        [key, _with_spread(found.a, key), _with_spread(found.b, key), names[better]]
        for key, better in found.better.items()
    ]
    table(["measure", found.a.model, found.b.model, "better"], rows)
    say(tr("Measured in {network}; mean and spread of {n} seeds", network=found.features, n=found.seeds))
    for note in found.notes:
        say(note)
    if standing.wins_a + standing.wins_b:
        share = f"{100 * standing.share:.0f} % ({100 * standing.low:.0f}–{100 * standing.high:.0f} %)"
        say(tr("Chosen blind: {name} in {share}", name=standing.a, share=share))


def _with_spread(side: Any, key: str) -> str:
    return f"{side.mean[key]:.3f} ± {side.spread[key]:.3f}"


def tune(
    lib: Lib,
    family: Annotated[str, typer.Argument(help="image-gan, image-gan-plain or image-vae.")],
    name: Annotated[str, typer.Option("--name", help="The search's name; the family's by default.")] = "",
    query: Annotated[str, typer.Option("--query", help="Train on what this search finds.")] = "",
    trials: Annotated[int, typer.Option("--trials", min=1, help="Short trainings in all.")] = 12,
    steps: Annotated[
        int | None, typer.Option("--steps", min=4, help="Steps of each at the default batch.")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Picture side in pixels.")] = 32,
    seed: Seed = 0,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Look for good settings by short trainings; stop with Ctrl+C, the same command goes on."""
    from mmstudio.learning.tuning.report import Tuned

    params: dict[str, Any] = {"family": family, "name": name, "query": query, "trials": trials}
    params |= {"steps": steps, "size": size, "seed": seed}
    with studio(lib, write=True, device=device) as opened:
        found = Tuned.of(run_job(opened, "tune", params))
    if as_json:
        print_json(found.as_json())
        return
    names = sorted({key for trial in found.trials for key in trial.settings})
    table(
        ["training", "state", *names, "kernel distance", "seconds", ""],
        [
            [trial.number + 1, trial.state, *(f"{trial.settings[key]:g}" for key in names), trial.value,
             round(trial.seconds, 1), tr("best") if trial.number == found.best else ""]
            for trial in found.trials
        ],
    )  # fmt: skip
    for note in found.notes:
        say(note)
    if found.importance:
        parts = (f"{key} {100 * share:.0f} %" for key, share in found.importance.items())
        say(tr("What mattered: {parts}", parts=", ".join(parts)))
    if found.wish:
        say(tr("Train with the best:"))
        say(f"mmstudio train {lib} {_options(found.wish)}")


def _options(wish: dict[str, Any]) -> str:
    line = f"{wish['family']} --size {wish['size']} --batch {wish['batch']} --width {wish['width']}"
    line += "".join(f" --option {key}={value:g}" for key, value in wish["options"].items())
    return line + (f' --query "{wish["query"]}"' if wish["query"] else "")


def export_onnx(opened: Studio, name: str, path: Path, as_json: bool) -> None:
    """``models LIB export NAME --onnx FILE``."""
    result = run_job(opened, "onnx", {"name": name, "path": str(path.resolve())})
    if as_json:
        print_json(result)
        return
    say(tr("Wrote {path}: opset {opset}, differs from the model by at most {difference}", path=path,
           opset=result["opset"], difference=f"{result['difference']:.1e}"))  # fmt: skip


@contextmanager
def _kept_if_free(lib: Path, device: str | None) -> Iterator[Studio]:
    """Open for writing, so that the figures are kept; for reading where it is held or not ours."""
    from mmstudio.studio import Studio

    settings = load_settings()
    try:
        Studio.open(lib, settings=settings).close()
        write = True
    except LibraryBusy:
        warn(tr("The library is open elsewhere: the figures are shown, not kept."))
        write = False
    except ReadOnly:
        warn(tr("The library cannot be written: the figures are shown, not kept."))
        write = False
    with studio(lib, write=write, device=device) as opened:
        yield opened
