"""The commands of variants and of the ranker that learns from members."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.assets import named_audience
from mmstudio.cli.console import print_json, run_job, say, table, warn
from mmstudio.cli.options import Json, Lib, Seed, studio
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.recommendation.variants import Plan, Verdict
    from mmstudio.recommendation.variants.records import VariantCount
    from mmstudio.recommendation.variants.service import Variants
    from mmstudio.studio import Studio

_KINDS = {"storyboard": mark("storyboard"), "set": mark("set"), "asset": mark("file")}


class VariantAction(StrEnum):
    """What ``mmstudio variants`` does."""

    LIST = "list"
    ADD = "add"
    RANK = "rank"
    PLAN = "plan"
    RESULTS = "results"
    REMOVE = "remove"


class RankerAction(StrEnum):
    """What ``mmstudio ranker`` does."""

    SHOW = "show"
    TRAIN = "train"
    REMOVE = "remove"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(variants)
    app.command()(ranker)


def variants(
    lib: Lib,
    action: Annotated[VariantAction, typer.Argument()] = VariantAction.LIST,
    names: Annotated[
        list[str] | None, typer.Argument(help="Variant ids; for results the file, or the plan's number.")
    ] = None,
    audience: Annotated[str | None, typer.Option("--audience", help="The audience's name.")] = None,
    storyboard: Annotated[
        list[int] | None, typer.Option("--storyboard", help="To add: a storyboard's number.")
    ] = None,
    made_set: Annotated[
        list[Path] | None, typer.Option("--set", metavar="MANIFEST", help="To add: a set's manifest.json.")
    ] = None,
    asset: Annotated[list[int] | None, typer.Option("--asset", help="To add: an asset's number.")] = None,
    event: Annotated[str, typer.Option("--event", help="What counts: click, buy, like, view.")] = "",
    base: Annotated[float, typer.Option("--base", help="Plan: the share that acts now, e.g. 0.02.")] = 0.02,
    effect: Annotated[
        float, typer.Option("--effect", help="Plan: the difference worth finding, e.g. 0.005.")
    ] = 0.005,
    alpha: Annotated[float, typer.Option("--alpha", help="Plan: chance of a false winner.")] = 0.05,
    power: Annotated[float, typer.Option("--power", help="Plan: chance of finding that difference.")] = 0.8,
    correction: Annotated[
        str, typer.Option("--correction", metavar="bonferroni|sidak", help="Plan: for several variants.")
    ] = "bonferroni",
    per_day: Annotated[
        int | None, typer.Option("--per-day", help="Plan: people a day who see any of them.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Plan: its name.")] = "",
    as_json: Json = False,
) -> None:
    """Finished assets as candidates: add, rank for an audience, plan an A/B test, read results back."""
    writes = action not in (VariantAction.LIST, VariantAction.RANK)
    with studio(lib, write=writes) as opened:
        from mmstudio.recommendation.variants.service import Variants

        service = Variants(opened.recommender)
        whom = named_audience(opened, audience).id if audience else None
        ids = list(names or [])
        match action:
            case VariantAction.ADD:
                added = [service.add_storyboard(one, whom) for one in storyboard or []]
                added += [service.add_set_file(one, whom) for one in made_set or []]
                added += [service.add_asset(one, whom) for one in asset or []]
                if not added:
                    raise typer.BadParameter("Say what to add: --storyboard, --set or --asset.")
                _added(service, added, as_json)
            case VariantAction.RANK:
                if whom is None:
                    raise typer.BadParameter("Say for whom with --audience.")
                _rank(service, whom, ids or None, event, as_json)
            case VariantAction.PLAN:
                if not ids:
                    _plans(service.plans(), as_json)
                    return
                numbers: dict[str, Any] = {"alpha": alpha, "power": power, "correction": correction}
                plan = service.plan(
                    name or ", ".join(ids), ids, base=base, effect=effect, event=event or "click",
                    audience_id=whom, per_day=per_day, **numbers,
                )  # fmt: skip
                _plans([plan], as_json)
            case VariantAction.RESULTS:
                _results(service, ids, as_json)
            case VariantAction.REMOVE:
                for one in ids:
                    service.store.remove(one)
                if as_json:
                    print_json({"removed": ids})
                elif ids:
                    say(tr("Removed {what}.", what=", ".join(ids)))
            case VariantAction.LIST:
                _list(service, whom, as_json)


def ranker(
    lib: Lib,
    action: Annotated[RankerAction, typer.Argument()] = RankerAction.SHOW,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """The ranker that learns from all members: train it, see whether it is used and why, remove it."""
    with studio(lib, write=action is not RankerAction.SHOW) as opened:
        if action is RankerAction.REMOVE:
            from mmstudio.recommendation.ranker.model import Ranker

            removed = Ranker.remove(opened.library.models_dir)
            if as_json:
                print_json({"removed": removed})
            else:
                say(tr("Removed the ranker.") if removed else tr("The ranker has not been trained yet."))
            return
        if action is RankerAction.TRAIN:
            run_job(opened, "train-ranker", {"seed": seed})
        _report(opened, as_json)


def _report(opened: Studio, as_json: bool) -> None:
    from mmstudio.recommendation.ranker.deciding import sentence, used
    from mmstudio.recommendation.ranker.method import METHOD, loaded

    catalogue = opened.recommender.catalogue()
    found = loaded(catalogue)
    report = found.report if found is not None else {}
    why_not = METHOD.ready(catalogue)
    if as_json:
        print_json(
            {
                "trained": found is not None,
                "used": used(report) and not why_not,
                "why_not": why_not,
                "report": report,
            }
        )
        return
    if found is None:
        say(why_not)
        return
    say(sentence(report))
    if why_not:
        warn(why_not)
    table(["method", "NDCG@10"], [[k, v] for k, v in sorted(report["ndcg"].items(), key=lambda p: -p[1])])
    rows = [[task, f"{e['before']:.5f}", f"{e['after']:.5f}"] for task, e in report["calibration"].items()]
    table(["chance of", "calibration error before", "after"], rows)


def _added(service: Variants, added: list[str], as_json: bool) -> None:
    found = [service.store.get(one) for one in added]
    if as_json:
        print_json({"variants": found})
        return
    for one in found:
        say(tr("Variant {id} ({kind})", id=one.id, kind=tr(_KINDS[one.kind])))
        for check in one.checks.values():
            if not check.get("ok"):
                warn(str(check.get("words")))


def _list(service: Variants, whom: int | None, as_json: bool) -> None:
    rows = service.store.list(whom)
    if as_json:
        print_json({"variants": rows})
    elif not rows:
        say(tr("There are no variants yet: `mmstudio variants LIB add --storyboard N` makes one."))
    else:
        names = {one.id: one.name for one in service.library.audiences.list()}
        table(
            ["variant", "kind", "audience", "appeal"],
            [[v.id, tr(_KINDS[v.kind]), names.get(v.audience_id or 0, ""), v.appeal] for v in rows],
        )


def _rank(service: Variants, whom: int, ids: list[str] | None, event: str, as_json: bool) -> None:
    rows = service.rank(whom, ids, event)
    if as_json:
        print_json({"variants": [{**_plain(row), "id": row.variant.id} for row in rows]})
    elif not rows:
        say(tr("There are no variants yet: `mmstudio variants LIB add --storyboard N` makes one."))
    else:
        table(
            ["#", "variant", "appeal", "from", "to", "shown", "why"],
            [[r.rank, r.variant.id, r.appeal, r.low, r.high, r.evidence, r.why] for r in rows],
        )


def _plain(row: Any) -> dict[str, Any]:
    names = ("rank", "appeal", "low", "high", "base", "parts", "evidence", "problems", "why")
    return {name: getattr(row, name) for name in names}


def _plans(plans: list[Plan], as_json: bool) -> None:
    if as_json:
        print_json({"plans": plans})
        return
    if not plans:
        say(tr("There are no plans yet: `mmstudio variants LIB plan ID ID` makes one."))
    for plan in plans:
        say(
            tr(
                "Plan {n}, {name}: {each} people each, {total} in all",
                n=plan.id,
                name=plan.name,
                each=plan.each,
                total=plan.total,
            )
        )
        if plan.days is not None:
            say(tr("That takes {n} days at the number of people stated.", n=plan.days))


def _results(service: Variants, names: list[str], as_json: bool) -> None:
    """Read files; then what plans say: those named by number, else all."""
    files = [one for one in names if not one.isdigit()]
    numbers = [int(one) for one in names if one.isdigit()] or [plan.id for plan in service.plans()]
    reports = [(one, service.read(one)) for one in files]
    verdicts = [service.verdict(number) for number in numbers]
    if as_json:
        print_json(
            {
                "files": [
                    {
                        "file": one,
                        "kept": report.kept,
                        "variants": report.variants,
                        "problems": [{"line": n, "reason": why} for n, why in report.problems],
                        "notes": [{"line": n, "reason": why} for n, why in report.notes],
                    }
                    for one, report in reports
                ],
                "plans": [
                    {"plan": plan, "verdict": _verdict(verdict), "warning": warning}
                    for plan, verdict, warning in verdicts
                ],
            }
        )
        return
    for one, report in reports:
        say(
            tr(
                "{n} results of {m} variants read from {file}",
                n=report.kept,
                m=len(report.variants),
                file=one,
            )
        )
        for line, why in (*report.problems, *report.notes):
            warn(tr("Line {line}: {why}", line=line, why=why))
    for plan, verdict, warning in verdicts:
        say(f"{plan.name}: {verdict.sentence}")
        if warning:
            warn(warning)
        table(
            ["variant", "shown", plan.event, "rate", "from", "to", "p", "best"],
            [_shown(c) for c in verdict.counts],
        )
    if not reports and not verdicts:
        say(tr("There are no plans yet: `mmstudio variants LIB plan ID ID` makes one."))


def _shown(one: VariantCount) -> list[Any]:
    """A variant's line: shares and the probability to be the best in percent; a small p is never a nought."""
    shares = [f"{100 * share:.2f} %" for share in (one.rate, one.low, one.high)]
    chance = "" if one.p is None else "< 0.001" if one.p < 0.001 else f"{one.p:.3f}"
    return [one.variant_id, one.shown, one.happened, *shares, chance, f"{100 * one.best:.0f} %"]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "winner": verdict.winner,
        "ready": verdict.ready,
        "sentence": verdict.sentence,
        "counts": verdict.counts,
    }
