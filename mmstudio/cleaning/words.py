"""Kinds of findings and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.i18n import mark, tr

if TYPE_CHECKING:
    from mmstudio.cleaning.records import Severity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its name, its sentence for one and for {n}, how much it matters, what helps."""

    name: str
    one: str
    many: str
    severity: Severity
    fixes: tuple[str, ...]
    needs: str = ""  # measure that must have been taken


_TRASH, _MERGE = ("trash", "ignore"), ("merge", "ignore")
_ONLY = ("ignore",)

KINDS: dict[str, Kind] = {
    "missing": Kind(
        mark("Missing files"),
        mark("One file is no longer where it was."),
        mark("{n} files are no longer where they were."),
        "problem",
        ("relink", "trash", "ignore"),
    ),
    "corrupt": Kind(
        mark("Damaged files"), mark("One file is damaged."), mark("{n} files are damaged."), "problem", _TRASH
    ),
    "empty": Kind(
        mark("Empty files"), mark("One file is empty."), mark("{n} files are empty."), "problem", _TRASH
    ),
    "exact": Kind(
        mark("Exact copies"),
        mark("One file is an exact copy of another."),
        mark("{n} files are exact copies of others."),
        "warning",
        _MERGE,
    ),
    "near": Kind(
        mark("Near copies"),
        mark("One file is nearly the same as another."),
        mark("{n} files are nearly the same as others."),
        "warning",
        _MERGE,
    ),
    "tiny": Kind(
        mark("Tiny media"),
        mark("One picture or sound is too small to be of use."),
        mark("{n} pictures or sounds are too small to be of use."),
        "warning",
        _TRASH,
    ),
    "silent": Kind(
        mark("Silent sounds"),
        mark("One sound is silent."),
        mark("{n} sounds are silent."),
        "warning",
        _TRASH,
        "silence",
    ),
    "clipped": Kind(
        mark("Clipped sounds"),
        mark("One sound is cut off at full scale."),
        mark("{n} sounds are cut off at full scale."),
        "advice",
        _TRASH,
        "clipping",
    ),
    "blurred": Kind(
        mark("Blurred pictures"),
        mark("One picture is blurred."),
        mark("{n} pictures are blurred."),
        "advice",
        _TRASH,
        "sharpness",
    ),
    "dark": Kind(
        mark("Too dark"),
        mark("One picture is mostly black without detail."),
        mark("{n} pictures are mostly black without detail."),
        "advice",
        _TRASH,
        "dark",
    ),
    "item-title": Kind(
        mark("No title"),
        mark("One item has no title."),
        mark("{n} items have no title."),
        "warning",
        _ONLY,
    ),
    "item-picture": Kind(
        mark("No picture"),
        mark("One item has no picture."),
        mark("{n} items have no picture."),
        "warning",
        _ONLY,
    ),
    "item-text": Kind(
        mark("No description"),
        mark("One item has no description."),
        mark("{n} items have no description."),
        "warning",
        _ONLY,
    ),
    "item-price": Kind(
        mark("No price"),
        mark("One item has no price."),
        mark("{n} items have no price."),
        "advice",
        _ONLY,
    ),
    "category-small": Kind(
        mark("Small categories"),
        mark("One category has far fewer items than the largest: {which}."),
        mark("{n} categories have far fewer items than the largest: {which}."),
        "advice",
        _ONLY,
    ),
    "tag-small": Kind(
        mark("Rare tags"),
        mark("One tag has far fewer media than the most used: {which}."),
        mark("{n} tags have far fewer media than the most used: {which}."),
        "advice",
        _ONLY,
    ),
    "language": Kind(
        mark("Other languages"),
        mark("One text is not in the language of most others."),
        mark("{n} texts are not in the language of most others."),
        "advice",
        _ONLY,
    ),
}
FIXABLE = tuple(kind for kind, about in KINDS.items() if {"trash", "merge"} & set(about.fixes))
_NAMED = 5


def title(kind: str) -> str:
    """The name of a kind."""
    return tr(KINDS[kind].name)


def sentence(kind: str, n: int, names: Sequence[str]) -> str:
    """What was found, of a number of subjects and their names."""
    about = KINDS[kind]
    shown = [name for name in names if name][:_NAMED]
    which = ", ".join(shown) + ("…" if len(names) > _NAMED else "")
    return tr(about.one if n == 1 else about.many, n=n, which=which)


def remedy(kind: str) -> str:
    """What a fix would do; empty where only a person can help."""
    fixes = KINDS[kind].fixes
    if "merge" in fixes:
        return tr("Keep the best copy with all tags, move the others to the trash")
    if "trash" in fixes:
        return tr("Move them to the trash")
    return ""


def waiting(counts: dict[str, int]) -> list[str]:
    """What could not be checked yet."""
    said = {
        "blurred": mark("Blur and exposure were not checked in {n} pictures: extract features first."),
        "silent": mark("Silence and clipping were not checked in {n} sounds: extract features first."),
    }
    return [tr(said[kind], n=n) for kind, n in counts.items() if n and kind in said]
