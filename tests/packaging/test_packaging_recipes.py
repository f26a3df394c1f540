"""What can be checked of the installers on any machine: files, versions, pinned actions."""

from __future__ import annotations

import plistlib
import re
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from mmstudio import __version__

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "packaging"
APP = "app.mmstudio.MMStudio"
sys.path.insert(0, str(HERE))


def test_appstream_and_version_agree() -> None:
    tree = ET.parse(HERE / "linux" / f"{APP}.metainfo.xml")
    newest = tree.find("./releases/release")
    assert newest is not None
    assert newest.get("version") == __version__
    assert tree.findtext("id") == APP
    desktop = (HERE / "linux" / f"{APP}.desktop").read_text("utf-8")
    assert f"Icon={APP}\n" in desktop
    mime = tree.findtext("./provides/mediatype")
    assert f"MimeType={mime};" in desktop
    assert mime in (HERE / "linux" / f"{APP}.mime.xml").read_text("utf-8")


def test_the_manual_names_commands_that_there_are() -> None:
    import typer

    from mmstudio.cli.app import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    text = (HERE / "linux" / "mmstudio.1").read_text("utf-8")
    named = {word for line in re.findall(r"^\.B ([a-z, ]+)$", text, re.M) for word in line.split(", ")}
    assert named - {"mmstudio"} <= known


def test_every_file_the_recipes_name_is_there() -> None:
    inno = (HERE / "windows" / "mmstudio.iss").read_text("utf-8")
    licence = re.search(r"LicenseFile=(.+)", inno)
    assert licence is not None
    assert (HERE / "windows" / licence[1].strip().replace("\\", "/")).resolve() == ROOT / "LICENSE"
    for name in ("sign.sh", "dmg.sh", "notarise.sh", "entitlements.plist"):
        assert (HERE / "macos" / name).is_file()
    rights = plistlib.loads((HERE / "macos" / "entitlements.plist").read_bytes())
    assert rights["com.apple.security.cs.disable-library-validation"] is True
    flatpak = (HERE / "linux" / f"{APP}.yml").read_text("utf-8")
    for name in re.findall(r"path: (\S+)", flatpak):
        if not name.startswith("../../build/"):
            assert (HERE / "linux" / name).is_file()
    assert "--share=network" not in flatpak


def test_inno_keeps_libraries_and_clears_old_contents() -> None:
    inno = (HERE / "windows" / "mmstudio.iss").read_text("utf-8")
    assert "PrivilegesRequired=lowest" in inno
    assert 'Name: "{app}\\_internal"' in inno
    removed = re.findall(r"DelTree\((\w+),", inno)
    assert set(removed) == {"Cache", "Data"}
    for section in ("Setup", "Files", "Icons", "Registry", "InstallDelete", "Code"):
        assert f"[{section}]" in inno


@pytest.mark.parametrize("name", ["tests.yml", "release.yml"])
def test_actions_are_pinned_by_hash(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / name).read_text("utf-8")
    used = re.findall(r"uses: (\S+)", text)
    assert used
    assert [one for one in used if not re.search(r"@[0-9a-f]{40}$", one)] == []
    assert "pull_request_target" not in text


def test_a_bundle_never_holds_both_cuda_and_gpl_codecs() -> None:
    from bundle import EXCLUDES, LEFT_OUT, LEFT_OUT_NAMES

    assert "av" in LEFT_OUT["cuda"]
    assert set(LEFT_OUT) == set(LEFT_OUT_NAMES)
    assert "PySide6.QtCharts" in EXCLUDES


def test_what_the_program_needs_is_not_left_out() -> None:
    from bundle import is_needed

    wanted = [
        "resources/recipes/product-ad/recipe.toml",
        "models/starter-image-gan/weights.safetensors",
        "torch/lib/libtorch_cpu.so",
    ]
    assert all(is_needed(one) for one in wanted)
    unwanted = [
        "PySide6/Qt/qml/QtQuick/x.so",
        "torch/include/ATen/ATen.h",
        "sklearn/tests/test_base.py",
        "PySide6/Qt/lib/libQt6Quick.so.6",
    ]
    assert not any(is_needed(one) for one in unwanted)


def test_the_list_of_builds_for_cards_agrees_with_the_pins() -> None:
    listed = tomllib.loads((HERE / "gpu.toml").read_text("utf-8"))
    pins = dict(
        re.findall(
            r"^(torch|torchvision|torchaudio)==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M
        )
    )
    assert {name: listed[name] for name in pins} == pins
    for build in listed.get("build", []):
        assert all(re.fullmatch(r"[0-9a-f]{64}", wheel["sha256"]) for wheel in build["wheel"])


def test_hashes_are_taken_from_the_index_s_own_links(tmp_path: Path) -> None:
    from gpu_entries import library, wheel

    page = [f"https://example.org/torch-1.2.3%2Bcu130-cp312-cp312-win_amd64.whl#sha256={'a' * 64}"]
    assert wheel(page, "torch", "1.2.3", "cp312", "win_amd64") == (page[0].split("#")[0], "a" * 64)
    assert wheel([page[0].split("#")[0]], "torch", "1.2.3", "cp312", "win_amd64") is None
    assert wheel(page, "torch", "1.2.4", "cp312", "win_amd64") is None
    nvidia = [f"https://example.org/nvidia_cublas-13.1-py3-none-manylinux_2_27_x86_64.whl#sha256={'b' * 64}"]
    assert library(nvidia, "nvidia-cublas", "13.1") == (nvidia[0].split("#")[0], "b" * 64)
