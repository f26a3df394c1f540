"""The command "models": list, add, check, remove, restore, download, finetune."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli import run
from mmstudio.paths import user_models_dir
from support.weights import Server, serving, torchvision_state, write_backbone, write_pth


@pytest.fixture
def library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    path = tmp_path / "Mine.mmlib"
    assert run(["init", str(path)]) == 0
    capsys.readouterr()
    return str(path)


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_list_names_what_is_here_and_what_can_be_fetched(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", library, "list", "--json"]) == 0
    shown = document(capsys)
    rows = {row["name"]: row for row in shown["catalogue"]}
    assert rows["starter-backbone"]["state"] == "installed"
    assert rows["resnet50"]["state"] == "available"
    assert rows["resnet50"]["dimension"] == 2048
    assert all(row["licence"] and row["size"] > 0 for row in rows.values())
    assert "starter-image-vae" in [model["name"] for model in shown["models"]]
    assert run(["models", library]) == 0
    assert "convnext-tiny" in capsys.readouterr().out


def test_a_network_comes_in_is_checked_and_goes(
    library: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_backbone(tmp_path / "tiny")
    assert run(["models", library, "add", str(folder), "--name", "mine"]) == 0
    capsys.readouterr()
    assert run(["models", library, "check", "mine"]) == 0
    assert "image-backbone, starter-resnet, 32" in capsys.readouterr().out
    assert run(["models", library, "remove", "mine"]) == 0
    assert not (user_models_dir() / "mine").exists()
    assert run(["models", library, "restore", "mine"]) == 0
    assert (user_models_dir() / "mine" / "config.json").is_file()


def test_a_file_of_torchvision_comes_in(
    library: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_pth(tmp_path / "net.pth", torchvision_state("resnet18"))
    assert run(["models", library, "add", str(path), "--architecture", "resnet18", "--json"]) == 0
    assert document(capsys) == {"name": "net", "kind": "image-backbone", "dimension": 512}


def test_what_is_damaged_is_one_line_and_status_1(
    library: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_backbone(tmp_path / "tiny")
    assert run(["models", library, "add", str(folder)]) == 0
    (user_models_dir() / "tiny" / "weights.safetensors").write_bytes(b"cut")
    capsys.readouterr()
    assert run(["models", library, "check", "--json"]) == 1
    problems = document(capsys)
    assert "safetensors" in problems["tiny"]
    assert problems["starter-backbone"] == ""
    assert run(["models", library, "add", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "no config.json" in said
    assert "Traceback" not in said
    assert run(["models", library, "check", "nothing"]) == 1
    assert run(["models", library, "download"]) == 2
    assert run(["models", library, "download", "nothing"]) == 1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    data = write_pth(tmp_path / "small.pth", torchvision_state()).read_bytes()
    with serving(Server(data)) as running:
        yield running


def test_a_download_that_fails_is_gone_on_with_by_the_same_command(
    library: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import mmstudio.paths
    from support.weights import entry, write_catalogue

    write_catalogue(tmp_path / "catalogue.toml", entry(server.url, server.data))
    # The folder that ships, with another catalogue in it.
    monkeypatch.setattr(mmstudio.paths, "starter_models", lambda: tmp_path)
    server.cut = [1000, 1000, 1000]
    assert run(["models", library, "download", "small"]) == 1
    assert "broke off" in capsys.readouterr().err
    assert run(["models", library, "download", "small", "--json"]) == 0
    assert document(capsys)["bytes"] == len(server.data)
    assert server.asked[-1]["Range"] == "bytes=3000-"
    assert (user_models_dir() / "small" / "weights.safetensors").is_file()


def test_finetuning_without_labels_says_what_to_do(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", library, "finetune", "--on", "tags"]) == 1
    assert "Import more pictures" in capsys.readouterr().err
    assert run(["models", library, "finetune", "--on", "smells"]) == 2
    assert run(["models", library, "finetune", "--base", "nothing"]) == 1
