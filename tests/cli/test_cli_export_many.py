"""`mmstudio export`, `mmstudio matrix` and `mmstudio share` as a person in a shell uses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from mmstudio.composition import Composer
from support.shop import make_shop


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    shop = make_shop(tmp_path / "shop")
    Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)
    path = shop.library.path
    shop.library.close()
    return path


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def matrix(lib: Path, out: Path, *more: str) -> int:
    base = ["matrix", str(lib), "--out", str(out), "--recipe", "product-ad", "--channel", "square-card"]
    return run([*base, *more])


def test_items_for_audiences_and_again(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert matrix(lib, out, "--items", "BAG-1", "--audiences", "all", "--json") == 0
    first = told(capsys)
    assert (first["rows"], first["done"], first["files"]) == (2, 2, 2)
    assert len(list(out.glob("*/*.png"))) == 2
    assert matrix(lib, out, "--items", "BAG-1", "--audiences", "all", "--resume", "--json") == 0
    assert told(capsys)["same"] == 2


def test_a_table_is_checked_first(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("sku,audience\nBAG-1,Weekenders\nNONE,\n", "utf-8")
    assert matrix(lib, tmp_path / "out", "--csv", str(table)) == 1
    assert "Row 2: There is no item NONE." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(["matrix", str(lib), "--csv", str(table), "--check", "--json"]) == 1
    answer = told(capsys)
    assert [row["number"] for row in answer["rows"]] == [1]
    assert answer["problems"][0]["column"] == "sku"
    table.write_text("sku\nBAG-1\n", "utf-8")
    assert run(["matrix", str(lib), "--csv", str(table), "--check"]) == 0
    assert "nothing is wrong" in capsys.readouterr().out


def test_wrong_use_is_said(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(["matrix", str(lib), "--out", str(out)]) == 2
    assert matrix(lib, out, "--items", "NONE") == 1
    assert matrix(lib, out, "--items", "BAG-1", "--audiences", "Nobody") == 1
    assert matrix(lib, out, "--csv", str(tmp_path / "gone.csv")) == 1
    assert matrix(lib, out, "--items", "BAG-1", "--resume") == 1
    for wrong in (["--label", "maybe"], ["--market", "Germany"], ["--sign", str(tmp_path / "gone.pem")]):
        assert run(["export", str(lib), "--storyboard", "1", "--out", str(out), *wrong]) in (1, 2)
    assert not out.exists()
    capsys.readouterr()


def test_a_bundle_that_a_passphrase_opens(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("four plain words here\n", "utf-8")
    secret.chmod(0o600)
    out = tmp_path / "out"
    export = ["export", str(lib), "--storyboard", "1", "--channel", "captions", "--out", str(out)]
    assert run([*export, "--passphrase-file", str(secret), "--json"]) == 0
    [bundle] = [Path(file["path"]) for file in told(capsys)["files"]]
    assert [file.name for file in out.iterdir()] == [bundle.name]
    monkeypatch.setenv("MMSTUDIO_PASSPHRASE", "four plain words here")
    assert run(["decrypt", str(bundle), "--out", str(tmp_path / "open")]) == 0
    assert list((tmp_path / "open").rglob("*.srt"))
    secret.write_text("short\n", "utf-8")
    assert run([*export, "--passphrase-file", str(secret)]) != 0
    assert run([*export, "--passphrase-file", str(tmp_path / "gone")]) == 1
    capsys.readouterr()


def test_rows_into_a_bundle_that_only_a_passphrase_opens(
    lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("four plain words here\n", "utf-8")
    secret.chmod(0o600)
    out, locked = tmp_path / "out", ["--passphrase-file", str(secret)]
    assert matrix(lib, out, "--items", "BAG-1", "--audiences", "all", *locked, "--json") == 0
    answer = told(capsys)
    assert (answer["done"], answer["failed"]) == (2, 0)
    assert [file.name for file in out.iterdir()] == [Path(answer["bundles"][0]["path"]).name]
    assert b"PNG" not in Path(answer["bundles"][0]["path"]).read_bytes()
    assert not list(lib.glob("export-*"))
    monkeypatch.setenv("MMSTUDIO_PASSPHRASE", "four plain words here")
    opened = tmp_path / "open"
    assert run(["decrypt", answer["bundles"][0]["path"], "--out", str(opened)]) == 0
    assert len(list(opened.glob("*/*.png"))) == len(list(opened.glob("*/*.manifest.json"))) == 2
    assert (opened / "summary.csv").is_file()
    assert matrix(lib, out, "--items", "BAG-1", *locked, "--resume") == 2
    assert matrix(lib, out, "--items", "BAG-1", *locked, "--encrypt-to", "age1x") == 2
    capsys.readouterr()


def test_the_web_channels_by_the_shell(lib: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    names = ["web-page", "newsletter", "mail-draft", "product-data", "share-tags", "feed-entry", "json-feed"]
    wanted = [part for name in names for part in ("--channel", name)]
    command = [
        "export",
        str(lib),
        "--storyboard",
        "1",
        "--out",
        str(out),
        *wanted,
        "--mask",
        "--number",
        "--json",
    ]
    assert run(command) == 0
    suffixes = sorted(Path(file["path"]).suffix for file in told(capsys)["files"])
    assert suffixes == [".eml", ".html", ".html", ".html", ".json", ".jsonld", ".xml"]
    assert run(command) == 0
    assert any("-2-" in file["path"] for file in told(capsys)["files"])


def test_texts_to_share(lib: Path, capsys: pytest.CaptureFixture[str]) -> None:
    share = ["share", str(lib), "--storyboard", "1"]
    assert run([*share, "--channel", "short-post", "--channel", "pin", "--json"]) == 0
    texts = told(capsys)["texts"]
    assert texts["short-post"]["most"] == 280
    assert texts["short-post"]["length"] <= 280
    assert texts["pin"]["link"].startswith("https://shop.example/bag-1")
    assert "#Bags" in texts["pin"]["hashtags"]
    assert run(share) == 0
    assert "Harbour Weekend Bag" in capsys.readouterr().out
