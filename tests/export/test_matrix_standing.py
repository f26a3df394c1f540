"""One place of a matrix says what a model made, what may leave and by which licence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.storyboard import Source
from mmstudio.export import Exporter
from mmstudio.export.encrypt import decrypt_bundle
from mmstudio.export.matrix import MatrixRow, matrix_work, read_state
from mmstudio.export.matrix.locked import BUNDLE, matrix_for
from mmstudio.export.options import ExportOptions
from mmstudio.jobs import run_inline
from mmstudio.media.metadata import COMPOSITE, TRAINED
from support.shop import Shop, make_shop

NEW = ("generated", "digital_source_type", "compliance", "approval", "licences")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def saved(shop: Shop, *, generated: str = "") -> int:
    """A saved card with a picture; of which a model made nothing, a part or all that is seen."""
    board = Composer(shop.library, None, None).compose("product-card", shop.bag)
    assert board.id is not None
    ids = board.asset_ids()
    for number in {"": [], "partly": ids[:1], "yes": ids}[generated]:
        board.sources.append(Source("picture", "generated", number, "model"))
    shop.library.storyboards.save(board.name, board.recipe, shop.bag, None, board.to_dict(), board.id)
    return board.id


def row(number: int, board: int) -> dict[str, object]:
    return MatrixRow(number, None, None, ("square-card",), "", f"r{number}", "Bag", 0, {}, board).to_dict()


def test_the_summary_says_what_is_generated_cleared_and_licensed(shop: Shop, tmp_path: Path) -> None:
    composer, exporter = Composer(shop.library, None, None), Exporter(shop.library)
    boards = [saved(shop), saved(shop, generated="partly"), saved(shop, generated="yes")]
    kept = Storyboard.from_dict(shop.library.storyboards.get(boards[1]).data).asset_ids()
    shop.library.asset_rights.set(kept, licence="CC BY 4.0")
    shop.library.storyboards.approve(boards[1], "AB", "changes")
    shop.library.storyboards.approve(boards[1], "AB", "approved")
    rows = [row(number, board) for number, board in enumerate(boards, 1)]
    out, options = tmp_path / "out", ExportOptions(label="always").to_dict()
    result = run_inline(matrix_work(shop.library, composer, exporter, rows=rows, out=out, options=options))
    assert result["failures"] == []
    told = rows_of((out / "summary.csv").read_text("utf-8"))
    assert [line["generated"] for line in told] == ["no", "partly" if len(kept) > 1 else "yes", "yes"]
    assert [line["digital_source_type"].rpartition("/")[2] for line in told] == [
        "", COMPOSITE if len(kept) > 1 else TRAINED, TRAINED
    ]  # fmt: skip
    assert all(line["compliance"] in ("green", "amber") for line in told)
    assert [line["approval"] for line in told] == ["", "approved", ""]
    assert "CC BY 4.0" in told[1]["licences"]
    assert "by a model" in (out / "summary.html").read_text("utf-8")
    shop.library.storyboards.approve(boards[1], "AB", "rejected")
    again = run_inline(matrix_work(shop.library, composer, exporter, rows=rows, out=out, options=options))
    assert again["same"] == 3  # and yet today's verdict is said
    assert [line["approval"] for line in rows_of((out / "summary.csv").read_text("utf-8"))][1] == "rejected"
    assert read_state(out)[2].standing["origin"] == TRAINED


def test_a_row_that_failed_says_nothing_of_files_it_has_not(shop: Shop, tmp_path: Path) -> None:
    board = saved(shop)
    for file in (shop.folder / "media").glob("*.png"):
        file.unlink()
    composer, exporter = Composer(shop.library, None, None), Exporter(shop.library)
    work = matrix_work(shop.library, composer, exporter, rows=[row(1, board)], out=tmp_path / "o")
    result = run_inline(work)
    assert result["failed"] == 1
    [line] = rows_of((tmp_path / "o" / "summary.csv").read_text("utf-8"))
    assert [line[name] for name in NEW] == [""] * 5


def test_an_encrypted_matrix_says_it_too(shop: Shop, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    secret = tmp_path / "key.txt"
    secret.write_text(f"{identity}\n", "utf-8")
    work = matrix_for(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library), out=tmp_path / "out",
        rows=[row(1, saved(shop, generated="yes"))], encrypt={"recipient": str(identity.to_public())},
        options=ExportOptions(label="always").to_dict(), helpers=0,
    )  # fmt: skip
    assert run_inline(work)["failed"] == 0
    opened = decrypt_bundle(tmp_path / "out" / BUNDLE, tmp_path / "open", identity=secret)
    [table] = [path for path in opened if path.name == "summary.csv"]
    [line] = rows_of(table.read_text("utf-8"))
    assert (line["generated"], line["file"].rpartition(".")[2]) == ("yes", "png")
