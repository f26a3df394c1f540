"""Whether a quantity of a text is one of the facts: the same figure, of the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.guarding.vocabulary import is_kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmstudio.generation.copywriting.guarding.known import Known
    from mmstudio.generation.copywriting.guarding.quantities import Quantity

_ROUNDED = 0.02  # largest relative error that rounding after a conversion of units may leave
_OFF = frozenset({"off", "discount", "save", "saving", "less", "sale", "reduction", "折扣", "优惠", "立减"})


def supporting(one: Quantity, facts: Known) -> str:
    """Label of the fact that supports a quantity, or "" where none does."""
    if one.kind == "date":
        return _first(label for q, label in facts.amounts if q.kind == "date" and _same_date(one.key, q.key))
    if one.kind == "size":
        return _sized(one, facts)
    if one.key:
        wanted = one.key[0].rstrip("+")
        return _first(
            label for text, label in facts.texts if wanted in text.replace("-", "").replace(" ", "")
        )
    alike = [(q, label) for q, label in facts.amounts if _comparable(one, q)]
    if one.kind == "price" and one.bound in ("over", "under") and len(one.values) == 1:
        return _first(label for q, label in alike if _beyond(one, q))
    fitting = [(q, label) for q, label in alike if _equal(one, q) and _bounded(one, q)]
    good = [(q, label) for q, label in fitting if _about_the_same(one, q, fitting, alike, facts)]
    return _first(label for _, label in good)


def _first(labels: Iterable[str]) -> str:
    return next(iter(labels), "")


def _same_date(said: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Every part that is said is known: 2024 is supported by May 2024, not the reverse."""
    return any(said) and all(not part or part == other for part, other in zip(said, known, strict=True))


def _sized(one: Quantity, facts: Known) -> str:
    for q, label in facts.amounts:
        if q.kind == "size" and set(one.key) <= set(q.key):
            return label
    for text, label in facts.texts:
        if "size" in label.lower() or "尺" in label or "码" in label:
            words = set(text.replace("/", " ").replace(",", " ").replace("-", " ").split())
            if set(one.key) <= words:
                return label
    sizes = {part: label for q, label in facts.amounts if q.kind == "size" for part in q.key}
    return sizes[one.key[0]] if all(part in sizes for part in one.key) and one.key else ""


def _comparable(one: Quantity, q: Quantity) -> bool:
    if q.kind != one.kind or q.key:
        # "4 stars" as a figure of a column named stars, "3" of a column "pockets": a bare number of a column
        return one.kind == "number" and q.kind == "number" and not q.key
    if one.kind == "price":
        return not q.codes or not one.codes or bool(one.codes & q.codes)
    return one.unit == q.unit


def _equal(one: Quantity, q: Quantity) -> bool:
    left = list(q.values)
    for options in one.values:
        hit = next((v for v in left if _near(options, v, one, q)), None)
        if hit is None:
            return False
        left.remove(hit)
    return True


def _near(options: tuple[float, ...], others: tuple[float, ...], one: Quantity, q: Quantity) -> bool:
    if one.kind == "price":
        return any(abs(a - b) < 0.0051 for a in options for b in others)
    same_unit = one.kind != "measure" or abs(one.exact - q.exact) <= 1e-9 * one.exact
    for a in options:
        for b in others:
            if abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-12):
                return True
            slack = min(max(one.step, q.step), _ROUNDED * abs(b))
            if not same_unit and abs(a - b) <= slack + 1e-9:
                return True
    return False


def _beyond(one: Quantity, q: Quantity) -> bool:
    price = q.values[0][0]
    if one.bound == "under":
        return price <= one.values[0][0] + 1e-9
    return price >= one.values[0][0] - 1e-9


def _bounded(one: Quantity, q: Quantity) -> bool:
    """ "Over ten" needs a fact that says so; "ten" is more than a fact's "up to ten"."""
    if one.bound == "over":
        return q.bound == "over"
    if q.bound == "upto":
        return one.bound in ("upto", "under")
    return True


def _about_the_same(
    one: Quantity,
    q: Quantity,
    fitting: list[tuple[Quantity, str]],
    alike: list[tuple[Quantity, str]],
    facts: Known,
) -> bool:
    if one.kind == "price":
        return True
    if one.label and q.label and one.label != q.label:
        return False
    if one.label and q.labels and any(q.labels):
        wanted = [v for v, side in zip(q.values, q.labels, strict=False) if side == one.label]
        if wanted and not any(_near(one.values[0], v, one, q) for v in wanted):
            return False
    if one.kind == "percentage":
        return _same_share(one, q)
    if one.kind == "number":
        return _same_thing(one, q, facts)
    return _not_another(one, q, alike)


def _same_share(one: Quantity, q: Quantity) -> bool:
    """A percentage is of the same material, or off the price in both, or of the same noun."""
    if one.material or q.material:
        return bool(one.material and q.material) and is_kind_of(q.material, one.material, "material")
    off = bool(_OFF & {*one.after, *one.before}), bool(_OFF & {*q.after, *q.before})
    if off[0] != off[1]:
        return False
    return off[0] or _meet(one, q) or not (one.after and q.after)


def _same_thing(one: Quantity, q: Quantity, facts: Known) -> bool:
    """Three pockets are not three colours; where the languages differ, the figure has to do."""
    if not one.after or _meet(one, q):
        return True
    spoken = {any("\u3400" <= c <= "\u9fff" for word in q.after or q.before for c in word)}
    own = any("\u3400" <= c <= "\u9fff" for word in one.after for c in word)
    if spoken != {own} and (q.after or q.before):
        shared = {w for w in one.after if w.isascii()} and {w for w in q.after if w.isascii()}
        return not (own and shared)  # both name it in English words that differ
    return not (q.after or q.before)


def _meet(one: Quantity, q: Quantity) -> bool:
    around = {*q.after, *q.before} if not q.after or q.before else {*q.after}
    if q.after:
        around = {*q.after, *q.before}
    return bool({*one.after} & around) or (not one.after and bool({*one.before} & around))


def _not_another(one: Quantity, q: Quantity, alike: list[tuple[Quantity, str]]) -> bool:
    """A measure's noun belongs to this figure, or to no other figure of its kind: 8" leg zips, 32" inseam."""
    mine = {*one.after[:2]} or {*one.before[-2:]}
    if not mine or mine & {*q.after, *q.before}:
        return True
    if one.label and (one.label == q.label or one.label in q.labels):
        return True
    for other, _label in alike:
        if other is not q and not _equal(one, other) and mine & {*other.after[:2], *other.before[-2:]}:
            return False
    return True
