"""Tags of the library as measures of a picture: a linear probe on the features of tagged pictures."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmstudio.errors import StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import Progress

if TYPE_CHECKING:
    from mmstudio.features.tagging.fewshot import Taught
    from mmstudio.library import Library

log = logging.getLogger(__name__)
FEWEST, MOST_TAGS, MOST_PICTURES = 5, 12, 240
GOOD = 0.7  # balanced accuracy on pictures left out
SIDE = 64  # pixels that pictures are read at


@dataclass(slots=True)
class Probe:
    """A tag that pictures can be measured by."""

    tag: str
    taught: Taught
    accuracy: float

    def scores(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Rows of length 1 → how much each looks like the tag; float64[N]."""
        return self.taught.scores(features.astype(np.float64))


class TagProbes:
    """Learns probes from a library's own tagged pictures."""

    def __init__(self, library: Library, device: str = "cpu") -> None:
        self.library, self.device = library, device

    def tags(self) -> list[str]:
        """Tags carried by enough imported pictures and not by nearly all, most used first."""
        from mmstudio.library import AssetFilter

        assets = self.library.assets
        every = assets.count(AssetFilter(kinds=("image",), origin="imported"))
        found: list[str] = []
        for name, uses in assets.all_tags():
            if uses < FEWEST or len(found) == MOST_TAGS:
                break
            count = assets.count(AssetFilter(kinds=("image",), origin="imported", tags=(name,)))
            if FEWEST <= count <= 0.9 * every:
                found.append(name)
        return found

    def mark(self) -> str:
        """What sliders of tags depend on, short."""
        return f"{zlib.crc32('|'.join(self.tags()).encode()):08x}"

    def __call__(self) -> Generator[Progress, None, list[Probe]]:
        """Probes that tell their tag apart on pictures left out; reads at most :data:`MOST_PICTURES`."""
        from mmstudio.features.tagging.fewshot import accuracy_of, teach

        names = self.tags()
        if not names:
            return []
        ids, features = yield from self._features(names)
        if len(ids) < 2 * FEWEST:
            return []
        carried = self.library.assets.tags_of(ids)
        centre = features.mean(0)
        probes = []
        for name in names:
            labels = np.array([float(name in carried[asset]) for asset in ids])
            if min(labels.sum(), len(labels) - labels.sum()) < FEWEST:
                continue
            order = np.argsort(-labels, kind="stable")  # examples first, as accuracy_of reads them
            taught = teach(features[order], labels[order], centre)
            accuracy = accuracy_of(taught, int(labels.sum()), int(len(labels) - labels.sum()), 0.0)
            if accuracy >= GOOD:
                probes.append(Probe(name, taught, accuracy))
        return probes

    def _features(self, names: list[str]) -> Generator[Progress, None, tuple[list[int], NDArray[np.float32]]]:
        from mmstudio.generation.latents.survey import unit
        from mmstudio.learning.datasets.gather import picture_of
        from mmstudio.learning.evaluation.networks import picture_features
        from mmstudio.library import AssetFilter

        assets = self.library.assets
        random = np.random.default_rng(zlib.crc32("|".join(names).encode()))
        chosen: dict[int, None] = {}
        share = MOST_PICTURES // (len(names) + 1)
        for name in names:
            carried = assets.ids(AssetFilter(kinds=("image",), origin="imported", tags=(name,)))
            chosen |= dict.fromkeys(random.permutation(carried)[:share].tolist())
        rest = assets.ids(AssetFilter(kinds=("image",), origin="imported"))
        chosen |= dict.fromkeys(random.permutation(rest)[: MOST_PICTURES - len(chosen)].tolist())
        measure, _ = picture_features(self.device)
        ids: list[int] = []
        rows: list[NDArray[np.float64]] = []
        wanted = sorted(chosen)
        for first in range(0, len(wanted), 8):
            pixels = []
            for asset in assets.get_many(wanted[first : first + 8]):
                try:
                    pixels.append(picture_of(assets.path_of(asset), SIDE))
                except (StudioError, OSError) as error:
                    log.info("not looked at: %s: %s", asset.rel_path, error)
                    continue
                ids.append(asset.id)
            if pixels:
                rows.append(measure(np.stack(pixels)))
            done = min(len(wanted), first + 8)
            note = tr("Looking at {done} of {total} tagged pictures", done=done, total=len(wanted))
            yield Progress(done, len(wanted), note)
        if not rows:
            return [], np.zeros((0, 1), np.float32)
        return ids, unit(np.concatenate(rows)).astype(np.float32)
