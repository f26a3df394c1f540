"""What a fine-tuning learns from: pictures, their labels, and the part that is held out to measure."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmstudio.atomic import atomic_path, write_text
from mmstudio.errors import StudioError
from mmstudio.features.loading import load_media
from mmstudio.i18n import tr
from mmstudio.jobs import Progress
from mmstudio.learning.datasets.gather import FORBIDDEN
from mmstudio.library import parse_query

if TYPE_CHECKING:
    from mmstudio.features.pictures.spec import BackboneSpec
    from mmstudio.library import Library
    from mmstudio.library.records import Asset

log = logging.getLogger(__name__)
On = Literal["categories", "tags", "self"]
HELD_OUT = 0.25  # of the groups of every label
FEWEST = 12  # pictures
MOST_BYTES = 1 << 30
PIXELS, FACTS = "data.npy", "data.json"


@dataclass(slots=True)
class Labelled:
    """Pictures with labels.

    Attributes:
        pixels: uint8[N, 3, S, S].
        labels: label names of each picture; empty lists where there are none.
        groups: pictures of one group (an item) are never on both sides of the held-out line.
        held: bool[N], True where held out.
        left_out: how many pictures were left out and why: "rights", "unreadable", "unlabelled", "room".
    """

    pixels: NDArray[np.uint8]
    labels: list[list[str]]
    groups: list[str]
    held: NDArray[np.bool_]
    assets: list[int] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def learned(self) -> NDArray[np.int64]:
        """Rows that are learned from."""
        return np.flatnonzero(~self.held)

    def names(self) -> list[str]:
        """Every label, in order."""
        return sorted({name for row in self.labels for name in row})

    def matrix(self) -> NDArray[np.float32]:
        """float32[N, K] of 0 and 1."""
        place = {name: i for i, name in enumerate(self.names())}
        found = np.zeros((len(self.labels), len(place)), np.float32)
        for row, labels in enumerate(self.labels):
            found[row, [place[name] for name in labels]] = 1.0
        return found

    def notes(self) -> list[str]:
        """What was left out, in the person's language."""
        words = {
            "rights": tr("{n} left out because of their rights", n=self.left_out.get("rights", 0)),
            "unreadable": tr("{n} could not be read", n=self.left_out.get("unreadable", 0)),
            "unlabelled": tr("{n} left out because they have no label", n=self.left_out.get("unlabelled", 0)),
            "room": tr("{n} left out to keep within the memory", n=self.left_out.get("room", 0)),
        }
        return [text for why, text in words.items() if self.left_out.get(why)]

    def save(self, folder: Path) -> None:
        """Keep everything beside the training, so that going on needs no decoding."""
        with atomic_path(folder / PIXELS) as temporary, temporary.open("wb") as file:
            np.save(file, self.pixels, allow_pickle=False)
        facts = {
            "labels": self.labels, "groups": self.groups, "held": self.held.tolist(), "assets": self.assets,
            "left_out": self.left_out,
        }  # fmt: skip
        write_text(folder / FACTS, json.dumps(facts, ensure_ascii=False))


