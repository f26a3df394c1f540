"""What an export says of its letters: the font files, characters that none has, the same bytes again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.export import Exporter
from mmstudio.jobs import run_inline
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def test_the_manifest_names_font_files_and_missing_letters_are_noted(shop: Shop, tmp_path: Path) -> None:
    exporter = Exporter(shop.library)
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag, cta="Shop \ue123 now")
    assert board.fonts
    result = run_inline(exporter.work(board.id or 0, ["square-card"], out=tmp_path / "out"))
    assert any("\ue123" in note for note in result["notes"])
    fonts = json.loads(Path(result["manifest"]).read_text("utf-8"))["fonts"]
    assert {font["sha256"] for font in fonts} == {font.sha256 for font in board.fonts}
    assert all("/" not in font["file"] for font in fonts)


def test_the_same_storyboard_gives_the_same_bytes_from_any_thread_after_any_history(
    shop: Shop, tmp_path: Path
) -> None:
    board = Composer(shop.library, None, None).compose("product-ad", shop.bag, shop.audience)
    hashes: list[str] = []

    def export(name: str) -> None:
        made = run_inline(Exporter(shop.library).work(board.id or 0, ["square-card"], out=tmp_path / name))
        hashes.append(made["files"][0]["sha256"])

    export("here")
    thread = threading.Thread(target=export, args=("there",))
    thread.start()
    thread.join()
    run_inline(Exporter(shop.library).work(board.id or 0, ["tall-card"], out=tmp_path / "between"))
    export("again")
    assert len(hashes) == 3
    assert len(set(hashes)) == 1
