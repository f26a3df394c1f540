"""The commands of the brand: its rules, its kits, checks and fixes of storyboards, fonts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmstudio.cli.console import print_json, say, table
from mmstudio.cli.options import Json, Lib, studio
from mmstudio.errors import ERROR, NotFound, StudioError, UsageError
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.composition.brand import BrandKit, BrandReport
    from mmstudio.library import Library
    from mmstudio.studio import Studio


class BrandAction(StrEnum):
    """What to do with the brand: its rules (show to forget), its kits, a storyboard."""

    SHOW = "show"
    BAN = "ban"
    ALLOW = "allow"
    REQUIRE = "require"
    FORGET = "forget"
    KITS = "kits"
    SET = "set"
    CHOOSE = "choose"
    REMOVE = "remove"
    CHECK = "check"
    FIX = "fix"
    APPLY = "apply"


_READS = {BrandAction.SHOW, BrandAction.KITS, BrandAction.CHECK}
_RULES = {BrandAction.SHOW, BrandAction.BAN, BrandAction.ALLOW, BrandAction.REQUIRE, BrandAction.FORGET}
_Storyboard = Annotated[
    int | None, typer.Option("--storyboard", metavar="ID", help="check, fix, apply: which.")
]
_Kit = Annotated[str, typer.Option("--kit", metavar="NAME", help="Instead of the chosen kit.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(brand)
    app.command()(fonts)


def brand(
    lib: Lib,
    action: Annotated[BrandAction, typer.Argument()] = BrandAction.SHOW,
    text: Annotated[
        str, typer.Argument(help="The word, phrase or sentence of a rule; the name of a kit.")
    ] = "",
    locale: Annotated[str, typer.Option("--locale", help="Only in this language.")] = "",
    when: Annotated[
        str, typer.Option("--when", help="require, --disclaimer: only where this word is used.")
    ] = "",
    storyboard: _Storyboard = None,
    kit: _Kit = "",
    colour: Annotated[
        list[str] | None,
        typer.Option(
            "--colour", metavar="ROLE=#RRGGBB", help="set: primary, secondary, accent, ink, ground or a name."
        ),
    ] = None,
    heading: Annotated[str | None, typer.Option("--heading", help="set: font of headings.")] = None,
    body: Annotated[str | None, typer.Option("--body", help="set: font of other texts.")] = None,
    logo: Annotated[int | None, typer.Option("--logo", metavar="ASSET", help="set: 0 takes it out.")] = None,
    logo_on_dark: Annotated[
        int | None, typer.Option("--logo-on-dark", metavar="ASSET", help="set: the logo for dark grounds.")
    ] = None,
    corner: Annotated[
        str | None,
        typer.Option("--corner", help="set: top-left, top-right, bottom-left, bottom-right, none."),
    ] = None,
    logo_width: Annotated[
        float | None, typer.Option("--logo-width", help="set: part of the canvas' short side.")
    ] = None,
    clear_space: Annotated[
        float | None, typer.Option("--clear-space", help="set: part of the logo's height.")
    ] = None,
    least_text: Annotated[
        float | None, typer.Option("--least-text", help="set: letter height, part of the short side.")
    ] = None,
    contrast: Annotated[float | None, typer.Option("--contrast", help="set: least contrast of text.")] = None,
    tone: Annotated[str | None, typer.Option("--tone", help="set: words for whoever writes.")] = None,
    disclaimer: Annotated[
        list[str] | None, typer.Option("--disclaimer", help="set: a sentence that must be there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show or change the brand: rules of words, kits of colours, fonts and logo; check and fix storyboards.

    Rules: show, ban, allow, require, forget. Kits: kits, set NAME, choose NAME (or none), remove NAME.
    A storyboard: check, fix, apply with --storyboard ID; check ends with status 1 where the kit is broken.
    """
    with studio(lib, write=action not in _READS) as opened:
        library = opened.library
        if action in _RULES:
            _change_rules(opened, action, text, locale, when)
            _show(library, as_json)
            return
        if action in (BrandAction.CHECK, BrandAction.FIX, BrandAction.APPLY):
            _look_at(opened, action, storyboard, kit, as_json)
            return
        if action is BrandAction.SET:
            given: dict[str, Any] = {
                "heading": heading, "body": body, "logo": logo, "logo_on_dark": logo_on_dark,
                "corner": corner,
                "logo_width": logo_width, "clear_space": clear_space, "least_text": least_text,
                "contrast": contrast, "tone": tone,
            }  # fmt: skip
            _set(library, text, given, colour or [], disclaimer or [], locale, when)
        elif action is BrandAction.CHOOSE:
            none = text.strip().lower() == "none"
            library.brand_kits.choose(None if none else library.brand_kits.get(text).id)
        elif action is BrandAction.REMOVE:
            library.brand_kits.remove(library.brand_kits.get(text).id)
        _show_kits(library, as_json)


