"""What of schema.org our product data may use, so that a test can check it without the network.

Written from the definitions of the terms at schema.org (version 29): which property belongs to which
type, and whether its value is a text or number, an address, or a thing. ``CONTEXT`` has the shape of
schema.org's own.
"""

from __future__ import annotations

from typing import Any

SCHEMA = "http://schema.org/"
_ADDRESSES = ("url", "image", "availability", "digitalSourceType")
CONTEXT: dict[str, Any] = {
    "@context": {
        "type": "@type", "id": "@id", "@vocab": SCHEMA, "schema": SCHEMA,
        **{name: {"@id": f"schema:{name}", "@type": "@id"} for name in _ADDRESSES},
    }
}  # fmt: skip
PARENTS = {
    "Product": "Thing", "ItemList": "Thing", "ListItem": "Thing", "Brand": "Thing", "Offer": "Thing",
    "Person": "Thing", "PropertyValue": "Thing", "CreativeWork": "Thing", "Review": "CreativeWork",
    "Rating": "Thing", "AggregateRating": "Rating", "Thing": "",
}  # fmt: skip
# property -> (types it belongs to, what it may hold: "text", "number", "address" or types of things)
PROPERTIES: dict[str, tuple[set[str], set[str]]] = {
    "name": ({"Thing"}, {"text"}),
    "description": ({"Thing"}, {"text"}),
    "url": ({"Thing"}, {"address"}),
    "image": ({"Thing"}, {"address"}),
    "identifier": ({"Thing"}, {"text", "address", "PropertyValue"}),
    "subjectOf": ({"Thing"}, {"CreativeWork"}),
    "sku": ({"Product", "Offer"}, {"text"}),
    "gtin": ({"Product", "Offer"}, {"text"}),
    "gtin13": ({"Product", "Offer"}, {"text"}),
    "mpn": ({"Product", "Offer"}, {"text"}),
    "productID": ({"Product"}, {"text"}),
    "category": ({"Product", "Offer"}, {"text"}),
    "color": ({"Product"}, {"text"}),
    "material": ({"Product", "CreativeWork"}, {"text"}),
    "size": ({"Product", "CreativeWork"}, {"text"}),
    "brand": ({"Product"}, {"Brand"}),
    "offers": ({"Product", "CreativeWork"}, {"Offer"}),
    "aggregateRating": ({"Product", "Offer", "CreativeWork", "Brand"}, {"AggregateRating"}),
    "review": ({"Product", "Offer", "CreativeWork", "Brand"}, {"Review"}),
    "price": ({"Offer"}, {"text", "number"}),
    "priceCurrency": ({"Offer"}, {"text"}),
    "availability": ({"Offer"}, {"address"}),
    "ratingValue": ({"Rating"}, {"text", "number"}),
    "bestRating": ({"Rating"}, {"text", "number"}),
    "worstRating": ({"Rating"}, {"text", "number"}),
    "reviewCount": ({"AggregateRating"}, {"number"}),
    "reviewBody": ({"Review"}, {"text"}),
    "reviewRating": ({"Review"}, {"Rating"}),
    "author": ({"CreativeWork", "Rating"}, {"Person"}),
    "datePublished": ({"CreativeWork"}, {"text"}),
    "creditText": ({"CreativeWork"}, {"text"}),
    "digitalSourceType": ({"CreativeWork"}, {"address"}),
    "propertyID": ({"PropertyValue"}, {"text", "address"}),
    "value": ({"PropertyValue"}, {"text", "number"}),
    "numberOfItems": ({"ItemList"}, {"number"}),
    "itemListElement": ({"ItemList"}, {"ListItem"}),
    "position": ({"ListItem", "CreativeWork"}, {"number", "text"}),
    "item": ({"ListItem"}, {"Thing"}),
}
ENUMERATIONS = {
    "availability": {"InStock", "OutOfStock", "SoldOut", "PreOrder", "BackOrder", "Discontinued",
                     "LimitedAvailability"},
    "digitalSourceType": {"TrainedAlgorithmicMediaDigitalSource",
                          "CompositeWithTrainedAlgorithmicMediaDigitalSource"},
}  # fmt: skip


def expanded(text: str) -> list[dict[str, Any]]:
    """JSON-LD 1.1 expanded by PyLD. Raises where it asks for another context than schema.org's."""
    import json

    from pyld import jsonld

    def load(url: str, _options: Any) -> dict[str, Any]:
        if url.rstrip("/") not in ("https://schema.org", "http://schema.org"):
            raise AssertionError(f"asked for {url}")
        return {
            "contextUrl": None,
            "documentUrl": url,
            "document": CONTEXT,
            "contentType": "application/ld+json",
        }

    found: list[dict[str, Any]] = jsonld.expand(json.loads(text), {"documentLoader": load})
    return found


def problems(nodes: list[dict[str, Any]]) -> list[str]:
    """What of expanded nodes is not as schema.org defines it."""
    return [problem for node in nodes for problem in _of_node(node)]


def _of_node(node: dict[str, Any]) -> list[str]:
    types = [name.removeprefix(SCHEMA) for name in node.get("@type", [])]
    found = [f"unknown type {name}" for name in types if name not in PARENTS]
    if not types:
        found.append(f"a thing without a type: {sorted(node)}")
    family = {one for name in types for one in _line(name)}
    for key, values in node.items():
        if key.startswith("@"):
            continue
        name = key.removeprefix(SCHEMA)
        domain, ranges = PROPERTIES.get(name, (set(), set()))
        if not domain & family:
            found.append(f"{'/'.join(types)} has no {name}")
            continue
        for value in values:
            found += _of_value(name, value, ranges)
    return found


def _of_value(name: str, value: dict[str, Any], ranges: set[str]) -> list[str]:
    if "@list" in value:
        return [problem for one in value["@list"] for problem in _of_value(name, one, ranges)]
    if "@value" in value:
        kind = "text" if isinstance(value["@value"], str) else "number"
        return [] if kind in ranges else [f"{name} is a {kind}"]
    if set(value) == {"@id"}:
        address = value["@id"]
        if "address" not in ranges or not address.startswith(("https://", "http://")):
            return [f"{name} is the address {address}"]
        if name in ENUMERATIONS and address.rpartition("/")[2] not in ENUMERATIONS[name]:
            return [f"{name} is no known {address}"]
        return []
    types = {one for full in value.get("@type", []) for one in _line(full.removeprefix(SCHEMA))}
    wrong = [] if types & ranges else [f"{name} is a {'/'.join(sorted(types)) or 'thing'}"]
    return wrong + _of_node(value)


def _line(name: str) -> list[str]:
    found = []
    while name:
        found.append(name)
        name = PARENTS.get(name, "")
    return found
