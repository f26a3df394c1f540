"""Bundles to a passphrase or a recipient: opened again, and refused in one sentence where it does not fit."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyrage
import pytest

from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.export import encrypt
from mmstudio.export.encrypt import (
    decrypt_bundle,
    encrypt_folder,
    encrypt_with_passphrase,
    needs_passphrase,
)

WORDS = "four plain words here"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "export"
    (made / "inside").mkdir(parents=True)
    (made / "a.txt").write_text("one", "utf-8")
    (made / "inside" / "背包.txt").write_text("two", "utf-8")
    (made / "link.txt").symlink_to("/etc/passwd")
    return made


def test_a_small_bundle_is_one_file(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "b.zip.age"
    assert encrypt_with_passphrase(folder, target, WORDS) == [target]
    assert needs_passphrase(target)
    made = decrypt_bundle(target, tmp_path / "open", passphrase=WORDS)
    assert sorted(path.read_text("utf-8") for path in made) == ["one", "two"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export", "open", "out"]
    for wrong, why in (("four plain words", "does not open"), ("", "none was given")):
        with pytest.raises(StudioError, match=why):
            decrypt_bundle(target, tmp_path / "no", passphrase=wrong)
    assert not (tmp_path / "no").exists()


def test_a_large_bundle_has_its_key_beside_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encrypt, "_IN_MEMORY", 10)
    target = tmp_path / "b.zip.age"
    bundle, key = encrypt_with_passphrase(folder, target, WORDS)
    assert key.name == "b.zip.age.key.age"
    assert needs_passphrase(bundle)
    assert len(decrypt_bundle(bundle, tmp_path / "open", passphrase=WORDS)) == 2
    key.unlink()
    with pytest.raises(UsageError, match="recipient"):
        decrypt_bundle(bundle, tmp_path / "no")


def test_a_recipient_opens_with_the_identity(folder: Path, tmp_path: Path) -> None:
    mine, other = (pyrage.x25519.Identity.generate() for _ in range(2))
    target = encrypt_folder(folder, tmp_path / "b.zip.age", str(mine.to_public()))
    keys = {}
    for name, identity in (("mine", mine), ("other", other)):
        keys[name] = tmp_path / f"{name}.txt"
        keys[name].write_text(f"# a comment\n{identity}\n", "utf-8")
    assert not needs_passphrase(target)
    assert len(decrypt_bundle(target, tmp_path / "open", identity=keys["mine"])) == 2
    with pytest.raises(StudioError, match="this identity"):
        decrypt_bundle(target, tmp_path / "no", identity=keys["other"])
    for text in ("", "AGE-SECRET-KEY-1NONSENSE\n"):
        keys["other"].write_text(text, "utf-8")
        with pytest.raises(UsageError, match="no age identity"):
            decrypt_bundle(target, tmp_path / "no", identity=keys["other"])


def test_what_is_no_bundle_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        decrypt_bundle(tmp_path / "gone.age", tmp_path)
    plain = tmp_path / "plain.age"
    plain.write_text("hello", "utf-8")
    with pytest.raises(StudioError, match="not an encrypted bundle"):
        decrypt_bundle(plain, tmp_path)
    mine = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(mine), "utf-8")
    plain.write_bytes(pyrage.encrypt(b"no zip", [mine.to_public()]))
    with pytest.raises(StudioError, match="no bundle"):
        decrypt_bundle(plain, tmp_path, identity=tmp_path / "key.txt")
    with pytest.raises(UsageError, match="at least 8"):
        encrypt_with_passphrase(folder, tmp_path / "b.age", "short")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:\\evil.txt", "..\\evil"]
)
def test_names_that_climb_out_are_not_unpacked(tmp_path: Path, name: str) -> None:
    packed = tmp_path / "p.zip"
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("good.txt", "x")
        bundle.writestr(zipfile.ZipInfo(name), "x")
    mine = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(mine), "utf-8")
    target = tmp_path / "b.age"
    target.write_bytes(pyrage.encrypt(packed.read_bytes(), [mine.to_public()]))
    with pytest.raises(StudioError, match="outside"):
        decrypt_bundle(target, tmp_path / "open", identity=tmp_path / "key.txt")
    assert not (tmp_path / "open").exists()
    assert not (tmp_path / "evil.txt").exists()
