"""The sample shop's people: reviews, links between products, audiences and what their members did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .shop import Product, load_toml

_START = 1_725_148_800  # 2024-09-01 UTC: fixed, so that the files are the same on every day
_DAY = 86_400


@dataclass(frozen=True)
class AudienceSpec:
    """An audience of the sample shop; liked and disliked are SKUs."""

    name: str
    brief: str
    locale: str
    tone: str
    traits: dict[str, Any]
    liked: list[str]
    disliked: list[str]
    rules: dict[str, Any]


def words(product: Product) -> set[str]:
    """The plain facts that tastes are made of: colours, materials, motif."""
    text = f"{product.colour}, {product.material}".replace(",", " ").lower()
    return {*text.split(), product.look.motif}


def audiences() -> list[AudienceSpec]:
    """The two audiences of the sample shop."""
    return [
        AudienceSpec(
            row["name"],
            row["brief"],
            row["locale"],
            row["tone"],
            row["traits"],
            row["liked"],
            row["disliked"],
            row.get("rules", {}),
        )
        for row in load_toml("people.toml")["audience"]
    ]


def reviews(products: tuple[Product, ...], rng: np.random.Generator) -> list[dict[str, str]]:
    """Review rows; every review is used once, spread over the products of its kind."""
    people = load_toml("people.toml")
    texts = load_toml("reviews.toml")
    rows: list[dict[str, str]] = []
    for kind, languages in texts.items():
        own = [p for p in products if p.kind == kind]
        order = rng.permutation(len(own))
        position = 0
        for language, entries in languages.items():
            names = people["reviewers_zh" if language == "zh" else "reviewers"]
            for number in rng.permutation(len(entries)):
                rating, title, text = entries[number]
                rows.append(
                    {
                        "sku": own[order[position % len(own)]].sku,
                        "reviewer": names[int(rng.integers(len(names)))],
                        "rating": str(rating),
                        "title": title,
                        "text": text,
                        "date": _date(int(rng.integers(0, 300))),
                    }
                )
                position += 1
    return rows


def links(products: tuple[Product, ...]) -> list[dict[str, str]]:
    """Links a shopkeeper would set: same motif or colours elsewhere, the dearer sibling, what goes along."""
    along = {
        "backpack": "bottle",
        "bottle": "backpack",
        "mug": "bottle",
        "vase": "lamp",
        "lamp": "cushion",
        "cushion": "rug",
        "rug": "cushion",
        "notebook": "mug",
        "beanie": "scarf",
        "scarf": "beanie",
        "planter": "vase",
        "candle": "mug",
    }
    rows = []
    for product in products:
        others = [p for p in products if p.sku != product.sku]

        def likeness(other: Product, own: Product = product) -> tuple[float, str]:
            return -len(words(own) & words(other)) - 2.0 * (own.look.motif == other.look.motif), other.sku

        related = sorted((p for p in others if p.kind != product.kind), key=likeness)[:3]
        goes = sorted((p for p in others if p.kind == along[product.kind]), key=likeness)[:2]
        dearer = sorted(
            (p.price, p.sku) for p in others if p.kind == product.kind and p.price > product.price
        )[:1]
        for relation, targets in (
            ("related", [p.sku for p in related]),
            ("crosssell", [p.sku for p in goes]),
            ("upsell", [sku for _, sku in dearer]),
        ):
            rows += [{"sku": product.sku, "related_sku": sku, "relation": relation} for sku in targets]
    return rows


def interactions(products: tuple[Product, ...], rng: np.random.Generator) -> list[dict[str, str]]:
    """What members and visitors viewed, liked and bought: each draws products by taste plus Gumbel noise."""
    people = load_toml("people.toml")
    rows: list[dict[str, str]] = []
    for group in [*people["audience"], *people["visitor"]]:
        audience = group["name"] if "brief" in group else ""
        prefix = {"City hikers": "hiker", "安静的家": "jia"}.get(group["name"], group["name"])
        taste = np.array(
            [
                group["kinds"].get(p.kind, 0.0)
                + sum(weight for word, weight in group["tastes"].items() if word in words(p))
                - 3.0 * (p.sku in group.get("disliked", []))
                for p in products
            ]
        )
        for number in range(int(group["members"])):
            own = taste * 2.2 + rng.gumbel(0, 0.9, len(products)) + rng.normal(0, 0.3)
            order = np.argsort(-own)
            seen = int(rng.integers(8, 15))
            start = int(rng.integers(0, 250))
            for rank, index in enumerate(order[:seen]):
                day = start + rank * 2 + float(rng.random())
                events = [("view", 1.0)]
                if rank < 5 and rng.random() < 0.7:
                    events.append(("like", 3.0))
                if rank < 6 and rng.random() < 0.35:
                    events.append(("buy", 5.0))
                rows += [
                    {
                        "member": f"{prefix}-{number + 1:02d}",
                        "audience": audience,
                        "sku": products[index].sku,
                        "event": event,
                        "weight": f"{weight:g}",
                        "time": str(int(_START + _DAY * day) + 60 * step),
                    }
                    for step, (event, weight) in enumerate(events)
                ]
    return rows


def _date(day: int) -> str:
    stamp = np.datetime64("2024-09-01") + np.timedelta64(day, "D")
    return str(stamp)
