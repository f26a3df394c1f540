"""What makes a matrix quick changes nothing of it: shared parts, a journal of rows."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmstudio.composition import Composer
from mmstudio.composition.render import Renderer, frame_array
from mmstudio.composition.render.pictures import Pictures
from mmstudio.export import Exporter
from mmstudio.export.matrix import matrix_of, matrix_work, read_state
from mmstudio.export.matrix.state import JOURNAL, STATE
from mmstudio.jobs import JobContext, Progress, run_inline
from support.shop import Shop, make_shop

CHANNELS = ["square-card", "wide-card"]
RECIPE = "product-card"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def test_rows_are_the_same_bytes_as_single_exports(shop: Shop, tmp_path: Path) -> None:
    composer, exporter = Composer(shop.library, None, None), Exporter(shop.library)
    found = matrix_of(
        shop.library, [shop.bag, shop.lamp], [None, shop.audience, shop.chinese],
        recipe=RECIPE, channels=CHANNELS,
    )  # fmt: skip
    rows = [row.to_dict() for row in found.rows]
    rows[1]["overrides"] = {"headline": "Two days, one bag"}
    result = run_inline(matrix_work(shop.library, composer, exporter, rows=rows, out=tmp_path / "many"))
    assert (result["done"], result["files"]) == (6, 12)
    many = {
        row.folder: {f["channel"]: f["sha256"] for f in row.files} for row in read_state(tmp_path / "many")
    }
    for row in rows:
        board = composer.compose(
            row["recipe"], row["item_id"], row["audience_id"], overrides=row["overrides"]
        )
        assert board.id is not None
        single = run_inline(exporter.work(board.id, CHANNELS, out=tmp_path / "one" / row["folder"]))
        assert {f["channel"]: f["sha256"] for f in single["files"]} == many[row["folder"]]
    assert len({sha for files in many.values() for sha in files.values()}) == 12  # none stands for another


def test_a_row_is_kept_at_once_and_not_as_a_new_list_of_all(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    steps = matrix_work(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library), recipe=RECIPE,
        items=[shop.bag, shop.lamp], audiences=[shop.audience, shop.chinese], channels=CHANNELS[:1], out=out,
    )(JobContext(1, {}))  # fmt: skip
    listed = b""
    for progress in steps:
        assert isinstance(progress, Progress)
        if (out / STATE).exists() and not listed:
            listed = (out / STATE).read_bytes()
        if progress.done in (1, 2, 3):  # killed now, it would know this much
            assert [row.state for row in read_state(out)].count("done") == progress.done
            assert (out / STATE).read_bytes() == listed
        if progress.done == 2:
            with (out / JOURNAL).open("ab") as journal:  # a line that a power cut left
                journal.write(b'{"number": 3, "fold\n')
            assert [row.state for row in read_state(out)].count("done") == 2
    assert not (out / JOURNAL).exists()
    assert [row["state"] for row in json.loads((out / STATE).read_text("utf-8"))["rows"]] == ["done"] * 4


def test_layers_made_ready_are_shared_up_to_a_limit(shop: Shop) -> None:
    composer = Composer(shop.library, None, None)
    boards = [composer.make(RECIPE, shop.bag, who) for who in (None, shop.audience)]
    alone = [frame_array(Renderer(board, shop.library).card()) for board in boards]
    for room in (0, 1, 6_000_000, 64 * 2**20):
        pictures = Pictures(shop.library, sprites=room)
        for board, expected in zip(boards, alone, strict=True):
            assert (frame_array(Renderer(board, shop.library, pictures).card()) == expected).all()
            assert pictures.held <= room
    assert pictures.held > 0


def test_memory_does_not_grow_with_the_rows(shop: Shop, tmp_path: Path) -> None:
    composer, exporter = Composer(shop.library, None, None), Exporter(shop.library)
    audiences = [shop.library.audiences.add(f"A{n}", "") for n in range(12)]

    def export(count: int) -> int:
        found = matrix_of(shop.library, [shop.bag], audiences[:count], recipe=RECIPE, channels=CHANNELS[:1])
        rows = [row.to_dict() for row in found.rows]
        place = tmp_path / str(count)
        assert (
            run_inline(matrix_work(shop.library, composer, exporter, rows=rows, out=place, helpers=0))[
                "failed"
            ]
            == 0
        )
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    first = export(2)
    assert export(12) - first < 40_000  # kB: less than the ten cards alone would take
