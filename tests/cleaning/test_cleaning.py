"""The library doctor: copies found and merged, findings fixed, everything undone again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageEnhance, ImageFilter

from mmstudio.cleaning import duplicates, fix, report
from mmstudio.errors import UsageError
from mmstudio.features import Features
from mmstudio.jobs import run_inline
from mmstudio.library import AssetFilter, Library
from mmstudio.library.records import NewItem
from support.library import add_files
from support.media import make_jpeg, make_png, make_text, make_wav


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "lib.mmlib") as opened:
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def photo(seed: int, side: int = 240) -> Image.Image:
    """Soft coloured shapes, unlike those of any other seed."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return small.resize((side, side), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def save(picture: Image.Image, path: Path, **options: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)
    return path


def kinds(library: Library) -> dict[str, int]:
    return {f.kind: len(f.asset_ids) or len(f.item_ids) for f in report(library).findings}


def test_exact_copies_merge_into_the_best_and_come_back(
    library: Library, features: Features, tmp_path: Path
) -> None:
    one = save(photo(1), tmp_path / "m" / "a.png")
    two = tmp_path / "m" / "b.png"
    two.write_bytes(one.read_bytes())
    ids = add_files(library, one, two, save(photo(2), tmp_path / "m" / "c.png"))
    library.assets.add_tags([ids[1]], ["summer"])
    library.assets.set_rating([ids[1]], 0)
    (item,) = library.items.upsert_many([NewItem(sku="1", title="Lamp", description="A lamp", price=3)])
    library.items.link_asset(item, ids[1], "hero")
    (group,) = duplicates(library, features)
    assert (group.kind, sorted(group.asset_ids), group.score) == ("exact", ids[:2], 1.0)
    kept, gone = group.asset_ids
    assert fix(library, "exact") == 1
    assert library.assets.get(gone).status == "trashed"
    assert library.assets.tags_of([kept])[kept] == ["summer"]
    assert library.items.hero_of(item) == kept
    assert duplicates(library, features) == []
    while library.undo.can_undo():
        library.undo.undo()
    assert library.assets.get(gone).status == "ok"


def test_near_copies_of_pictures_but_not_other_colours(
    library: Library, features: Features, tmp_path: Path
) -> None:
    original = photo(3)
    folder = tmp_path / "m"
    copies = add_files(
        library,
        save(original, folder / "original.png"),
        save(original, folder / "compressed.jpg", quality=35),
        save(original.resize((90, 90)), folder / "small.png"),
        save(ImageEnhance.Brightness(original).enhance(1.08), folder / "bright.png"),
    )
    red, green, blue = original.split()
    add_files(
        library,
        save(Image.merge("RGB", (blue, red, green)), folder / "recoloured.png"),
        *(save(photo(seed), folder / f"other{seed}.png") for seed in range(20, 32)),
    )
    for extracted in (False, True):
        (group,) = duplicates(library, features)
        assert group.kind == "near"
        assert sorted(group.asset_ids) == copies
        assert group.asset_ids[0] != copies[2], "the small copy is not the one to keep"
        assert 0.9 <= group.score <= 1
        if not extracted:
            run_inline(features.work(extractor="cnn"))


def test_near_copies_of_sounds_and_texts(library: Library, features: Features, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    rng = np.random.default_rng(5)
    sounds = []
    for n in range(6):
        t = np.arange(22_050) / 22_050
        tone = np.sin(2 * np.pi * (150 + 170 * n) * t) * np.exp(-n * t) + 0.03 * (n + 1) * rng.normal(
            size=len(t)
        )
        soundfile.write(folder / f"s{n}.wav", (0.3 * tone).astype(np.float32), 22_050)
        sounds.append(folder / f"s{n}.wav")
    samples, rate = soundfile.read(folder / "s2.wav", dtype="float32")
    soundfile.write(folder / "copy.flac", samples, rate)
    text = "A quiet lamp for the desk with a warm light that can be dimmed in five steps by hand. "
    more = "The shade is made of recycled glass and the base of oak from nearby woods."
    texts = [
        make_text(folder / "t1.txt", text + more),
        make_text(folder / "t2.txt", text + more + " New."),
        make_text(
            folder / "t3.txt", "Running shoes with a soft sole for long distances on the road and in town."
        ),
    ]
    add_files(library, *sounds, folder / "copy.flac", *texts)
    run_inline(features.work())
    found = [
        {asset.rel_path for asset in library.assets.get_many(group.asset_ids)}
        for group in duplicates(library, features)
    ]
    assert sorted(map(sorted, found)) == [["copy.flac", "s2.wav"], ["t1.txt", "t2.txt"]]


def test_report_names_what_is_wrong_and_fix_mends_it(
    library: Library, features: Features, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    soundfile.write(folder / "silent.wav", np.zeros(8000, np.float32), 8000)
    ids = add_files(
        library,
        make_jpeg(
            folder / "good.jpg", picture=photo(1).resize((8, 8)).resize((96, 96), Image.Resampling.NEAREST)
        ),
        make_png(folder / "dot.png", (5, 5)),
        make_wav(folder / "good.wav"),
        folder / "silent.wav",
        make_jpeg(folder / "gone.jpg", seed=2),
        make_jpeg(folder / "broken.jpg", seed=3),
    )
    library.items.upsert_many([NewItem(sku="1", title="Lamp")])
    run_inline(features.work())
    (folder / "gone.jpg").unlink()
    library.assets.set_status(ids[5], "corrupt", "damaged")
    before = kinds(library)
    assert before == {
        "missing": 1, "corrupt": 1, "tiny": 1, "silent": 1,
        "item-picture": 1, "item-price": 1, "item-text": 1,
    }  # fmt: skip
    assert kinds(library) == before, "a report changes nothing"
    for kind in ("missing", "corrupt", "tiny", "silent"):
        assert fix(library, kind) == 1
        assert fix(library, kind) == 0
    left = {asset.rel_path for asset in library.assets.get_many(library.assets.ids(AssetFilter()))}
    assert left == {"good.jpg", "good.wav"}
    assert all(path.exists() for path in folder.iterdir())


def test_clean_and_empty_libraries(library: Library, features: Features) -> None:
    assert report(library).findings == ()
    assert duplicates(library, features) == []
    with pytest.raises(UsageError, match="no fix"):
        fix(library, "everything")
