"""A matrix as one encrypted bundle: only the bundle stays, and only who may open it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from mmstudio.composition import Composer
from mmstudio.errors import Cancelled, UsageError
from mmstudio.export import Exporter
from mmstudio.export.encrypt import decrypt_bundle
from mmstudio.export.matrix import MatrixRow
from mmstudio.export.matrix.locked import BUNDLE, matrix_for
from mmstudio.jobs import run_inline
from support.shop import Shop, make_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = make_shop(tmp_path / "shop")
    yield made
    made.library.close()


def work(shop: Shop, out: Path, encrypt: dict[str, Any]) -> Any:
    board = Composer(shop.library, None, None).compose("product-card", shop.bag)
    rows = [
        MatrixRow(n, None, None, ("square-card",), "", f"row-{n}", storyboard_id=board.id).to_dict()
        for n in (1, 2)
    ]
    return matrix_for(
        shop.library, Composer(shop.library, None, None), Exporter(shop.library),
        out=out, encrypt=encrypt, rows=rows, helpers=0,
    )  # fmt: skip


def test_a_recipient_opens_the_bundle_and_nothing_else_is_left(shop: Shop, tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    secret = tmp_path / "key.txt"
    secret.write_text(f"{key}\n", "utf-8")
    out = tmp_path / "out"
    result = run_inline(work(shop, out, {"recipient": str(key.to_public())}))
    assert (result["rows"], result["done"], result["failed"]) == (2, 2, 0)
    assert result["bundles"] == [{"path": str(out / BUNDLE), "encrypted_to": str(key.to_public())}]
    assert [path.name for path in out.iterdir()] == [BUNDLE]
    opened = decrypt_bundle(out / BUNDLE, tmp_path / "open", identity=secret)
    assert len([path for path in opened if path.suffix == ".png"]) == 2
    assert not list(shop.library.path.glob("export-*"))
    assert shop.library.exports.list() == []  # no file is listed that is gone


@pytest.mark.parametrize("encrypt", [{}, {"recipient": "nobody"}, {"passphrase": "short"}])
def test_who_opens_it_is_checked_before_anything_is_drawn(
    shop: Shop, tmp_path: Path, encrypt: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        run_inline(work(shop, tmp_path / "out", encrypt))
    assert not list((tmp_path / "out").glob("*"))


def test_a_cancelled_bundle_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run_inline(work(shop, tmp_path / "out", {"passphrase": "four plain words"}), cancelled=lambda: True)
    assert not list((tmp_path / "out").glob("*"))
    assert not list(shop.library.path.glob("export-*"))
