"""Extraction and search over a library, as shell and window use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from mmstudio.errors import Cancelled, MediaError, NotFound, UsageError
from mmstudio.features import Features
from mmstudio.features.loading import load_media, square
from mmstudio.features.pictures.backbones import Backbone, find_backbone, random_backbone
from mmstudio.jobs import Progress, run_inline
from mmstudio.library import Library
from mmstudio.library.records import FileUpdate, NewItem
from mmstudio.paths import user_models_dir
from support.library import add_files
from support.media import make_jpeg, make_mp4, make_png, make_text, make_wav


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "shop.mmlib") as opened:
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    found = Features(library, "cpu")
    yield found
    found.close()


def stripes(path: Path, colour: tuple[int, int, int], period: int, turn: bool = False) -> Path:
    """A striped picture: likeness that a network can see."""
    band = (np.arange(96) // period) % 2
    plane = np.broadcast_to(band[None, :, None] if turn else band[:, None, None], (96, 96, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(plane > 0, np.array(colour), 255).astype(np.uint8)).save(path)
    return path


def chord(path: Path, frequency: float, noise: float) -> Path:
    rng = np.random.default_rng(int(frequency))
    t = np.arange(11_025) / 22_050
    y = 0.4 * np.sin(2 * np.pi * frequency * t) + noise * rng.normal(size=len(t))
    soundfile.write(path, y.astype(np.float32), 22_050)
    return path


def test_every_modality_gets_vectors_once(library: Library, features: Features, tmp_path: Path) -> None:
    media = tmp_path / "media"
    pictures = [make_jpeg(media / f"{i}.jpg", seed=i) for i in range(5)]
    add_files(
        library, *pictures, make_wav(media / "a.wav"), make_mp4(media / "c.mp4"), make_text(media / "t.txt")
    )
    library.items.upsert_many([NewItem(sku="1", title="Blue bottle", description="Steel bottle")])
    result = run_inline(features.work())
    wanted = {"cnn": 5, "colour": 5, "mfcc": 1, "sound-shape": 1, "video-cnn": 1, "tfidf-svd": 2}
    assert wanted.items() <= result["extracted"].items()
    assert result["failed"] == []
    json.dumps(result)
    again = run_inline(features.work())
    assert set(again["extracted"].values()) == {0}
    add_files(library, make_jpeg(media / "new.jpg", seed=99))
    assert run_inline(features.work())["extracted"]["cnn"] == 1
    _ids, X = features.matrix("cnn")
    assert X.shape == (6, features.extractors()["cnn"].dimension)
    assert np.abs(X.mean(0)).max() < 1e-3
    _, raw = features.matrix("cnn", normalised=False)
    kept = library.features.stats(features.vectors.set_id(features.extractors()["cnn"]) or 0)
    assert kept is not None
    assert kept.count == 6
    np.testing.assert_allclose(X * kept.std + kept.mean, raw, atol=1e-4)


def test_bad_files_are_marked_and_the_rest_goes_on(
    library: Library, features: Features, tmp_path: Path
) -> None:
    good = [make_jpeg(tmp_path / "m" / f"{i}.jpg", seed=i) for i in range(3)]
    ids = add_files(
        library, *good, make_jpeg(tmp_path / "m" / "bad.jpg", seed=7), make_wav(tmp_path / "m" / "b.wav")
    )
    (tmp_path / "m" / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (tmp_path / "m" / "0.jpg").unlink()
    (tmp_path / "m" / "b.wav").write_bytes(b"")
    result = run_inline(features.work())
    assert result["extracted"]["cnn"] == 2
    assert {path for path, _ in result["failed"]} == {"bad.jpg", "0.jpg", "b.wav"}
    statuses = {asset.rel_path: asset.status for asset in library.assets.get_many(ids)}
    assert statuses == {
        "0.jpg": "missing", "1.jpg": "ok", "2.jpg": "ok", "bad.jpg": "corrupt", "b.wav": "corrupt",
    }  # fmt: skip


def test_strange_pictures_are_fine(library: Library, features: Features, tmp_path: Path) -> None:
    tmp_path.joinpath("m").mkdir()
    Image.new("RGB", (1, 1)).save(tmp_path / "m" / "dot.png")
    Image.new("CMYK", (40, 30)).save(tmp_path / "m" / "cmyk.jpg")
    Image.fromarray(np.full((20, 20), 40_000, np.uint16)).save(tmp_path / "m" / "deep.png")
    frames = [Image.new("P", (20, 20), i) for i in range(3)]
    frames[0].save(tmp_path / "m" / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (2000, 3)).save(tmp_path / "m" / "line.png")
    add_files(library, *sorted((tmp_path / "m").iterdir()))
    assert run_inline(features.work())["extracted"]["cnn"] == 5
    assert np.isfinite(features.matrix("cnn")[1]).all()


def test_cancel_keeps_what_was_stored(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, *(make_jpeg(tmp_path / "m" / f"{i}.jpg", (32, 32), seed=i) for i in range(80)))
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        run_inline(features.work(extractor="cnn"), on_progress=seen.append, cancelled=lambda: len(seen) >= 3)
    assert seen[-1].done < 80
    assert run_inline(features.work(extractor="cnn"))["extracted"]["cnn"] <= 80
    assert len(features.matrix("cnn")[0]) == 80


def test_progress_counts_up_to_the_total(library: Library, features: Features, tmp_path: Path) -> None:
    add_files(library, *(make_jpeg(tmp_path / "m" / f"{i}.jpg", (32, 32), seed=i) for i in range(40)))
    seen: list[Progress] = []
    run_inline(features.work(kind="image"), on_progress=seen.append)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done == seen[-1].total == 40


def test_unknown_names_are_refused(features: Features) -> None:
    with pytest.raises(UsageError, match="no feature extractor"):
        features.work(extractor="magic")
    with pytest.raises(UsageError, match="no kind"):
        features.work(kind="smell")
    with pytest.raises(NotFound):
        features.matrix("magic")


def test_likeness_by_asset_and_by_file(library: Library, features: Features, tmp_path: Path) -> None:
    kinds = [((200, 30, 30), 4, False), ((30, 30, 200), 24, True)]
    paths = [
        stripes(tmp_path / "m" / f"k{n}_{i}.png", tuple(np.clip(np.array(c) + 9 * i, 0, 255)), p, t)
        for n, (c, p, t) in enumerate(kinds)
        for i in range(4)
    ]
    ids = add_files(library, *paths)
    sounds = add_files(
        library,
        *(chord(tmp_path / "m" / f"low{i}.wav", 110 + i, 0.0) for i in range(3)),
        *(chord(tmp_path / "m" / f"hiss{i}.wav", 3000 + i, 0.3) for i in range(3)),
    )
    run_inline(features.work())
    near = features.neighbours(ids[0], k=3)
    assert {hit.asset_id for hit in near} == set(ids[1:4])
    assert all("Looks alike" in hit.why and 0 <= hit.score <= 1 for hit in near)
    outside = stripes(tmp_path / "elsewhere.png", (40, 40, 190), 24, True)
    assert {hit.asset_id for hit in features.search(file=outside, k=4)} == set(ids[4:])
    assert {hit.asset_id for hit in features.neighbours(sounds[0], k=2)} == set(sounds[1:3])
    found = features.search(file=chord(tmp_path / "query.wav", 2990, 0.3), k=3)
    assert {hit.asset_id for hit in found} == set(sounds[3:])
    assert features.search(asset=ids[0], kind="audio") == []
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(MediaError):
        features.search(file=bad)
    with pytest.raises(MediaError):
        features.search(file=tmp_path / "program.exe")


@pytest.fixture
def shop(library: Library, tmp_path: Path) -> Library:
    """Items of three sorts in pairs; the last one has no picture."""
    rows = [
        ("bag1", "Canvas shoulder bag", "A sturdy bag of canvas with leather straps."),
        ("bag2", "Leather travel bag", "A large bag for travel, leather all over."),
        ("lamp1", "Desk lamp", "A lamp with a warm light for your desk."),
        ("lamp2", "Floor lamp", "Warm light for the whole room."),
        ("mat1", "瑜伽垫", "防滑的瑜伽垫，适合在家练习。"),
        ("mat2", "Yoga mat", "Grips well, 瑜伽 at home."),
    ]
    items = library.items.upsert_many(NewItem(sku=s, title=t, description=d) for s, t, d in rows)
    pictures = add_files(
        library,
        *(stripes(tmp_path / "shop" / f"p{i}.png", (40 * i, 90, 120), 3 + 9 * (i // 2)) for i in range(5)),
    )
    for item, picture in zip(items, pictures, strict=False):
        library.items.link_asset(item, picture, "hero")
    return library


def test_words_find_items_and_their_pictures(shop: Library, features: Features) -> None:
    run_inline(features.work())
    bag = shop.items.by_sku("bag1")
    assert bag is not None
    hits = features.search(text="canvas bags", k=10)
    assert hits[0].item_id == bag.id
    assert "bag" in hits[0].why
    assert shop.items.hero_of(bag.id) in {hit.asset_id for hit in hits}
    assert {hit.target for hit in features.search(text="warm light", kind="image")} == {"asset"}
    assert {hit.target for hit in features.search(text="warm light", kind="item")} == {"item"}
    found = {shop.items.get(hit.id).sku for hit in features.search(text="瑜伽", kind="item")}
    assert found == {"mat1", "mat2"}
    assert features.search(text="   ") == features.search() == []
    assert features.search(text='kind:sound "nothing', k=5) == []


def test_words_find_something_before_any_extraction(shop: Library, features: Features) -> None:
    assert features.search(text="lamp", kind="item")
    assert features.similar_items(shop.items.ids()[0]) == []
    assert features.item_vectors().X.shape[0] == 0


def test_item_vectors_mask_what_is_missing(shop: Library, features: Features) -> None:
    run_inline(features.work())
    fused = features.item_vectors()
    assert len(fused.ids) == 6
    np.testing.assert_allclose(np.linalg.norm(fused.X, axis=1), 1, atol=1e-5)
    _columns, has_picture = fused.parts["image"]
    bare = fused.row(shop.items.skus()["mat2"])
    assert bare is not None
    assert has_picture.sum() == 5
    assert not has_picture[bare]
    assert not fused.parts["audio"][1].any()
    # Without a picture an item is compared by its words alone, at full weight.
    text = fused.by_part(bare)["text"]
    np.testing.assert_allclose(fused.similarity(bare), text, atol=1e-5)
    assert fused.similarity(bare)[bare] == pytest.approx(1, abs=1e-5)


def test_similar_items_say_why(shop: Library, features: Features) -> None:
    run_inline(features.work())
    skus = shop.items.skus()
    first = features.similar_items(skus["bag1"], 1)[0]
    assert first.item_id == skus["bag2"]
    assert "bag" in first.why
    assert features.search(item=skus["bag1"], kind="item", k=1)[0].item_id == skus["bag2"]


def test_changed_text_is_read_again(shop: Library, features: Features) -> None:
    run_inline(features.work())
    lamp = shop.items.skus()["lamp1"]
    shop.items.update(lamp, title="Canvas bag", description="A canvas bag")
    assert run_inline(features.work())["extracted"]["tfidf-svd"] == 1
    assert lamp in {hit.item_id for hit in features.search(text="canvas bag", kind="item", k=3)}
    shop.items.upsert_many(NewItem(sku=f"x{i}", title=f"Garden spade {i}") for i in range(12))
    assert (
        run_inline(features.work())["extracted"]["tfidf-svd"] == 18
    )  # so much is new that it is fitted anew


def test_lost_text_model_is_fitted_again(shop: Library, features: Features) -> None:
    run_inline(features.work())
    features.vectors.text_model_path.write_bytes(b"damaged")
    assert features.search(text="lamp", kind="item")
    assert run_inline(features.work())["extracted"]["tfidf-svd"] == 6


def test_changed_file_loses_its_vectors(library: Library, features: Features, tmp_path: Path) -> None:
    (asset,) = add_files(library, make_jpeg(tmp_path / "m" / "a.jpg", seed=1))
    run_inline(features.work())
    library.assets.update_files([FileUpdate(asset, sha256="0" * 64)])
    assert len(features.matrix("cnn")[0]) == 0
    assert run_inline(features.work())["extracted"]["cnn"] == 1


def test_one_single_item_and_picture(library: Library, features: Features, tmp_path: Path) -> None:
    (item,) = library.items.upsert_many([NewItem(sku="1", title="Only lamp")])
    (picture,) = add_files(library, make_png(tmp_path / "m" / "a.png"))
    library.items.link_asset(item, picture, "hero")
    run_inline(features.work())
    assert np.isfinite(features.item_vectors().X).all()
    assert features.similar_items(item) == []
    assert features.search(text="lamp")[0].item_id == item
    assert features.search(file=tmp_path / "m" / "a.png")[0].score == pytest.approx(1, abs=1e-3)


def test_video_without_sound_is_not_taken_for_silence(
    library: Library, features: Features, tmp_path: Path
) -> None:
    ids = add_files(
        library,
        make_mp4(tmp_path / "m" / "a.mp4", audio=True),
        make_mp4(tmp_path / "m" / "b.mp4"),
    )
    run_inline(features.work())
    _, raw = features.matrix("video-cnn", normalised=False)
    assert raw[:, -1].tolist() == [1.0, 0.0]
    _, X = features.matrix("video-cnn")
    assert not X[1, -121:-1].any()
    assert features.neighbours(ids[0])[0].asset_id == ids[1]


def test_palette_of_pictures_only(library: Library, features: Features, tmp_path: Path) -> None:
    picture, tone = add_files(
        library, make_png(tmp_path / "m" / "a.png", color=(200, 30, 40)), make_wav(tmp_path / "m" / "b.wav")
    )
    assert np.abs(np.array(features.palette(picture)[0]) - (200, 30, 40)).max() <= 3
    with pytest.raises(MediaError, match="no colours"):
        features.palette(tone)


def test_export_writes_ids_paths_and_rows(shop: Library, features: Features, tmp_path: Path) -> None:
    run_inline(features.work())
    path = features.export("cnn", tmp_path / "out" / "cnn")
    with np.load(path) as data:
        assert data["raw"].shape == data["normalised"].shape == (5, features.extractors()["cnn"].dimension)
        assert Path(str(data["paths"][0])).is_file()
        np.testing.assert_allclose(data["normalised"] * data["std"] + data["mean"], data["raw"], atol=1e-4)
    with np.load(features.export("tfidf-svd", tmp_path / "text.npz")) as data:
        assert data["item_raw"].shape == (6, 128)


def test_read_only_library_can_be_searched(shop: Library, features: Features) -> None:
    run_inline(features.work())
    with Library.open(shop.path, read_only=True) as reader:
        other = Features(reader, "cpu")
        assert other.search(text="lamp")
        assert other.neighbours(reader.assets.ids()[0])
        other.close()


def test_extractors_say_what_they_are(features: Features) -> None:
    found = features.extractors()
    assert {"cnn", "mfcc", "sound-shape", "log-mel", "video-cnn", "tfidf-svd", "colour"} <= set(found)
    assert found["cnn"].source in {"starter", "random"}
    assert all(info.licence and info.label and info.dimension > 0 for info in found.values())


@pytest.fixture
def put_weights() -> Callable[[str, dict[str, object]], Path]:
    """Puts weights into the user's model folder."""
    import torch
    from safetensors.torch import save_file

    def put(architecture: str, more: dict[str, object]) -> Path:
        import torchvision

        net = getattr(torchvision.models, architecture)(weights=None)
        folder = user_models_dir() / architecture
        folder.mkdir(parents=True)
        state = {name: value.clone() for name, value in net.state_dict().items()}
        if more.pop("poisoned", False):
            state["conv1.weight"] = torch.full_like(state["conv1.weight"], float("nan"))
        save_file(state, str(folder / "weights.safetensors"))
        config = {"kind": "image-backbone", "architecture": architecture, "licence": "BSD-3-Clause"} | more
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    return put


