"""What is held out: the same for the same library, near copies together, about a tenth."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from mmstudio.features.augment import preset
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.datasets.gather import Gathered, as_record, gather
from mmstudio.learning.datasets.split import alike, held_out, near_pairs
from mmstudio.learning.families import default_config
from mmstudio.library import Asset, Library
from support.learning import picture_library

PLAIN = Asset(
    0, "image", 1, "", "", 1, 1, 64, 64, None, None, None,
    "", "", None, "unknown", "imported", "ok", "", 0, "",
)  # fmt: skip


def some_assets(count: int, seed: int = 0) -> list[Asset]:
    """Assets of random content."""
    random = np.random.default_rng(seed)
    codes = random.integers(1, 2**63, count)
    return [
        replace(PLAIN, id=i + 1, sha256=sha256(f"{seed} {i}".encode()).hexdigest(), phash=f"{code:016x}")
        for i, code in enumerate(codes)
    ]


def collected(library: Library, config: ModelConfig) -> Gathered:
    steps = gather(library, config)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Gathered = stop.value
            return found


@pytest.mark.parametrize(
    ("count", "held"), [(0, 0), (1, 0), (19, 0), (20, 2), (25, 2), (200, 20), (12_000, 1000)]
)
def test_about_a_tenth_is_held_out_from_twenty_on(count: int, held: int) -> None:
    assert len(held_out(some_assets(count), seed=0)) == held


def test_ids_and_order_do_not_matter_the_seed_does() -> None:
    assets = some_assets(200)
    by_content = {asset.id: asset.sha256 for asset in assets}
    chosen = {by_content[i] for i in held_out(assets, 0)}
    other = [replace(asset, id=asset.id + 1000) for asset in reversed(assets)]
    held = held_out(other, 0)
    again = {asset.sha256 for asset in other if asset.id in held}
    assert chosen == again
    assert chosen != {by_content[i] for i in held_out(assets, 1)}


def test_a_new_picture_moves_few_others() -> None:
    assets = some_assets(300)
    before, after = held_out(assets[:-1], 0), held_out(assets, 0)
    assert len(before ^ after) <= 3


def test_copies_go_to_the_same_side() -> None:
    assets = some_assets(120)
    pairs = []
    for first, second in zip(assets[:60:2], assets[1:60:2], strict=True):
        near = int(first.phash or "0", 16) ^ 0b1001000000000000000100001
        pairs.append([first, replace(second, phash=f"{near:016x}")])
    same = replace(assets[119], sha256=assets[118].sha256, phash=None)
    all_of_them = [asset for pair in pairs for asset in pair] + assets[60:119] + [same]
    for seed in range(5):
        held = held_out(all_of_them, seed)
        assert len(held) >= 10
        for a, b in [*pairs, (assets[118], same)]:
            assert (a.id in held) == (b.id in held)


def test_all_alike_are_all_trained_on() -> None:
    one = some_assets(1)[0]
    assert held_out([replace(one, id=i) for i in range(40)], 0) == set()
    assert len(alike([replace(one, id=i) for i in range(40)])) == 1


def test_pictures_without_a_hash_are_not_taken_for_copies() -> None:
    blank = [replace(asset, phash=code) for asset in some_assets(40) for code in (None,)]
    flat = [replace(asset, phash="0" * 16) for asset in some_assets(40, seed=1)]
    assert len(alike([*blank, *flat, *[replace(asset, phash="what") for asset in some_assets(3, 2)]])) == 83


def test_near_pairs_are_all_found_and_no_others() -> None:
    random = np.random.default_rng(3)
    codes = random.integers(1, 2**63, 400, dtype=np.uint64)
    for place in range(100):  # neighbours from 1 to 9 bits away
        bits = random.choice(63, 1 + place % 9, replace=False)
        codes[200 + place] = codes[place] ^ np.uint64(sum(1 << int(bit) for bit in bits))
    expected = {
        (i, j) for i in range(400) for j in range(i + 1, 400) if int(codes[i] ^ codes[j]).bit_count() <= 6
    }
    assert set(near_pairs(codes)) == expected
    assert len(expected) >= 60


def test_a_training_holds_out_assets_and_remembers_which(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=24) as library:
        config = default_config("image-gan", "m", size=16)
        config.augment = preset("gentle").as_json()
        found = collected(library, config)
        assert found.held is not None
        assert len(found.held) == len(found.held_assets) == 2
        assert not set(found.held_assets) & set(found.assets)
        assert len(found.pixels) == 22 + found.augmented
        assert found.augmented > 0
        assert "2 are held out to judge by" in found.notes
        record = as_record(found)
        assert record["held_assets"] == sorted(found.held_assets)
        assert (record["examples"], len(record["assets"])) == (22, 22)
        again = collected(library, config)
        assert np.array_equal(found.pixels, again.pixels)
        assert again.held_assets == found.held_assets


def test_sounds_and_few_pictures_are_all_trained_on(tmp_path: Path) -> None:
    with picture_library(tmp_path, count=6) as library:
        found = collected(library, default_config("image-vae", "m", size=16))
        assert found.held is None
        assert found.held_assets == []
        assert len(found.pixels) == 6
