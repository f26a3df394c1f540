"""Items and texts for tests of the copywriter and the fact guard."""

from __future__ import annotations

from mmstudio.generation.copywriting.contract import Brand, BrandRule, Span
from mmstudio.generation.copywriting.facts import known_of
from mmstudio.generation.copywriting.guard import check
from mmstudio.library import Audience, Item, Review

BAG = Item(
    id=1,
    sku="HB-1",
    title="Harbour Bag",
    description=(
        'A roomy bag for two days away.\n- Padded shoulder strap.\n- L 29" x W 13" x H 11".\n'
        "- 60% Cotton / 40% Polyester.\n- Weighs 12 oz.\n- Three natural colors.\n"
        "- Up to 15 hours of light.\n"
        "- Two front pockets.\n- 1-year limited warranty.\n- In sizes S to XL.\n"
        "- Made in Portugal since 1998."
    ),
    price=45.0,
    currency="USD",
    category="Gear > Bags",
    url="",
    attributes={"material": "Organic Cotton | Nylon", "color": "Navy", "waterproof": "yes", "pockets": "4"},
)
BARE = Item(2, "X-100", "", "", None, "", "", "", {})
REVIEWS = (
    Review(
        1,
        1,
        "Bo Lindqvist",
        5.0,
        "",
        "I love how it keeps my things dry. Holds 3 bottles of water!",
        "2024-05-01",
    ),
    Review(2, 1, "王小明", 4.0, "", "这个包真的很舒服，我很喜欢。", None),
)


def reader(locale: str = "en", brief: str = "", tone: str = "") -> Audience:
    return Audience(1, "A", brief, locale, tone, {}, [], [], {})


def marks(text: str, item: Item | None = BAG, locale: str = "en", brand: Brand | None = None) -> list[Span]:
    """What the guard finds in a text about the bag."""
    return check(text, known_of(item, REVIEWS, locale), locale, brand)


def held(text: str, item: Item | None = BAG, locale: str = "en") -> list[str]:
    """The words of a text that facts do not support."""
    return [span.text for span in marks(text, item, locale) if span.blocks]


def brand_of(*rules: tuple[str, str]) -> Brand:
    return Brand(tuple(BrandRule(kind, text) for kind, text in rules))  # type: ignore[arg-type]
