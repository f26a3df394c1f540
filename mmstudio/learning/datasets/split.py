"""Which media are held out of a training: the same ones for the same library and seed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.library.records import Asset

LEAST = 20  # assets, below which none is held out
SHARE, MOST = 0.1, 1000
NEAR = 6  # of the 64 bits of the perceptual hash: closer pictures count as one
_BANDS = (10, 9, 9, 9, 9, 9, 9)  # bits; hashes within six bits agree in one of seven bands (pigeonhole)


def held_out(assets: Sequence[Asset], seed: int, groups: Sequence[Sequence[Asset]] | None = None) -> set[int]:
    """Ids of the assets to hold out: about a tenth, at most 1,000; none of fewer than 20.

    Depends on the seed and the contents only, not on ids or their order. The same content, and pictures
    whose perceptual hashes nearly agree, go to the same side, so that a model is not judged on what it knows;
    ``groups`` are those of :func:`alike` where they are known already.
    """
    wanted = min(MOST, round(SHARE * len(assets)))
    if len(assets) < LEAST:
        return set()
    drawn = sorted(
        groups or alike(assets), key=lambda group: _lot(seed, min(asset.sha256 for asset in group))
    )
    chosen: set[int] = set()
    for group in drawn:
        if len(chosen) + len(group) <= wanted:
            chosen |= {asset.id for asset in group}
    return chosen


def alike(assets: Sequence[Asset]) -> list[list[Asset]]:
    """The assets in groups of the same content or nearly agreeing perceptual hashes; most groups are of one.

    Chains are followed: of three of which only neighbours are alike, all are one group.
    """
    codes = np.array([_code(asset) for asset in assets], np.uint64)
    first: dict[tuple[str, int | str], int] = {}
    parent = list(range(len(assets)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, asset in enumerate(assets):
        keys: list[tuple[str, int | str]] = [("content", asset.sha256)]
        if codes[i]:  # no hash, or a picture without detail: it tells nothing
            keys.append(("code", int(codes[i])))
        for key in keys:
            parent[root(i)] = root(first.setdefault(key, i))
    unlike = [i for (kind, _), i in first.items() if kind == "code"]
    for a, b in near_pairs(codes[unlike]):
        parent[root(unlike[a])] = root(unlike[b])
    groups: dict[int, list[Asset]] = defaultdict(list)
    for i, asset in enumerate(assets):
        groups[root(i)].append(asset)
    return list(groups.values())


def near_pairs(codes: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Row pairs (i < j) of different uint64[N] that differ in at most :data:`NEAR` bits; some come twice.

    Multi-index hashing (Norouzi et al., CVPR 2012): only rows that agree in one of seven bands are compared.
    """
    shift = 0
    for bits in _BANDS:
        band = (codes >> np.uint64(shift)) & np.uint64((1 << bits) - 1)
        shift += bits
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.diff(band[order], prepend=np.uint64(1 << 63)))
        for bucket in np.split(order, starts[1:]):
            for at in range(0, len(bucket) - 1, 1024):  # a thousand rows against the rest: bounded memory
                some = bucket[at : at + 1024]
                apart = np.bitwise_count(codes[some][:, None] ^ codes[bucket[at:]][None]) <= NEAR
                for i, j in np.argwhere(np.triu(apart, 1)):
                    a, b = int(some[i]), int(bucket[at + j])
                    yield (a, b) if a < b else (b, a)


def _code(asset: Asset) -> int:
    try:
        return int(asset.phash or "0", 16)
    except ValueError:
        return 0


def _lot(seed: int, sha256: str) -> bytes:
    return hashlib.sha256(f"{seed} {sha256}".encode()).digest()
