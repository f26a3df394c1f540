"""Where a file came from: record, label, C2PA signatures, and reading all of it back."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Storyboard
from mmstudio.composition.storyboard import GeneratedLayer, ImageLayer, Scene, Source
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.export.options import ExportOptions
from mmstudio.export.provenance import finish, record_of, verify, visible_label
from mmstudio.export.provenance.certificate import load_certificate, new_certificate
from mmstudio.export.provenance.label import law_of
from mmstudio.export.provenance.verifying import verify_all
from support.media import make_picture, make_wav
from support.shop import Shop, make_shop


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    signing, authority = new_certificate(tmp_path_factory.mktemp("certificate"), "Harbour Shop")
    return str(signing), authority


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def made(board_locale: str = "en", **layers: int) -> Storyboard:
    """One scene: ``photo`` and ``drawn`` are asset ids of a photograph and of a model's picture."""
    scene = Scene()
    sources = []
    if "photo" in layers:
        scene.layers.append(ImageLayer(asset_id=layers["photo"]))
        sources.append(Source("hero", "asset", layers["photo"]))
    if "drawn" in layers:
        scene.layers.append(GeneratedLayer(asset_id=layers["drawn"]))
        sources.append(Source("background", "generated", layers["drawn"]))
    return Storyboard(name="Board", locale=board_locale, scenes=[scene], sources=sources)


def test_the_source_type_says_who_made_it() -> None:
    assert "digital_source_type" not in record_of(made(photo=1))
    mixed = record_of(made(photo=1, drawn=2))
    assert mixed["digital_source_type"] == "compositeWithTrainedAlgorithmicMedia"
    assert record_of(made(drawn=2))["digital_source_type"] == "trainedAlgorithmicMedia"
    board = made(photo=1, drawn=2)
    assert record_of(board) == record_of(Storyboard.from_dict(board.to_dict()))
    assert len(record_of(Storyboard(recipe="product-ad"))["recipe_hash"]) == 64
    assert "recipe_hash" not in record_of(Storyboard(recipe="../../etc"))
    assert len(record_of(Storyboard(copy={"headline": "x " * 10_000}))["title"]) == 300


@pytest.mark.parametrize(
    ("locale", "market", "law"),
    [
        ("en", "", ""), ("en_GB", "", ""), ("en_IE", "", "eu"), ("de", "", "eu"), ("de_CH", "", ""),
        ("zh_CN", "", "cn"),
        ("zh", "", "cn"), ("zh-Hant-TW", "", ""), ("en", "FR", "eu"),
        ("de_DE", "US", ""),
    ],
)  # fmt: skip
def test_whose_law_asks_for_a_label(locale: str, market: str, law: str) -> None:
    assert law_of(locale, market) == law


def test_the_label_is_shown_where_it_is_asked_for() -> None:
    assert visible_label(made("zh_CN", drawn=2)) == "AI生成"
    assert visible_label(made("zh_CN", photo=1, drawn=2)) == "含AI生成内容"
    assert visible_label(made("de_DE", photo=1, drawn=2)) == "Enthält KI-generierte Inhalte"
    assert visible_label(made("en", drawn=2)) == ""
    assert visible_label(made("en", drawn=2), ExportOptions(label="always")) == "Made with AI"
    assert visible_label(made("en", drawn=2), ExportOptions(market="FR")) == "Made with AI"
    assert visible_label(made("zh_CN", drawn=2), ExportOptions(label="never")) == ""
    assert visible_label(made("zh_CN", photo=1), ExportOptions(label="always")) == ""
    assert json.loads(record_of(made("zh_CN", drawn=2))["aigc"])["Label"] == "1"
    assert "aigc" not in record_of(made("en", drawn=2))