def test_weights_of_the_user_come_first(put_weights: Callable[[str, dict[str, object]], Path]) -> None:
    put_weights("resnet18", {"size": 64})
    spec = find_backbone()
    assert (spec.source, spec.dimension, spec.size) == ("user", 512, 64)
    assert Backbone(spec, "cpu")(np.zeros((2, 64, 64, 3), np.uint8)).shape == (2, 512)


def test_weights_that_are_not_numbers_are_refused(
    put_weights: Callable[[str, dict[str, object]], Path],
    library: Library,
    features: Features,
    tmp_path: Path,
) -> None:
    put_weights("resnet18", {"size": 64, "poisoned": True})
    add_files(library, make_png(tmp_path / "m" / "a.png"))
    with pytest.raises(Exception, match="cannot be read"):
        run_inline(features.work(extractor="cnn"))
    assert len(features.matrix("cnn")[0]) == 0


@pytest.mark.parametrize("config", ["{", "[]", '{"kind": "image-backbone"}', '{"kind": "gan"}'])
def test_other_folders_are_passed_over(config: str) -> None:
    folder = user_models_dir() / "other"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config)
    (folder / "weights.safetensors").write_bytes(b"")
    assert find_backbone().source in {"starter", "random"}


def test_reduced_decoding_hardly_changes_vectors(tmp_path: Path) -> None:
    spec = find_backbone()
    rng = np.random.default_rng(4)
    small = Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8))
    picture = small.resize((1600, 1200), Image.Resampling.BICUBIC)
    path = make_jpeg(tmp_path / "large.jpg", picture=picture)
    reduced = load_media("image", path, spec.size, (1600, 1200), None)
    assert max(reduced.shape) < 400
    whole = np.asarray(Image.open(path).convert("RGB"))
    one, two = Backbone(spec, "cpu")(np.stack([square(reduced, spec.size), square(whole, spec.size)]))
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) > 0.999