def fonts(
    lib: Lib,
    storyboard: Annotated[int, typer.Argument(metavar="STORYBOARD", help="Its number.")],
    as_json: Json = False,
) -> None:
    """Show the font files a storyboard is drawn with, what changed of them, and characters no font has."""
    from mmstudio.composition import prepare_drawing
    from mmstudio.composition.render import fonts as found

    with studio(lib) as opened:
        board = opened.composer.load(storyboard)
        prepare_drawing()
        used, changed, missing = found.resolve(board), found.changed(board), found.missing_glyphs(board)
    if as_json:
        print_json({"fonts": used, "changed": changed, "missing": missing})
        return
    table(
        [tr("font"), tr("style"), tr("file"), "sha256"],
        [[font.family, font.style, font.file or "—", font.sha256[:16]] for font in used],
    )
    for sentence in changed:
        say(sentence)
    for one in missing:
        say(
            tr(
                "No font has {characters} of “{text}”.",
                characters=" ".join(one.characters),
                text=one.text[:60],
            )
        )


def _change_rules(opened: Studio, action: BrandAction, text: str, locale: str, when: str) -> None:
    store = opened.library.brand
    match action:
        case BrandAction.BAN:
            store.add("ban", text, locale)
        case BrandAction.ALLOW:
            store.add("allow", text, locale)
        case BrandAction.REQUIRE:
            store.add("require", text, locale, when)
        case BrandAction.FORGET:
            if not store.remove(text):
                raise StudioError(
                    "There is no rule “{text}”.", hint="mmstudio brand LIB shows them.", text=text
                )
        case _:
            pass


def _show(library: Library, as_json: bool) -> None:
    """The rules, and the kit that new storyboards take."""
    from mmstudio.composition.brand import chosen_kit

    rules = library.brand.get().rules
    kit = chosen_kit(library)
    if as_json:
        print_json({"rules": list(rules), "kit": _plain(kit) if kit is not None else None})
        return
    if not rules:
        say(tr("The brand has no rules yet."))
    else:
        headers = [tr("rule"), tr("words"), tr("language"), tr("when")]
        table(headers, [[rule.kind, rule.text, rule.locale, rule.when] for rule in rules])
    if kit is not None:
        say(tr("Kit of new storyboards: {name}", name=kit.name))
        _show_kit(kit)


def _show_kits(library: Library, as_json: bool) -> None:
    from mmstudio.composition.brand import kits

    found = kits(library)
    chosen = library.brand_kits.chosen()
    if as_json:
        print_json(
            {"kits": [{**_plain(one), "chosen": chosen is not None and one.id == chosen.id} for one in found]}
        )
        return
    if not found:
        say(tr("There is no brand kit yet: mmstudio brand LIB set NAME --colour primary=#12355b …"))
        return
    rows = [
        [
            ("* " if chosen is not None and one.id == chosen.id else "") + one.name,
            " ".join(f"{role} {value}" for role, value in one.colours.items()),
            " / ".join(part for part in (one.heading, one.body) if part),
            one.logo if one.logo is not None else "",
            len(one.disclaimers),
        ]
        for one in found
    ]
    table([tr("kit"), tr("colours"), tr("fonts"), tr("logo"), tr("disclaimers")], rows)