def load(folder: Path) -> Labelled | None:
    """Back from :meth:`Labelled.save`; None where it is missing or cut."""
    try:
        pixels = np.load(folder / PIXELS, mmap_mode="r", allow_pickle=False)
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        held = np.array(facts["held"], bool)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or len(pixels) != len(held):
            return None
        return Labelled(pixels, facts["labels"], facts["groups"], held, facts["assets"], facts["left_out"])
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def gather(
    library: Library, on: On, spec: BackboneSpec, query: str, seed: int
) -> Generator[Progress, None, Labelled]:
    """Decode the pictures that ``query`` finds (all imported ones where empty), as ``spec`` sees them, and
    hold some out.

    Pictures whose rights forbid training are left out and counted, and so are those without a label where
    labels are learned.

    Raises:
        StudioError: too few pictures, or fewer than two labels.
    """
    wanted = replace(parse_query(query), kinds=("image",))
    if wanted.origin is None:
        wanted = replace(wanted, origin="imported")
    assets = library.assets.get_many(library.assets.ids(wanted))
    allowed = [asset for asset in assets if asset.rights not in FORBIDDEN]
    left_out = {"rights": len(assets) - len(allowed), "unreadable": 0, "unlabelled": 0, "room": 0}
    labels, groups = _labels(library, allowed, on)
    usable = [asset for asset in allowed if on == "self" or labels[asset.id]]
    left_out["unlabelled"] = len(allowed) - len(usable)
    size = spec.size
    most = max(FEWEST, MOST_BYTES // (3 * size * size))
    if len(usable) > most:
        kept = np.sort(np.random.default_rng(seed).permutation(len(usable))[:most])
        left_out["room"] = len(usable) - most
        usable = [usable[i] for i in kept]
    rows: list[NDArray[np.uint8]] = []
    found: list[Asset] = []
    for index, asset in enumerate(usable):
        if index % 8 == 0:
            yield Progress(0, None, tr("Reading {done} of {total}", done=index, total=len(usable)))
        try:
            picture = load_media(
                "image", library.assets.path_of(asset), size, (asset.width, asset.height), None
            )
        except (StudioError, OSError) as error:
            log.info("left out of fine-tuning: %s: %s", asset.rel_path, error)
            left_out["unreadable"] += 1
            continue
        rows.append(spec.prepare(picture).transpose(2, 0, 1))
        found.append(asset)
    if len(rows) < FEWEST:
        raise _too_few(len(rows), left_out, on)
    chosen = [sorted(labels[asset.id]) for asset in found]
    their_groups = [groups[asset.id] for asset in found]
    if on != "self" and len({name for row in chosen for name in row}) < 2:
        raise StudioError(
            "Fine-tuning needs pictures of at least two different labels.",
            hint="Give more tags or categories, or learn without labels (--on self).",
        )
    held = hold_out(chosen, their_groups, seed)
    return Labelled(np.stack(rows), chosen, their_groups, held, [asset.id for asset in found], left_out)


def hold_out(labels: list[list[str]], groups: list[str], seed: int) -> NDArray[np.bool_]:
    """bool[N]: about a quarter of the groups of every label, none of a label that has only one group."""
    random = np.random.default_rng(seed)
    first = {group: (row[0] if row else "") for group, row in zip(groups, labels, strict=True)}
    held: set[str] = set()
    for label in sorted(set(first.values())):
        of_label = sorted(group for group, name in first.items() if name == label)
        if len(of_label) > 1:
            count = min(len(of_label) - 1, max(1, round(HELD_OUT * len(of_label))))
            held.update(of_label[i] for i in random.permutation(len(of_label))[:count])
    return np.array([group in held for group in groups], bool)


def _labels(library: Library, assets: list[Asset], on: On) -> tuple[dict[int, set[str]], dict[int, str]]:
    """(labels, group) of each asset; the group is its item, or the content of the file."""
    wanted = {asset.id for asset in assets}
    labels: dict[int, set[str]] = {asset.id: set() for asset in assets}
    groups = {asset.id: f"file {asset.sha256}" for asset in assets}
    for item in library.items.get_many(library.items.ids()):
        for link in library.items.assets_of(item.id):
            if link.asset_id in wanted:
                groups[link.asset_id] = f"item {item.id}"
                if on != "tags" and item.category.strip():
                    labels[link.asset_id] = {item.category.strip()}
    if on == "tags":
        for asset_id, names in library.assets.tags_of(wanted).items():
            labels[asset_id] = set(names)
        # A tag that nearly all pictures have, or a single one, says nothing that can be learned.
        counts = Counter(name for names in labels.values() for name in names)
        useful = {name for name, n in counts.items() if 2 <= n <= 0.9 * len(assets)}
        labels = {asset_id: names & useful for asset_id, names in labels.items()}
    return labels, groups


def _too_few(count: int, left_out: dict[str, int], on: On) -> StudioError:
    if left_out["rights"] and not count:
        return StudioError(
            "The rights of all {n} media found forbid training.",
            hint="Choose others, or change their rights in the inspector.",
            n=left_out["rights"],
        )
    if on != "self" and left_out["unlabelled"] > count:
        return StudioError(
            "Only {n} pictures have labels to learn from; {least} are needed.",
            hint="Give more pictures tags or items, or learn without labels (--on self).",
            n=count,
            least=FEWEST,
        )
    return StudioError(
        "There are only {n} pictures to learn from; {least} are needed.",
        hint="Import more pictures, or widen the search.",
        n=count,
        least=FEWEST,
    )
