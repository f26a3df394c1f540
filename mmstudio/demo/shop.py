"""Reads the sample shop's inputs (resources/sample/*.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mmstudio.paths import resource

from .drawing.look import Look


@dataclass(frozen=True)
class Product:
    """One product of the sample shop; every field is true of its picture."""

    sku: str
    kind: str
    title: str
    title_zh: str
    category: str
    price: float
    currency: str
    brand: str
    colour: str
    material: str
    size: str
    text: str
    text_zh: str
    look: Look


def load_toml(name: str) -> dict[str, Any]:
    """One input of the generator, by file name."""
    return tomllib.loads(resource("sample", name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def products() -> tuple[Product, ...]:
    """The catalogue in its written order."""
    data = load_toml("items.toml")
    out = []
    for number, row in enumerate(data["item"]):
        look = Look(
            kind=row["kind"],
            shape=row["shape"],
            colours=tuple(row["colours"]),
            motif=row["motif"],
            accent=row["accent"],
            scale=float(row.get("scale", 1.0)),
            paper=row["paper"],
            seed=int(row.get("seed", number)),
        )
        out.append(
            Product(
                sku=row["sku"],
                kind=row["kind"],
                title=row["title"],
                title_zh=row["title_zh"],
                category=data["categories"][row["kind"]],
                price=float(row["price"]),
                currency=data["currency"],
                brand=data["brand"],
                colour=row["colour"],
                material=row["material"],
                size=row["size"],
                text=row["text"],
                text_zh=row["text_zh"],
                look=look,
            )
        )
    return tuple(out)
