"""What is looked at before a storyboard leaves: rights, consent, dates, markets, disclosure, claims, brand.

A check is green, amber (leaves, with a note) or red (stays, unless a person answers for it by name). Such a
clearance is bound to the storyboard exactly as it is and to exactly what the check found: when either
changes, it no longer counts. None of this is legal advice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.export import copy_gate
from mmstudio.export.options import ExportOptions
from mmstudio.export.provenance.label import law_of, visible_label
from mmstudio.export.provenance.record import source_type, storyboard_hash, with_origins
from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Asset, Library
    from mmstudio.library.rights import AssetRights, Clearance

State = Literal["green", "amber", "red"]
CHECKS = ("rights", "consent", "expiry", "market", "disclosure", "claims", "brand")
TITLES = {
    "rights": mark("Rights"), "consent": mark("Consent"), "expiry": mark("Last day of use"),
    "market": mark("Countries"), "disclosure": mark("Disclosure of AI"), "claims": mark("Claims"),
    "brand": mark("Brand rules"),
}  # fmt: skip
_TOLD = ("name", "state", "passes", "answered_by")
_SOON = 30  # days before the last day of use from which a note is given
_NAMED = 3  # titles in a sentence
_Used = tuple["Asset", "AssetRights"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the compliance page.

    Attributes:
        name: of :data:`CHECKS`. message, hint: in the person's language. assets: which assets it is about.
        digest: SHA-256 of the state that a red check was made for. clearance: who answers for it, or None.
    """

    name: str
    state: State
    message: str
    hint: str = ""
    assets: tuple[int, ...] = ()
    digest: str = ""
    clearance: Clearance | None = None

    @property
    def passes(self) -> bool:
        """Whether a storyboard may leave as far as this check goes."""
        return self.state != "red" or self.clearance is not None

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        answered = self.clearance
        return {
            "name": self.name, "state": self.state, "message": self.message, "hint": self.hint,
            "assets": list(self.assets), "passes": self.passes,
            "answered_by": None if answered is None else
            {"who": answered.who, "reason": answered.reason, "when": answered.created_at},
        }  # fmt: skip

    def for_others(self) -> dict[str, Any]:
        """As a manifest that leaves says it: without titles of media."""
        return {key: value for key, value in self.as_json().items() if key in _TOLD}


def look(
    library: Library,
    board: Storyboard,
    options: ExportOptions | None = None,
    *,
    today: date | None = None,
    names: Iterable[str] = CHECKS,
    sizes: Iterable[tuple[int, int]] = (),
) -> list[Check]:
    """Checks of a storyboard, in the order of :data:`CHECKS`. Nothing is written.

    ``sizes``: the canvases it is exported for, on each of which the brand's rules are looked at.

    Media that the studio generated count as one's own and need nobody's consent. What nobody has said
    anything about is amber, not red: most media are their owner's own.
    """
    chosen = options or ExportOptions()
    known = {asset.id: asset for asset in library.assets.get_many(board.asset_ids())}
    rights = library.asset_rights.of(known)
    used = [(known[i], rights[i]) for i in board.asset_ids() if i in known]
    market = chosen.market.strip().upper()
    day = today or datetime.now().astimezone().date()
    makers: dict[str, Callable[[], Check]] = {
        "rights": lambda: _rights(used),
        "consent": lambda: _consent(used),
        "expiry": lambda: _expiry(used, day),
        "market": lambda: _market(used, market),
        "disclosure": lambda: _disclosure(with_origins(library, board), chosen),
        "claims": lambda: _claims(library, board),
        "brand": lambda: _brand(library, board, sizes),
    }
    wanted = set(names)
    checks = [makers[name]() for name in CHECKS if name in wanted]
    return [_with_clearance(check, library, board, chosen, rights, known) for check in checks]


def _with_clearance(
    check: Check,
    library: Library,
    board: Storyboard,
    options: ExportOptions,
    rights: Mapping[int, AssetRights],
    known: Mapping[int, Asset],
) -> Check:
    """A red check with its digest and who answers for it; any other as it is."""
    if check.state != "red":
        return check
    finding = _finding(check, board, options, rights, known)
    digest = state_digest(check.name, storyboard_hash(board), finding)
    answered = None if board.id is None else library.clearances.find(board.id, check.name, digest)
    return replace(check, digest=digest, clearance=answered)


