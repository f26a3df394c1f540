"""`mmstudio verify`, `certificate`, `decrypt`, `privacy`, `rights` and `compliance`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmstudio.cli.app import run
from mmstudio.composition.storyboard import ImageLayer, Scene, Storyboard
from mmstudio.export.encrypt import encrypt_with_passphrase
from mmstudio.media.metadata import TRAINED, stamp
from support.media import make_jpeg, make_picture
from support.shop import make_shop


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    shop = make_shop(tmp_path / "shop")
    board = Storyboard(name="Board", scenes=[Scene(layers=[ImageLayer(asset_id=1)])])
    shop.library.storyboards.save(board.name, "", None, None, board.to_dict())
    path = shop.library.path
    shop.library.close()
    return path


def out(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_from_a_certificate_to_a_trusted_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mmstudio.export.options import ExportOptions
    from mmstudio.export.provenance import finish, record_of

    folder = tmp_path / "certificate"
    made = ["certificate", "new", "--name", "Harbour Shop", "--out", str(folder)]
    assert run([*made, "--json"]) == 0
    told = out(capsys)
    assert "not trusted" in told["limits"]
    assert run(made) == 1
    capsys.readouterr()
    picture = tmp_path / "a.png"
    make_picture((40, 30)).save(picture)
    board = Storyboard(name="Board")
    finish(picture, record_of(board), board, ExportOptions(sign_with=told["signing"]))
    assert run(["verify", str(picture)]) == 0
    assert "nobody vouches" in capsys.readouterr().out
    assert run(["verify", str(picture), "--trust", told["authority"], "--json"]) == 0
    assert out(capsys)["files"][0]["signature"] == "trusted"
    data = bytearray(picture.read_bytes())
    data[-20] ^= 1
    picture.write_bytes(data)
    assert run(["verify", str(picture)]) == 1
    assert "changed after it was signed" in capsys.readouterr().out


def test_verify_says_what_is_inside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "a.png"
    make_picture((40, 30)).save(picture)
    assert run(["verify", str(picture)]) == 0
    assert "nothing of its origin" in capsys.readouterr().out
    stamp(picture, {"digital_source_type": TRAINED, "storyboard": "0" * 64})
    assert run(["verify", str(tmp_path)]) == 0
    assert "a.png: Made by a model." in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert run(["verify", str(tmp_path / "empty")]) == 1
    assert run(["verify", str(tmp_path / "gone.png")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_decrypt_asks_for_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    bundle = tmp_path / "b.zip.age"
    encrypt_with_passphrase(folder, bundle, "four plain words")
    monkeypatch.setenv("MMSTUDIO_PASSPHRASE", "wrong words")
    assert run(["decrypt", str(bundle), "--out", str(tmp_path / "open")]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[0] == "The passphrase does not open b.zip.age."
    monkeypatch.setenv("MMSTUDIO_PASSPHRASE", "four plain words")
    assert run(["decrypt", str(bundle), "--out", str(tmp_path / "open"), "--json"]) == 0
    assert Path(out(capsys)["files"][0]).read_text() == "hello"


def test_privacy_copies_without_names_and_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = make_jpeg(tmp_path / "Ann at home.jpg", orientation=6, captured_at="2026:01:02 03:04:05")
    tiff = tmp_path / "scan.tif"
    make_picture((20, 20)).save(tiff)
    broken = tmp_path / "b.png"
    broken.write_bytes(b"x")
    notes = tmp_path / "n.txt"
    notes.write_text("ann@shop.example")
    target = tmp_path / "out"
    files = [str(photo), str(tiff), str(broken), str(notes)]
    assert run(["privacy", *files, "--out", str(target), "--mask", "--json"]) == 1
    told = out(capsys)
    assert [entry["file"] for entry in told["files"]] == [
        "picture-001.jpg",
        "picture-002.png",
        "text-004.txt",
    ]
    assert told["failed"][0]["file"] == "b.png"
    assert sorted(p.name for p in target.iterdir()) == ["picture-001.jpg", "picture-002.png", "text-004.txt"]
    with Image.open(target / "picture-001.jpg") as image:
        assert dict(image.getexif()) == {0x0112: 6}
    assert (target / "text-004.txt").read_text() == "[e-mail]"
    assert photo.read_bytes() == Path(photo).read_bytes()
    assert run(["privacy", str(photo), str(photo), "--out", str(tmp_path / "two"), "--keep-names"]) == 0
    assert sorted(p.name for p in (tmp_path / "two").iterdir()) == ["Ann at home-2.jpg", "Ann at home.jpg"]


def test_rights_hold_back_what_leaves_until_answered_for(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rights", str(lib), "1", "--json"]) == 0
    assert out(capsys)["assets"][0]["consent"] == "unknown"
    setting = [
        "rights",
        str(lib),
        "1",
        "set",
        "--rights",
        "licensed",
        "--markets",
        "de, fr",
        "--owner",
        "Ann",
    ]
    assert run(setting) == 0
    assert "DE, FR" in capsys.readouterr().out
    assert run(["compliance", str(lib), "1", "--json"]) == 0
    assert out(capsys)["passes"] is True
    check = ["compliance", str(lib), "1", "--market", "US"]
    assert run(check) == 1
    assert "may not be used in US" in capsys.readouterr().out
    assert run([*check, "--override", "market", "--who", "Ann"]) == 2
    assert "name and a reason" in capsys.readouterr().err
    assert run([*check, "--override", "market", "--who", "Ann", "--reason", "By phone"]) == 0
    assert "Ann answers for it: By phone" in capsys.readouterr().out
    assert run([*check, "--json"]) == 0
    market = next(c for c in out(capsys)["checks"] if c["name"] == "market")
    assert market["answered_by"]["who"] == "Ann"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["rights", "LIB", "99"], 1),
        (["rights", "LIB", "bag", "set"], 2),
        (["rights", "LIB", "1", "set", "--rights", "mine"], 2),
        (["rights", "LIB", "1", "set", "--expires", "soon"], 2),
        (["rights", "LIB", "1", "set", "--markets", "Germany"], 2),
        (["rights", "LIB", "no such words at all"], 1),
        (["compliance", "LIB", "99"], 1),
        (["compliance", "LIB", "1", "--override", "luck", "--who", "A", "--reason", "b"], 2),
    ],
)
def test_wrong_wishes_are_one_sentence(
    lib: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert run([str(lib) if word == "LIB" else word for word in arguments]) == status
    assert "Traceback" not in capsys.readouterr().err
