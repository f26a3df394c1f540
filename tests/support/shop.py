"""A small shop with drawn products, for tests of composition and export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mmstudio.library import ItemAsset, Library, NewItem, NewReview
from support.libraries import add_asset, new_library
from support.media import make_wav


@dataclass(slots=True)
class Shop:
    """The library and what the tests look at."""

    library: Library
    folder: Path
    bag: int  # item with a studio photo, description, reviews
    lamp: int  # item with a photo in a scene
    audience: int
    chinese: int  # audience that reads Chinese


def studio_photo(path: Path, colour: tuple[int, int, int] = (200, 60, 40), size: int = 400) -> Path:
    """A product on white: a rounded body with a handle through which the background shows."""
    picture = Image.new("RGB", (size, size), "white")
    draw = ImageDraw.Draw(picture)
    s = size / 400
    draw.ellipse([120 * s, 60 * s, 280 * s, 220 * s], outline=(40, 40, 44), width=round(16 * s))
    draw.rounded_rectangle([80 * s, 150 * s, 320 * s, 340 * s], round(30 * s), fill=colour)
    picture.save(path, quality=95)
    return path


def scene_photo(path: Path, seed: int = 3) -> Path:
    """A picture with no plain background."""
    rng = np.random.default_rng(seed)
    small = rng.integers(20, 230, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(small).resize((480, 360), Image.Resampling.BICUBIC).save(path)
    return path


def make_shop(folder: Path) -> Shop:
    """A library with two items, a music loop and two audiences."""
    folder.mkdir(parents=True, exist_ok=True)
    media = folder / "media"
    media.mkdir()
    library = new_library(folder)
    hero = add_asset(library, studio_photo(media / "bag-main.png"), width=400)
    side = add_asset(library, studio_photo(media / "bag-detail.png", (190, 70, 50), 300), width=300)
    lamp = add_asset(library, scene_photo(media / "lamp.png"), width=480)
    add_asset(
        library, make_wav(media / "warm_loop.wav", seconds=3.2), kind="audio", tags=("music",), duration=3.2
    )
    bag_id, lamp_id = library.items.upsert_many(
        [
            NewItem(
                sku="BAG-1",
                title="Harbour Weekend Bag",
                description=(
                    "A roomy bag for two days away.\n- Padded shoulder strap.\n- Wipes clean in a moment."
                ),
                price=129.0,
                currency="EUR",
                category="Gear > Bags",
                url="https://shop.example/bag-1",
                attributes={"material": "canvas|leather", "color": "red"},
            ),
            NewItem(sku="LAMP-1", title="Reading Lamp", price=49.5, currency="USD", category="Lamps"),
        ]
    )
    library.items.set_assets(bag_id, [ItemAsset(hero, "hero", 0), ItemAsset(side, "detail", 0)])
    library.items.set_assets(lamp_id, [ItemAsset(lamp, "hero", 0)])
    library.items.add_reviews(
        [
            NewReview(bag_id, "The zip broke after a week. Not good.", author="Ann", rating=1.0),
            NewReview(bag_id, "It holds everything for a weekend. I love it!", author="Bo", rating=5.0),
        ]
    )
    audience = library.audiences.add("Weekenders", "People who travel light at the weekend", locale="en_GB")
    chinese = library.audiences.add("周末旅人", "周末轻装出行的人", locale="zh_CN")
    return Shop(library, folder, bag_id, lamp_id, audience, chinese)