def files(folder: Path) -> list[Path]:
    """One file of each kind that is signed in its own way."""
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(3).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    for suffix in (".png", ".jpg", ".webp", ".avif", ".pdf"):
        Image.fromarray(noise).save(folder / f"a{suffix}", quality=95)
    make_wav(folder / "a.wav", seconds=0.2)
    (folder / "a.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{"<g/>" * 5000}</svg>')
    (folder / "a.html").write_text("<html><head></head><body>x</body></html>")
    (folder / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nx\n")
    return sorted(folder.iterdir())


def test_signed_files_are_valid_trusted_with_the_authority_and_invalid_after_a_flipped_byte(
    tmp_path: Path, signer: tuple[str, Path]
) -> None:
    board, options = made(photo=1, drawn=2), ExportOptions(sign_with=signer[0])
    record = record_of(board)
    for path in files(tmp_path / "out"):
        beside = finish(path, record, board, options)
        assert (beside is not None) == (path.suffix in (".html", ".srt"))
        if beside is not None:
            path.with_name(path.name + ".c2pa").write_bytes(beside)
        plain, trusted = verify(path), verify(path, signer[1])
        assert (plain.signature, trusted.signature) == ("valid", "trusted"), path.name
        assert trusted.signer == "Harbour Shop"
        assert trusted.digital_source_type == "compositeWithTrainedAlgorithmicMedia"
        assert trusted.record["storyboard"] == record["storyboard"]
        assert trusted.ok
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        broken = verify(path, signer[1])
        assert broken.signature == "invalid"
        assert broken.problems


def test_a_reader_of_others_finds_created_and_no_thumbnail(tmp_path: Path, signer: tuple[str, Path]) -> None:
    path = tmp_path / "a.png"
    make_picture((40, 30)).save(path)
    before = path.stat().st_size
    finish(path, record_of(made(drawn=2)), made(drawn=2), ExportOptions(sign_with=signer[0]))
    assert path.stat().st_size - before < 8_000
    with path.open("rb") as stream, c2pa.Reader("image/png", stream) as reader:
        manifest = reader.get_active_manifest()
    assert manifest is not None
    actions = next(a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))
    created = actions["data"]["actions"][0]
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert "thumbnail" not in manifest


def test_sources_with_manifests_are_named_as_ingredients(shop: Shop, signer: tuple[str, Path]) -> None:
    options = ExportOptions(sign_with=signer[0])
    asset = shop.library.items.assets_of(shop.bag)[0].asset_id
    source = shop.library.assets.path_of(shop.library.assets.get(asset))
    finish(source, record_of(made(drawn=2)), made(drawn=2), options)
    board = made(photo=asset)
    for library, ingredients in ((None, 0), (shop.library, 1)):
        path = shop.folder / "card.png"
        make_picture((40, 30)).save(path)
        finish(path, record_of(board), board, options, library=library)
        assert verify(path).ingredients == ingredients
        with path.open("rb") as stream, c2pa.Reader("image/png", stream) as reader:
            assert source.stem not in reader.json()


def test_a_manifest_beside_it_must_list_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    make_picture((40, 30)).save(path)
    assert verify(path).listed is None
    digest = verify(path).sha256
    manifest = tmp_path / "card.manifest.json"
    manifest.write_text(json.dumps({"files": [{"path": "card.png", "sha256": digest}, "x", None]}))
    assert verify(path).listed is True
    manifest.write_text(json.dumps({"files": [{"path": "card.png", "sha256": "0" * 64}]}))
    verdict = verify(path)
    assert (verdict.listed, verdict.ok) == (False, False)
    for nonsense in ("[" * 100_000, "[]", '{"files": 3}', "\x00"):
        manifest.write_text(nonsense)
        assert verify(path).listed is None
    assert [v.file for v in verify_all([tmp_path])] == ["card.png"]


def test_a_damaged_file_is_a_verdict_and_a_missing_one_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"no picture")
    verdict = verify(path)
    assert not verdict.ok
    assert "damaged" in verdict.problems[0]
    beside = tmp_path / "a.bin"
    beside.write_bytes(b"1")
    (tmp_path / "a.bin.c2pa").write_bytes(b"no manifest")
    assert verify(beside).signature == "invalid"
    with pytest.raises(NotFound):
        verify(tmp_path / "gone.png")
    with pytest.raises(StudioError, match="no certificates"):
        verify(path, path)