def pass_or_refuse(
    library: Library,
    board: Storyboard,
    options: ExportOptions | None = None,
    *,
    sizes: Iterable[tuple[int, int]] = (),
) -> list[Check]:
    """The checks of a storyboard that may leave, but for its claims; ``sizes`` as for :func:`look`.

    Texts that facts do not support are refused by ``copy_gate.pass_or_refuse``, which names the place.

    Raises:
        StudioError: a check is red and nobody answers for it.
    """
    wanted = [name for name in CHECKS if name != "claims"]
    checks = look(library, board, options, names=wanted, sizes=sizes)
    for check in checks:
        if not check.passes:
            raise StudioError(
                "This may not leave the studio: {why}",
                hint="{what} Or answer for it with your name and a reason on the compliance page.",
                why=check.message,
                what=check.hint,
            )
    return checks


def answer_for(
    library: Library,
    board: Storyboard,
    names: Iterable[str],
    who: str,
    reason: str,
    options: ExportOptions | None = None,
) -> list[Check]:
    """Record that a person answers for checks that are red; returns all checks as they are then.

    Claims are answered for text by text (``copy_gate.answer_for``), so that a text keeps its answer wherever
    it is used.

    Raises UsageError (nobody named, no reason, no such check), NotFound (it is not saved), ReadOnly.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(CHECKS)):
        raise UsageError(
            "There is no check {name}.",
            hint="There are: {names}.",
            name=", ".join(unknown),
            names=", ".join(CHECKS),
        )
    if not who.strip() or not reason.strip():
        raise UsageError(
            "Whoever answers for a check gives a name and a reason.", hint="Say who answers, and why."
        )
    if board.id is None:
        raise NotFound("The storyboard is not saved yet.", hint="Save it, then answer for it.")
    for check in look(library, board, options):
        if check.name not in wanted or check.passes:
            continue
        if check.name == "claims":
            copy_gate.answer_for(library, board, who, reason)
        else:
            library.clearances.add(board.id, check.name, check.digest, check.message, who, reason)
    return look(library, board, options)


def _finding(
    check: Check,
    board: Storyboard,
    options: ExportOptions,
    rights: Mapping[int, AssetRights],
    known: Mapping[int, Asset],
) -> list[Any]:
    """What a check found, in no language: an answer given in one language counts in another."""
    market = options.market.strip().upper()
    about = [[i, known[i].rights, *map(str, astuple(rights[i])[1:])] for i in sorted(check.assets)]
    if check.name == "disclosure":
        about = [[options.label, law_of(board.locale, market)]]
    return [check.state, about, market if check.name in ("market", "disclosure") else ""]


def state_digest(name: str, board_hash: str, finding: Any) -> str:
    """SHA-256 of one check's finding on one storyboard."""
    plain = json.dumps([name, board_hash, finding], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


# -- the checks --------------------------------------------------------------------------------------------


def _rights(used: Sequence[_Used]) -> Check:
    if held := [a for a, _ in used if a.rights == "restricted"]:
        return _about(
            "rights", "red", held, mark("The rights in {titles} do not allow this use."),
            mark("Use other media, or change the rights where they were set wrongly."),
        )  # fmt: skip
    unnamed = [a for a, r in used if a.rights == "licensed" and not r.licence and not r.owner]
    unknown = [a for a, _ in used if a.rights == "unknown"]
    if unknown:
        return _about(
            "rights", "amber", unknown, mark("It is not said who owns {titles}."),
            mark("Set the rights in the inspector, or with “mmstudio rights”."),
        )  # fmt: skip
    if unnamed:
        return _about(
            "rights", "amber", unnamed, mark("{titles} are licensed, but no licence or owner is named."),
            mark("Name the licence in the inspector, so that the manifest can say it."),
        )  # fmt: skip
    return Check("rights", "green", tr("The rights in all media are known."))


def _consent(used: Sequence[_Used]) -> Check:
    if refused := [a for a, r in used if r.consent == "refused"]:
        return _about(
            "consent", "red", refused, mark("A person in {titles} did not agree to be shown."),
            mark("Use other media, or blur the person and say so in the reason."),
        )  # fmt: skip
    return Check("consent", "green", tr("Nobody in the media has refused consent."))


def _expiry(used: Sequence[_Used], today: date) -> Check:
    days = [(a, date.fromisoformat(r.expires)) for a, r in used if r.expires]
    if over := [a for a, day in days if day < today]:
        return _about(
            "expiry", "red", over, mark("The rights in {titles} have run out."),
            mark("Renew them and set the new last day, or use other media."),
        )  # fmt: skip
    if soon := [a for a, day in days if (day - today).days <= _SOON]:
        last = min(day for _, day in days)
        return _about(
            "expiry", "amber", soon, mark("{titles} may be used until {day} only."),
            mark("Take the export down by then, or renew the rights."), day=last.isoformat(),
        )  # fmt: skip
    return Check("expiry", "green", tr("No rights run out within {n} days.", n=_SOON))


def _market(used: Sequence[_Used], market: str) -> Check:
    limited = [(a, r.markets) for a, r in used if r.markets]
    if not limited:
        return Check("market", "green", tr("The media may be used in every country."))
    if not market:
        return _about(
            "market", "amber", [a for a, _ in limited], mark("{titles} may be used in some countries only."),
            mark("Name the country that this export is made for."),
        )  # fmt: skip
    if outside := [a for a, markets in limited if market not in markets]:
        return _about(
            "market", "red", outside, mark("{titles} may not be used in {market}."),
            mark("Use other media for this country, or extend the licence."), market=market,
        )  # fmt: skip
    return Check("market", "green", tr("All media may be used in {market}.", market=market))


def _disclosure(board: Storyboard, options: ExportOptions) -> Check:
    if not source_type(board):
        return Check("disclosure", "green", tr("No model made any part of it."))
    label = visible_label(board, options)
    if label:
        return Check("disclosure", "green", tr("The label “{label}” is shown.", label=label))
    law = law_of(board.locale, options.market)
    hint = tr("Let the label be shown: it is the default (our reading of the law, not legal advice).")
    if law == "eu":
        return Check(
            "disclosure", "red",
            tr("The EU’s AI Act asks to say that a model made parts of it, and no label is shown."), hint,
        )  # fmt: skip
    if law == "cn":
        return Check(
            "disclosure", "red",
            tr("China’s rules ask for a visible label on generated content, and none is shown."), hint,
        )  # fmt: skip
    return Check(
        "disclosure",
        "green",
        tr("No label is asked for here; the file itself says that a model made parts of it."),
    )


def _claims(library: Library, board: Storyboard) -> Check:
    passage = copy_gate.look(library, board)
    if passage.held:
        spans = [span.text for held in passage.held for span in held.spans]
        quoted = ", ".join(f"“{text}”" for text in dict.fromkeys(spans[:_NAMED]))
        return Check(
            "claims", "red",
            tr("Not supported by facts or against the brand’s words: {texts}.", texts=quoted),
            tr("Change the text, add the fact to the item, or answer for it."),
        )  # fmt: skip
    if passage.overrides:
        who = ", ".join(dict.fromkeys(one.who for one in passage.overrides))
        return Check("claims", "green", tr("{who} answers for claims that facts do not support.", who=who))
    return Check("claims", "green", tr("All claims rest on facts of the item."))


def _brand(library: Library, board: Storyboard, sizes: Iterable[tuple[int, int]]) -> Check:
    try:
        from mmstudio.composition.brand import check, chosen_kit
    except ImportError:
        return Check("brand", "green", tr("No brand kit is chosen."))
    kit = chosen_kit(library)
    if kit is None:
        return Check("brand", "green", tr("No brand kit is chosen."))
    report = check(board, library, kit, sizes=sizes)
    if not report.findings:
        return Check("brand", "green", tr("It keeps all rules of {name}.", name=kit.name))
    return Check(
        "brand", "amber",
        tr("{passed} of {total} rules of {name} are kept. First: {what}", passed=report.passed,
           total=report.total, name=kit.name, what=report.findings[0].message),
        tr("Open the brand page and press “Put all right”."),
    )  # fmt: skip


def _about(name: str, state: State, assets: Sequence[Asset], template: str, hint: str, **more: Any) -> Check:
    titles = [f"“{asset.title or asset.id}”" for asset in assets[:_NAMED]]
    shown = ", ".join(titles)
    if len(assets) > _NAMED:
        shown = tr("{titles} and {n} more", titles=shown, n=len(assets) - _NAMED)
    return Check(
        name, state, tr(template, titles=shown, **more), tr(hint), tuple(asset.id for asset in assets)
    )
