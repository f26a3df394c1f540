"""The command "tags": what tags there are, what is suggested, and learning one from a few examples."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table, warn
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import StudioError, UsageError
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.features.tagging import Lesson
    from mmstudio.studio import Studio

APPLIED = mark("Tag {n} suggestions with {tag}")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(tags)


class TagAction(StrEnum):
    """What ``mmstudio tags`` does."""

    LIST = "list"
    SUGGEST = "suggest"
    LEARN = "learn"


def tags(
    lib: Lib,
    action: Annotated[TagAction, typer.Argument()] = TagAction.LIST,
    tag: Annotated[str | None, typer.Argument(help="The tag to learn.")] = None,
    examples: Annotated[
        list[str] | None,
        typer.Option("--examples", metavar="ID,ID…", help="Numbers of media that deserve the tag."),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0.0, max=1.0, help="How sure a suggestion must be.")
    ] = 0.8,
    apply: Annotated[bool, typer.Option("--apply", help="Add the tags that are sure enough.")] = False,
    count: Annotated[int, typer.Option("-k", min=1, help="How many suggestions at most.")] = 200,
    as_json: Json = False,
) -> None:
    """List tags, suggest them for media without any, or learn one from examples.

    ``learn TAG`` learns from the media that carry the tag, or from --examples. ``suggest`` needs the shared
    vector (``train LIB fused``). Nothing is changed without --apply; one undo takes it all back.
    """
    if action is TagAction.LEARN and not (tag or "").strip():
        raise UsageError("Name the tag to learn.", hint="For example: tags LIB learn beach --examples 3")
    chosen = _numbers(examples)
    with studio(lib, write=apply) as opened:
        unknown = sorted(set(chosen or ()) - set(opened.library.assets.ids()))
        if unknown:
            raise UsageError(
                "There is no asset with the number {id}.",
                hint="“search LIB --json” shows the numbers.",
                id=unknown[0],
            )
        if action is TagAction.LIST:
            known = opened.library.assets.all_tags()
            if as_json:
                print_json({"tags": [{"tag": name, "assets": n} for name, n in known]})
            elif known:
                table(["tag", "assets"], [[name, n] for name, n in known])
            else:
                say(tr("There are no tags yet."))
        elif action is TagAction.LEARN:
            _learn(opened, tag or "", chosen, threshold, apply, count, as_json)
        else:
            _suggest(opened, chosen, threshold, apply, count, as_json)


def _numbers(given: list[str] | None) -> list[int] | None:
    """Asset numbers, apart by commas or by repeating the option; None where none were given."""
    if not given:
        return None
    try:
        return [int(part) for text in given for part in text.replace(" ", ",").split(",") if part]
    except ValueError as error:
        raise UsageError(
            "{text} is no number of an asset.",
            hint="“search LIB --json” shows the numbers.",
            text=" ".join(given),
        ) from error


def _learn(
    opened: Studio,
    tag: str,
    examples: list[int] | None,
    threshold: float,
    apply: bool,
    count: int,
    as_json: bool,
) -> None:
    lessons = opened.features.tagger.learn(tag, examples, count)
    sure = [s.asset_id for lesson in lessons for s in lesson.suggestions if s.confidence >= threshold]
    applied = 0
    if apply:
        with opened.library.undo.as_one(APPLIED, n=len(sure), tag=tag):
            opened.library.assets.add_tags([*(examples or []), *sure], [tag])
        applied = len(sure)
    if as_json:
        print_json({"tag": tag, "threshold": threshold, "applied": applied, "lessons": lessons})
        return
    for lesson in lessons:
        _tell(lesson)
    rows: list[list[Any]] = [
        [s.asset_id, f"{100 * s.confidence:.0f} %", _name(opened, s.asset_id)]
        for lesson in lessons
        for s in lesson.suggestions
        if s.confidence >= threshold
    ]
    if rows:
        table(["id", "sure", "name"], rows)
    else:
        say(tr("Nothing is surer than {percent} %.", percent=round(100 * threshold)))
    if apply:
        say(tr("Tagged {n}.", n=applied))


def _tell(lesson: Lesson) -> None:
    if lesson.accuracy is not None:
        say(
            tr(
                "{kind}: {n} examples, {percent} % right when left out (guessing: {chance} %), by {space}",
                kind=lesson.kind,
                n=lesson.examples,
                percent=round(100 * lesson.accuracy),
                chance=round(100 * lesson.baseline),
                space=lesson.space,
            )
        )
    if lesson.advice:
        warn(lesson.advice)


def _suggest(
    opened: Studio, only: list[int] | None, threshold: float, apply: bool, count: int, as_json: bool
) -> None:
    shared = opened.features.shared
    if shared is None or not shared.ready:
        raise StudioError(
            "There is no shared vector yet that could suggest tags.",
            hint="Train one with “train LIB fused”, or teach one tag with “tags LIB learn TAG”.",
        )
    library = opened.library
    ids = only if only else sorted(library.assets.ids())
    found: list[tuple[int, str, float]] = []
    for asset_id in ids:
        found += [(asset_id, tag, sure) for tag, sure in shared.suggest_tags(asset_id) if sure >= threshold]
    found = sorted(found, key=lambda one: (-one[2], one[0], one[1]))[:count]
    if apply:
        by_tag: dict[str, list[int]] = {}
        for asset_id, tag, _ in found:
            by_tag.setdefault(tag, []).append(asset_id)
        with library.undo.as_one(APPLIED, n=len(found), tag=", ".join(by_tag)):
            for tag, chosen in by_tag.items():
                library.assets.add_tags(chosen, [tag])
    error = next((m.metrics.get("tags_error") for m in library.models.list() if m.family == "fused"), None)
    if as_json:
        rows = [{"asset_id": i, "tag": tag, "confidence": sure} for i, tag, sure in found]
        print_json(
            {
                "threshold": threshold,
                "calibration_error": error,
                "applied": len(found) if apply else 0,
                "suggestions": rows,
            }
        )
    elif found:
        table(
            ["id", "tag", "sure", "name"],
            [[i, tag, f"{100 * sure:.0f} %", _name(opened, i)] for i, tag, sure in found],
        )
        if apply:
            say(tr("Tagged {n}.", n=len(found)))
    else:
        say(tr("Nothing is surer than {percent} %.", percent=round(100 * threshold)))


def _name(opened: Studio, asset_id: int) -> str:
    asset = opened.library.assets.get(asset_id)
    return asset.title or asset.rel_path