def test_a_certificate_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives import serialization

    signing, authority = new_certificate(tmp_path / "c", "  Ann   Maker ")
    assert load_certificate(signing).name == "Ann Maker"
    assert b"PRIVATE" not in authority.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(signing.stat().st_mode) == 0o600
    with pytest.raises(StudioError, match="there already"):
        new_certificate(tmp_path / "c", "Ann")
    for name, days in (("", 5), ("x" * 65, 5), ("Ann", 0)):
        with pytest.raises(UsageError):
            new_certificate(tmp_path / "d", name, days=days)
    with pytest.raises(StudioError, match="no private key"):
        load_certificate(authority)
    with pytest.raises(StudioError, match="cannot be read"):
        load_certificate(tmp_path / "gone.pem")
    (tmp_path / "junk.pem").write_text("junk")
    with pytest.raises(StudioError, match="no certificate"):
        load_certificate(tmp_path / "junk.pem")
    other, _ = new_certificate(tmp_path / "e", "Bo")
    mixed = tmp_path / "mixed.pem"
    mixed.write_bytes(authority.read_bytes() + other.read_bytes()[-300:])
    with pytest.raises(StudioError):
        load_certificate(mixed)
    key = serialization.load_pem_private_key(load_certificate(signing).key, None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        load_certificate(signing).chain
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    with pytest.raises(StudioError, match="locked"):
        load_certificate(locked)
    with pytest.raises(StudioError, match="does not open"):
        load_certificate(locked, "wrong words")
    monkeypatch.setenv("MMSTUDIO_CERTIFICATE_PASSPHRASE", "open sesame")
    assert load_certificate(locked).name == "Ann Maker"


def test_a_failed_signature_leaves_the_file_as_it_was(tmp_path: Path, signer: tuple[str, Path]) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(b"no flac")
    with pytest.raises(StudioError):
        finish(path, record_of(made(drawn=2)), made(drawn=2), ExportOptions(sign_with=signer[0]))
    assert path.read_bytes() == b"no flac"
    assert [p.name for p in tmp_path.iterdir()] == ["a.flac"]


def test_a_preview_draws_the_label_that_the_export_has(shop: Shop) -> None:
    from mmstudio.composition.render import Renderer, frame_array
    from mmstudio.desktop.views.board_frames import BoardFrames, KeptPictures
    from mmstudio.export.privacy import prepare

    asset = shop.library.items.assets_of(shop.bag)[0].asset_id
    board = made("zh_CN", photo=asset, drawn=asset)
    board.size = (320, 320)
    leaves = prepare(shop.library, board).board
    assert leaves.label
    exported = frame_array(Renderer(leaves, shop.library).frame(0.0, (320, 320)))
    frames = BoardFrames(board, shop.library, KeptPictures(shop.library))
    frames.prepare(0.0, (320, 320))
    assert np.array_equal(frame_array(frames.frame(0.0, (320, 320))), exported)
    assert not np.array_equal(frame_array(Renderer(board, shop.library).frame(0.0, (320, 320))), exported)
    assert board.label == ""


def test_a_generated_picture_that_came_in_by_hand_is_still_said(shop: Shop) -> None:
    from mmstudio.export.privacy import prepare
    from mmstudio.library.importing import register_generated

    drawn = shop.folder / "drawn.png"
    make_picture((40, 30)).save(drawn)
    asset = register_generated(shop.library, drawn, "image", "Drawn", model="m", seed=1)
    board = made("zh_CN", photo=asset)
    assert "digital_source_type" not in record_of(board)
    leaves = prepare(shop.library, board).board
    assert record_of(leaves)["digital_source_type"] == "trainedAlgorithmicMedia"
    assert leaves.label == "AI生成"
