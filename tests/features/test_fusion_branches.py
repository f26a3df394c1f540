"""Items of one or many modalities: each takes the branch its media call for, and nothing missing counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mmstudio.features import Features
from mmstudio.features.records import ItemVectors
from mmstudio.jobs import run_inline
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from support.library import add_files
from support.media import make_jpeg, make_mp4, make_wav


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, dict[str, int], ItemVectors]]:
    """Items by name with a picture, a sound, a video or several; none but `words` says anything."""
    tmp_path = tmp_path_factory.mktemp("items")
    folder = tmp_path / "m"
    with Library.create(tmp_path / "shop.mmlib") as library:
        media = {
            "picture": make_jpeg(folder / "p.jpg", seed=1),
            "picture2": make_jpeg(folder / "p2.jpg", seed=2),
            "sound": make_wav(folder / "s.wav", frequency=300),
            "sound2": make_wav(folder / "s2.wav", frequency=2000),
            "mute": make_mp4(folder / "mute.mp4", seed=3),
            "film": make_mp4(folder / "film.mp4", seed=3, audio=True),
        }
        asset = dict(zip(media, add_files(library, *media.values()), strict=True))
        holds = {
            "picture": ["picture"], "sound": ["sound"], "sound2": ["sound2"], "mute": ["mute"],
            "film": ["film"], "both": ["picture", "sound"], "other": ["picture2", "sound"],
            "words": [], "none": [],
        }  # fmt: skip
        items = {}
        for name, parts in holds.items():
            title = "Steel bottle" if name == "words" else "?"
            library.items.upsert_many([NewItem(sku=name, title=title)])
            item = library.items.by_sku(name)
            assert item is not None
            items[name] = item.id
            for part in parts:
                role = {"p": "hero", "s": "music"}.get(part[0], "clip")
                library.items.link_asset(item.id, asset[part], role)
        features = Features(library, "cpu")
        run_inline(features.work())
        yield library, items, features.item_vectors()
        features.close()


Made = tuple[Library, dict[str, int], ItemVectors]


def test_every_item_takes_the_branch_of_its_media(made: Made) -> None:
    _, items, vectors = made
    assert len(vectors.branches) == len(vectors.ids)
    branch = dict(zip(vectors.ids.tolist(), vectors.branches, strict=True))
    named = {name: branch.get(number) for name, number in items.items()}
    assert named == {
        "picture": "image", "sound": "audio", "sound2": "audio", "mute": "video", "film": "video",
        "both": "fused", "other": "fused", "words": "text", "none": None,
    }  # fmt: skip


def test_a_branch_of_one_modality_is_that_vector_alone(made: Made) -> None:
    _, items, vectors = made
    row = vectors.row(items["picture"])
    assert row is not None
    columns, mask = vectors.parts["image"]
    assert mask[row]
    assert np.linalg.norm(vectors.X[row, columns]) == pytest.approx(1, abs=1e-5)
    fused = vectors.row(items["both"])
    assert fused is not None
    for modality, there in (("image", True), ("audio", True), ("text", False), ("video", False)):
        columns, mask = vectors.parts[modality]
        assert bool(mask[fused]) == there
        assert bool(np.linalg.norm(vectors.X[fused, columns]) > 0) == there


def test_likeness_minds_only_what_both_have(made: Made) -> None:
    _, items, vectors = made
    row = {name: vectors.row(number) for name, number in items.items()}
    both = row["both"]
    assert both is not None
    like = vectors.similarity(both)
    # The picture and the sound of `both` alone: the same in what they share, whatever they lack.
    assert like[row["picture"]] == pytest.approx(1, abs=1e-5)
    assert like[row["sound"]] == pytest.approx(1, abs=1e-5)
    assert like[row["other"]] < 1
    # Nothing in common is no likeness, rather than that of zeros.
    assert like[row["words"]] == 0
    assert np.isnan(vectors.by_part(both)["image"][row["words"]])


def test_a_film_without_sound_is_like_the_same_film_with_it(made: Made) -> None:
    _, items, vectors = made
    mute, film = vectors.row(items["mute"]), vectors.row(items["film"])
    assert mute is not None
    assert vectors.similarity(mute)[film] > 0.8


def test_vectors_of_an_empty_library_have_no_branches(tmp_path: Path) -> None:
    with Library.create(tmp_path / "empty.mmlib") as library:
        features = Features(library, "cpu")
        assert features.item_vectors().branches == ()
        features.close()