def _show_kit(kit: BrandKit) -> None:
    rows = [[tr("colours"), " ".join(f"{role} {value}" for role, value in kit.colours.items())]]
    rows.append([tr("fonts"), " / ".join(part for part in (kit.heading, kit.body) if part) or "—"])
    rows.append([tr("logo"), "—" if kit.logo is None else f"#{kit.logo}, {kit.corner}"])
    rows += [[tr("disclaimer"), one.text] for one in kit.disclaimers]
    table([tr("part"), tr("value")], rows)


def _plain(kit: BrandKit) -> dict[str, Any]:
    return {"id": kit.id, "name": kit.name, **kit.to_dict()}


def _set(
    library: Library,
    name: str,
    given: dict[str, Any],
    colours: Sequence[str],
    disclaimers: Sequence[str],
    locale: str,
    when: str,
) -> None:
    """Make a kit, or change the named parts of one."""
    from mmstudio.composition.brand import BrandKit, Disclaimer, save_kit
    from mmstudio.composition.brand.kit import kit_of

    try:
        kit = kit_of(library.brand_kits.get(name))
    except NotFound:
        kit = BrandKit(name=name)
    changes = {key: value for key, value in given.items() if value is not None}
    for key in ("logo", "logo_on_dark"):
        if changes.get(key) == 0:
            changes[key] = None
    kit = replace(kit, **changes)
    for entry in colours:
        role, found, value = entry.partition("=")
        if not found or not role.strip():
            raise UsageError("{value} names no role.", hint="Write --colour primary=#12355b.", value=entry)
        kit.colours = {**kit.colours, role.strip(): value.strip().lower()}
    kit.disclaimers = [*kit.disclaimers, *(Disclaimer(words, locale, when) for words in disclaimers)]
    save_kit(library, kit)


def _look_at(opened: Studio, action: BrandAction, storyboard: int | None, name: str, as_json: bool) -> None:
    from mmstudio.composition import prepare_drawing
    from mmstudio.composition.brand import apply, check, chosen_kit, fix_all
    from mmstudio.composition.brand.kit import kit_of
    from mmstudio.export.channels import usual_canvases

    if storyboard is None:
        raise UsageError("Which storyboard?", hint="Name it: --storyboard ID.")
    library = opened.library
    kit = kit_of(library.brand_kits.get(name)) if name else chosen_kit(library)
    if kit is None:
        raise UsageError(
            "There is no brand kit to hold it against.", hint="Make one: mmstudio brand LIB set NAME …"
        )
    board = opened.composer.load(storyboard)
    sizes = usual_canvases(board)
    prepare_drawing()
    before = check(board, library, kit, sizes=sizes)
    report = before
    if action is BrandAction.APPLY:
        board = apply(board, kit, library)
        report = check(board, library, kit, sizes=sizes)
    elif action is BrandAction.FIX:
        board, report = fix_all(board, kit, library, sizes)
    if action is not BrandAction.CHECK:
        opened.composer.save(board)
    _show_report(kit, before, report, as_json)
    if action is BrandAction.CHECK and report.findings:
        raise typer.Exit(ERROR)


def _show_report(kit: BrandKit, before: BrandReport, report: BrandReport, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "kit": kit.name, "rate": round(report.rate, 4),
                "passed": report.passed, "total": report.total,
                "rate_before": round(before.rate, 4),
                "by_rule": {rule: {"passed": p, "total": t} for rule, (p, t) in report.by_rule.items()},
                "findings": [asdict(finding) for finding in report.findings],
            }
        )  # fmt: skip
        return
    if before is not report:
        say(tr("Before: {n} of {total} checks passed.", n=before.passed, total=before.total))
    say(
        tr(
            "{kit}: {n} of {total} checks passed ({rate} %).",
            kit=kit.name, n=report.passed, total=report.total, rate=round(100 * report.rate),
        )
    )  # fmt: skip
    if report.findings:
        from mmstudio.composition.names import shown_name

        rows = [
            [one.rule, *(shown_name(name) if name else "" for name in (one.scene, one.layer)), one.message,
             one.fix or ""]
            for one in report.findings
        ]  # fmt: skip
        table([tr("rule"), tr("scene"), tr("layer"), tr("finding"), tr("fix")], rows)
