"""What leaves by other doors than the export of one storyboard: previews, rows of a table, the page."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmstudio.composition import Composer, Storyboard
from mmstudio.composition.storyboard import Source
from mmstudio.errors import StudioError
from mmstudio.export import Exporter, compliance
from mmstudio.export.matrix import matrix_work, read_state
from mmstudio.export.package import package_work
from mmstudio.export.provenance import verify
from mmstudio.export.provenance.certificate import new_certificate
from mmstudio.jobs import run_inline
from support.boards import small_board
from support.shop import Shop, make_shop

PHONE = "+44 20 7946 0958"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def saved(shop: Shop, **more: Any) -> Storyboard:
    board = small_board(shop)
    for key, value in more.items():
        setattr(board, key, value)
    return Composer(shop.library, None, None).save(board)


def pack(shop: Shop, board: Storyboard, out: Path) -> dict[str, Any]:
    made: dict[str, Any] = run_inline(package_work(shop.library, [board.id or 0], out, video=False))
    return made


def test_a_preview_of_media_that_may_not_leave_is_refused_unless_somebody_answers(
    shop: Shop, tmp_path: Path
) -> None:
    board = saved(shop)
    photo = board.asset_ids()[0]
    shop.library.asset_rights.set([photo], consent="refused")
    with pytest.raises(StudioError, match="may not leave"):
        pack(shop, board, tmp_path / "out")
    assert list((tmp_path / "out").iterdir() if (tmp_path / "out").is_dir() else []) == []
    compliance.answer_for(shop.library, board, ["consent"], "A. Bee", "she agreed by phone")
    made = pack(shop, board, tmp_path / "out")
    with zipfile.ZipFile(made["path"]) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/manifest.json"))
        listed = json.loads(archive.read(name))
    checks = {check["name"]: check for check in listed["storyboards"][0]["compliance"]}
    assert checks["consent"]["answered_by"]["who"] == "A. Bee"
    assert checks["market"]["state"] == "green"
    assert str(shop.folder) not in json.dumps(listed)


def test_a_preview_says_what_made_it_and_what_is_still_open(shop: Shop, tmp_path: Path) -> None:
    board = saved(shop, item_id=shop.bag, copy={"headline": "Waterproof to 50 m", "line": "b"})
    board.sources.append(Source("photo", "generated", board.asset_ids()[0]))
    Composer(shop.library, None, None).save(board)
    made = pack(shop, board, tmp_path / "out")
    assert any("facts do not support" in note and "50 m" in note for note in made["notes"])
    verdict = verify(made["path"])
    assert verdict.ok
    assert verdict.digital_source_type == "compositeWithTrainedAlgorithmicMedia"


def test_each_row_of_a_table_has_its_manifest_and_its_report(shop: Shop, tmp_path: Path) -> None:
    board = saved(shop, copy={"headline": f"Call {PHONE}", "line": "b"})
    table = tmp_path / "rows.csv"
    table.write_text(f"storyboard,channels\n{board.id},square-card\n", "utf-8")
    out = tmp_path / "out"
    work = matrix_work(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library), out=out, csv=table,
        options={"mask_personal": True}, helpers=0,
    )  # fmt: skip
    assert run_inline(work)["done"] == 1
    [row] = read_state(out)
    assert [name.partition(".")[2] for name in row.reports] == [
        "manifest.json", "deidentification.json", "deidentification.txt",
    ]  # fmt: skip
    folder = out / row.folder
    listed = json.loads((folder / row.reports[0]).read_text("utf-8"))
    assert {check["name"] for check in listed["compliance"]} >= {"rights", "consent", "disclosure", "brand"}
    assert [file["path"] for file in listed["files"]] == [row.files[0]["name"]]
    assert json.loads((folder / row.reports[1]).read_text("utf-8"))["masked"] == {"phone": 1}
    assert all(PHONE not in (folder / name).read_text("utf-8") for name in row.reports)
    assert verify(folder / row.files[0]["name"]).listed is True
    assert row.reports[1] in (out / "summary.csv").read_text("utf-8-sig")
    assert row.reports[1] in (out / "summary.html").read_text("utf-8")
    again = matrix_work(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library), out=out, csv=table,
        helpers=0,
    )  # fmt: skip
    assert run_inline(again)["done"] == 1
    assert {p.name for p in folder.iterdir()} == {row.files[0]["name"], row.reports[0]}


def test_the_page_of_recommendations_is_signed_beside_it(shop: Shop, tmp_path: Path) -> None:
    signing, authority = new_certificate(tmp_path / "certificate", "Harbour Shop")
    out = tmp_path / "out"
    work = Exporter(shop.library).page_work([shop.audience], out=out, options={"sign_with": str(signing)})
    result = run_inline(work)
    for name in ("recommendations.html", "feed.json"):
        verdict = verify(out / name, authority)
        assert (verdict.signature, verdict.sidecar, verdict.listed) == ("trusted", True, True), name
        assert verdict.record["software"] == "MM Studio"
        assert "It was composed with MM Studio; no model took part." in verdict.sentences()
    assert {Path(file["path"]).suffix for file in result["files"]} == {".html", ".json", ".c2pa"}
    page = out / "recommendations.html"
    page.write_text(page.read_text("utf-8").replace("Harbour", "Hafen"), "utf-8")
    assert verify(page, authority).signature == "invalid"
