"""Items as schema.org Product (JSON-LD 1.1): only what the catalogue and real reviews say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmstudio.composition.storyboard import Storyboard
from mmstudio.errors import StudioError
from mmstudio.export.web.blocks import items_of
from mmstudio.export.web.markup import plain, short, web_url
from mmstudio.library.reviewers import shown_author

if TYPE_CHECKING:
    from mmstudio.export.writers import Task
    from mmstudio.library import Item, Library, Review

_CONTEXT = "https://schema.org"
_BEST = 5.0  # ratings of the library run to 5
_REVIEWS = 5
# What catalogues write about stock -> schema.org ItemAvailability
_AVAILABILITY = {
    "in stock": "InStock", "instock": "InStock", "in_stock": "InStock", "available": "InStock",
    "out of stock": "OutOfStock", "outofstock": "OutOfStock", "out_of_stock": "OutOfStock",
    "sold out": "SoldOut", "soldout": "SoldOut", "preorder": "PreOrder", "pre-order": "PreOrder",
    "backorder": "BackOrder", "discontinued": "Discontinued", "limited": "LimitedAvailability",
}  # fmt: skip
_PICTURES = ("image_link", "image_url", "image", "picture_url")
_IDS = {"gtin": "gtin", "ean": "gtin13", "gtin13": "gtin13", "mpn": "mpn"}


def write(task: Task) -> Iterator[int]:
    """The data as a file (kind "jsonld"). Raises StudioError for a storyboard without an item."""
    data = product_data(task.board, task.library)
    yield 1
    if data is None:
        raise StudioError(
            "{name} is about no item: there is no product data to write.",
            hint="Choose another channel, or compose it from an item.",
            name=short(task.board.name, 80),
        )
    task.path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")


def product_data(board: Storyboard, library: Library | None) -> dict[str, Any] | None:
    """The items of a storyboard: one as a Product, several as an ItemList; None without items."""
    items = items_of(board, library)
    if not items or library is None:
        return None
    if len(items) == 1:
        return {"@context": _CONTEXT, **product(items[0], list(library.items.reviews_of(items[0].id)))}
    return {
        "@context": _CONTEXT,
        "@type": "ItemList",
        "name": plain(board.name),
        "numberOfItems": len(items),
        "itemListElement": [
            {"@type": "ListItem", "position": n, "item": product(one, list(library.items.reviews_of(one.id)))}
            for n, one in enumerate(items, start=1)
        ],
    }


def product(item: Item, reviews: list[Review]) -> dict[str, Any]:
    """An item as a schema.org Product; what is not known is not said.

    An offer needs price and currency. ``aggregateRating`` counts the reviews with a rating between 0 and 5
    that are in the library; review authors appear as they may be shown (initials without consent).
    """
    about = {key.lower(): value for key, value in item.attributes.items()}
    data: dict[str, Any] = {"@type": "Product", "name": plain(item.title or item.sku), "sku": plain(item.sku)}
    if item.description:
        data["description"] = short(item.description, 5000)
    if item.category:
        data["category"] = plain(item.category)
    if picture := public_picture(item):
        data["image"] = [picture]
    if about.get("brand"):
        data["brand"] = {"@type": "Brand", "name": plain(about["brand"])}
    for name, known in _IDS.items():
        if about.get(name):
            data[known] = plain(about[name])
    if about.get("isbn"):  # a Product has no property of that name
        data["productID"] = f"isbn:{plain(about['isbn'])}"
    for name in ("color", "material", "size"):
        if about.get(name):
            data[name] = plain(about[name].replace("|", ", "))
    url = web_url(item.url)
    if url:
        data["url"] = url
    if item.price is not None and item.price >= 0 and len(item.currency) == 3:
        data["offers"] = _offer(item, url, about)
    rated = [r for r in reviews if r.rating is not None and 0 <= r.rating <= _BEST]
    if rated:
        mean = sum(r.rating for r in rated if r.rating is not None) / len(rated)
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(mean, 2),
            "reviewCount": len(rated),
            "bestRating": _BEST,
            "worstRating": 0,
        }
    told = [r for r in reviews if r.text.strip() and shown_author(r)][:_REVIEWS]
    if told:
        data["review"] = [_review(one) for one in told]
    return data


def public_picture(item: Item) -> str:
    """The address of the item's picture on the web, where its catalogue gives one; else ""."""
    about = {key.lower(): value for key, value in item.attributes.items()}
    return next((url for name in _PICTURES if (url := web_url(about.get(name, "").split("|")[0]))), "")


def _offer(item: Item, url: str, about: dict[str, str]) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "@type": "Offer",
        "price": f"{item.price:.2f}",
        "priceCurrency": item.currency.upper(),
    }
    state = _AVAILABILITY.get(about.get("availability", about.get("stock", "")).strip().lower())
    if state:
        offer["availability"] = f"https://schema.org/{state}"
    if url:
        offer["url"] = url
    return offer


def _review(review: Review) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@type": "Review",
        "author": {"@type": "Person", "name": plain(shown_author(review))},
        "reviewBody": short(review.text, 2000),
    }
    if review.title:
        data["name"] = short(review.title, 200)
    if review.created_at:
        data["datePublished"] = review.created_at[:10]
    if review.rating is not None and 0 <= review.rating <= _BEST:
        data["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": review.rating,
            "bestRating": _BEST,
            "worstRating": 0,
        }
    return data
