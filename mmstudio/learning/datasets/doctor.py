"""A look at what a training would learn from, before it: too few, copies, too small, rights, shapes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.advice import Pace, advice, expect, pace, starter
from mmstudio.learning.datasets.choose import choose, modality_of, wanted
from mmstudio.learning.datasets.gather import FEW, picture_of
from mmstudio.learning.datasets.report import LEVELS, DatasetReport, Finding, Preview
from mmstudio.learning.datasets.shapes import to_aspect
from mmstudio.learning.datasets.split import alike, held_out

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig
    from mmstudio.library import Asset, Library

__all__ = ["DatasetReport", "Finding", "Preview", "check", "preview_pictures"]

log = logging.getLogger(__name__)
_MAY_BE_CLEAR = {".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif", ".svg"}
_CLEAR = {"RGBA", "LA", "PA", "RGBa", "La"}
_OTHER_SHAPE = 1.25  # times as wide (or as tall) as the model: a fifth of the picture is cut away
_MANY = 0.1  # share of the pictures from which a finding is a warning


def check(
    library: Library, config: ModelConfig, device: str = "auto"
) -> Generator[Progress, None, DatasetReport]:
    """Look over what ``config`` would be trained on: its family, size, query, fit, aspect and leave_out.

    Decodes nothing: it uses what the library knows, whether the files are there, and the headers of those
    that may have transparency; 10,000 pictures take a few seconds. ``device`` is where one would train, for
    the estimate of the time.
    """
    chosen = choose(library, config)
    gone = _gone(library, config)
    there: list[Asset] = []
    clear: list[int] = []
    for place, asset in enumerate(chosen.usable):
        if place % 100 == 0:
            done = tr("Looking over {done} of {total}", done=place, total=len(chosen.usable))
            yield Progress(place, len(chosen.usable), done)
        path = library.assets.path_of(asset)
        if not path.is_file():
            gone["missing"].append(asset.id)
            continue
        there.append(asset)
        if asset.kind == "image" and _is_clear(path):
            clear.append(asset.id)
    yield Progress(len(chosen.usable), len(chosen.usable), tr("Looking for copies"))
    picture = modality_of(config) == "image"
    groups = alike(there)
    held = len(held_out(there, config.seed, groups)) if picture else 0
    findings = [
        *_count(there, held, picture=picture),
        *_copies(there, groups),
        *_rights(there, chosen.forbidden),
        *_absent(gone, chosen.left_out),
    ]
    if picture:
        findings += [*_small(there, config), *_shapes(there, config), *_clear_parts(clear, config)]
    findings.sort(key=lambda finding: -LEVELS.index(finding.level))
    found = len(chosen.usable) + len(chosen.forbidden) + len(chosen.left_out)
    found += len(set(gone["missing"] + gone["corrupt"]) - {asset.id for asset in chosen.usable})
    base = starter(config, len(there))
    measured = pace(library, config, device) or Pace(None, "")
    return DatasetReport(
        modality_of(config), config.query, config.size, config.fit, config.aspect,
        found, [asset.id for asset in there], held, findings,
        expect=expect(len(there), config.size, _distinct(there, groups), picture=picture),
        advice=advice(len(there), config, findings, base) if picture else [],
        base=base,
        seconds=measured.seconds,
        measured_by=measured.model,
        steps=config.steps,
    )  # fmt: skip


def checking(
    library: Library, family: str, settings: dict[str, Any], device: str = "auto"
) -> Generator[Progress, None, dict[str, Any]]:
    """:func:`check` as a job, of plain JSON and with plain JSON as its result."""
    from mmstudio.learning.families import default_config
    from mmstudio.learning.families import family as family_of

    config = default_config(family, "", size=int(settings.get("size") or 64))
    for name in ("query", "fit", "aspect", "leave_out", "parts"):
        if name in settings:
            setattr(config, name, settings[name])
    if family_of(family).modality == "text":
        from mmstudio.learning.texts.report import check_texts

        return (yield from check_texts(library, config)).as_json()
    return (yield from check(library, config, device)).as_json()


def preview_pictures(library: Library, config: ModelConfig, n: int = 12) -> list[Preview]:
    """Up to ``n`` readable pictures, spread over all that would be used, as the network will see them.

    Raises:
        StudioError: nothing to learn from.
    """
    usable = choose(library, config).usable
    found: list[Preview] = []
    # First evenly spread ones; where some of those cannot be read, their neighbours.
    stride = max(1, len(usable) // max(1, n))
    order = sorted(range(len(usable)), key=lambda place: (place % stride, place))
    for place in order:
        if len(found) == n:
            break
        try:
            pixels = picture_of(library.assets.path_of(usable[place]), config).transpose(1, 2, 0).copy()
        except (StudioError, OSError) as error:
            log.info("no preview: %s: %s", usable[place].rel_path, error)
            continue
        found.append(Preview(usable[place].id, to_aspect(pixels, config.aspect)))
    return found


def _gone(library: Library, config: ModelConfig) -> dict[str, list[int]]:
    """What the search would find were it not known to be missing or damaged."""
    found: dict[str, list[int]] = {"missing": [], "corrupt": []}
    asked = wanted(config)
    if asked.statuses == ("ok",):
        ids = library.assets.ids(replace(asked, statuses=("missing", "corrupt")))
        for asset in library.assets.get_many(sorted(set(ids) - set(config.leave_out))):
            found[asset.status].append(asset.id)
    return found


def _is_clear(path: Path) -> bool:
    """Whether a picture has an alpha channel, by its header."""
    from mmstudio.media.image import opened

    suffix = path.suffix.lower()
    if suffix not in _MAY_BE_CLEAR:
        return False
    if suffix == ".svg":
        return True
    try:
        with opened(path) as picture:
            return picture.mode in _CLEAR or "transparency" in picture.info
    except (StudioError, OSError):
        return False  # it is told of as unreadable by the training


def _count(there: list[Asset], held: int, *, picture: bool) -> Iterable[Finding]:
    n = len(there)
    if not n:
        yield Finding(
            "nothing", "blocker", 0,
            tr("There is nothing to learn from."),
            tr(
                "Import more, widen the search, or change what is left out. What a model made is not "
                "learned from unless a search asks for it."
            ),
        )  # fmt: skip
    elif n < FEW:
        text = (
            tr("Only one picture.") if n == 1 and picture
            else tr("Only {n} pictures.", n=n) if picture
            else tr("Only {n} sounds.", n=n)
        )  # fmt: skip
        hint = (
            "" if not picture
            else tr("Import more to get anything new.") if n == 1
            else tr("Expect near copies of them; import more to get anything new.")
        )  # fmt: skip
        yield Finding("few", "warning", n, text, hint, [asset.id for asset in there])
    else:
        text = (
            tr("{n} pictures, {held} of them held out to judge by.", n=n, held=held) if picture
            else tr("{n} sounds.", n=n)
        )  # fmt: skip
        yield Finding("enough", "ok", n, text)


def _copies(there: list[Asset], groups: list[list[Asset]]) -> Iterable[Finding]:
    same: list[int] = []
    near: list[int] = []
    shown_same: list[int] = []
    shown_near: list[int] = []
    for group in groups:
        if len(group) == 1:
            continue
        best = sorted(group, key=lambda a: (-(a.width or 0) * (a.height or 0), -a.size, a.id))
        kept: dict[str, Asset] = {}
        for asset in best:
            kept.setdefault(asset.sha256, asset)
        again = [asset.id for asset in best if kept[asset.sha256] is not asset]
        if again:
            same += again
            shown_same += [asset.id for asset in best if sum(a.sha256 == asset.sha256 for a in best) > 1]
        if len(kept) > 1:
            near += [asset.id for asset in list(kept.values())[1:]]
            shown_near += [asset.id for asset in kept.values()]
    if len(there) > 1 and len({asset.sha256 for asset in there}) == 1:
        yield Finding(
            "identical", "warning", len(there),
            tr("All {n} are the same picture.", n=len(there)),
            tr("A model can only learn that one; import others."),
            shown_same,
        )  # fmt: skip
        return
    if same:
        yield Finding(
            "copies", _level(same, there), len(same),
            tr("Exact copies of others: {n}.", n=len(same)),
            tr("They count double in the training; leave them out."),
            shown_same, same,
        )  # fmt: skip
    if near:
        yield Finding(
            "near", _level(near, there), len(near),
            tr("Nearly the same as others: {n}.", n=len(near)),
            tr("Many of them make the model repeat them; leave them out if that is not wanted."),
            shown_near, near,
        )  # fmt: skip


def _distinct(there: list[Asset], groups: list[list[Asset]]) -> int:
    return len(groups) if there else 0


def _rights(there: list[Asset], forbidden: list[int]) -> Iterable[Finding]:
    unknown = [asset.id for asset in there if asset.rights == "unknown"]
    if unknown:
        yield Finding(
            "rights-unknown", "warning", len(unknown),
            tr("Rights not cleared: {n}.", n=len(unknown)),
            tr("Train on them only if you may; set their rights in the inspector, or leave them out."),
            unknown, unknown,
        )  # fmt: skip
    if forbidden:
        yield Finding(
            "rights-forbid", "note", len(forbidden),
            tr("Left out because their rights forbid training: {n}.", n=len(forbidden)),
            "",
            sorted(forbidden),
        )  # fmt: skip


def _absent(gone: dict[str, list[int]], left_out: list[int]) -> Iterable[Finding]:
    if gone["missing"]:
        yield Finding(
            "missing", "warning", len(gone["missing"]),
            tr("Left out because their files are missing: {n}.", n=len(gone["missing"])),
            tr("The library doctor finds moved files."),
            sorted(gone["missing"]),
        )  # fmt: skip
    if gone["corrupt"]:
        yield Finding(
            "corrupt", "warning", len(gone["corrupt"]),
            tr("Left out because they are damaged: {n}.", n=len(gone["corrupt"])),
            tr("Restore them from a copy and look for changes."),
            sorted(gone["corrupt"]),
        )  # fmt: skip
    if left_out:
        yield Finding(
            "left-out", "note", len(left_out), tr("Left out as you wished: {n}.", n=len(left_out)), "",
            sorted(left_out),
        )  # fmt: skip


def _small(there: list[Asset], config: ModelConfig) -> Iterable[Finding]:
    small = [asset.id for asset in there if 0 < used_side(asset, config) < config.size]
    if small:
        yield Finding(
            "small", _level(small, there), len(small),
            tr("Fewer than {size} pixels to a side where they are used: {n}.",
               n=len(small), size=config.size),
            tr("Choose a smaller size, or leave them out: enlarged pictures teach blur."),
            small, small,
        )  # fmt: skip


def used_side(asset: Asset, config: ModelConfig) -> int:
    """Pixels of the shorter side of what a fit takes of a picture; 0 where its size is not known."""
    width, height = asset.width or 0, asset.height or 0
    if config.fit == "stretch":
        return min(width, height)
    across, down = round(height * config.aspect), round(width / config.aspect)
    if config.fit == "pad":  # the page around the picture; its own longer side is what is seen
        return min(max(width, across), max(height, down))
    return min(width, across, height, down)


def _shapes(there: list[Asset], config: ModelConfig) -> Iterable[Finding]:
    known = [(asset, asset.width / asset.height) for asset in there if asset.width and asset.height]
    other = [
        asset.id for asset, aspect in known
        if max(aspect, config.aspect) > _OTHER_SHAPE * min(aspect, config.aspect)
    ]  # fmt: skip
    if not other or config.fit == "pad":
        return
    usual, n = Counter(round(aspect * 20) / 20 for _asset, aspect in known).most_common(1)[0]
    if n >= 0.6 * len(known) and 0.25 <= usual <= 4 and len(other) >= 0.6 * len(known):
        hint = tr("Most are {aspect} times as wide as tall: choose that shape.", aspect=f"{usual:g}")
    elif config.fit == "stretch":
        hint = tr("They will be distorted: cut them, or put a border around them.")
    elif config.fit == "crop":
        hint = tr("What lies outside the middle is lost: cut to what one looks at, or put a border around.")
    else:
        hint = tr("The rest of them is cut away: put a border around them to keep all.")
    yield Finding(
        "shapes", "note", len(other),
        tr("Another shape than the model's: {n}.", n=len(other)),
        hint, other,
    )  # fmt: skip


def _clear_parts(clear: list[int], config: ModelConfig) -> Iterable[Finding]:
    if clear:
        hint = (
            tr("Transparent parts take the colour of the picture's edge, or white.") if config.fit == "pad"
            else tr("Transparent parts become white.")
        )  # fmt: skip
        yield Finding(
            "alpha", "note", len(clear), tr("With transparent parts: {n}.", n=len(clear)), hint, clear
        )


def _level(some: list[int], there: list[Asset]) -> Literal["note", "warning"]:
    return "warning" if len(some) > _MANY * len(there) else "note"