def test_random_network_is_repeatable_and_says_so() -> None:
    spec = random_backbone()
    assert spec.source == "random"
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    one, two = (Backbone(spec, "cpu")(pictures) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all()


def test_a_run_with_no_media_to_look_at_loads_no_network(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mmstudio.features import Features\n"
        "from mmstudio.jobs import run_inline\n"
        "from support.libraries import new_library\n"
        "from support.library import add_files\n"
        "from support.media import make_text\n"
        "folder = Path(sys.argv[1])\n"
        "with new_library(folder) as library:\n"
        "    add_files(library, make_text(folder / 'a.txt', 'A boat in the harbour.'))\n"
        "    features = Features(library, 'auto')\n"
        "    print(run_inline(features.work())['extracted']['tfidf-svd'], 'torch' in sys.modules)\n"
        "    features.close()\n"
    )
    tests = Path(__file__).parents[1]
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(tests)},
    )  # fmt: skip
    assert answer.stdout.split() == ["1", "False"], answer.stderr


def test_a_file_is_like_its_copies_where_all_pictures_are_one(
    library: Library, features: Features, tmp_path: Path
) -> None:
    ramp = np.linspace(0, 255, 60_000).reshape(200, 300).astype(np.uint8)
    media = tmp_path / "media"
    media.mkdir()
    copies = [media / f"{i}.png" for i in range(3)]
    for copy in copies:
        Image.fromarray(ramp).save(copy)
    add_files(library, *copies)
    run_inline(features.work())
    scores = [hit.score for hit in features.search(file=copies[0]) if hit.asset_id is not None]
    np.testing.assert_allclose(scores, [1.0, 1.0, 1.0], atol=0.01)
