"""Which variant a storyboard is, as it stands now, and how its id travels in links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mmstudio.library.variants import variant_id

if TYPE_CHECKING:
    from mmstudio.library import Library

PARAMETER = "utm_content"  # the usual place of an advertisement's name in a link


def storyboard_content(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of a storyboard's data makes the variant: all that is seen and heard, not what it is called."""
    return {key: value for key, value in data.items() if key not in ("schema", "name")}


def variant_of(library: Library, storyboard_id: int | None, data: Mapping[str, Any]) -> tuple[str, bool]:
    """(id of the variant that a storyboard is, or ""; whether it was one before it was changed).

    A changed storyboard is another variant: results of the one do not speak for the other.
    """
    if storyboard_id is None:
        return "", False
    known = library.variants.of_storyboard(storyboard_id)
    content = storyboard_content(data)
    for variant in reversed(known):
        own = variant_id({"kind": "storyboard", "audience": variant.audience_id, "content": content})
        if own == variant.id:
            return variant.id, False
    return "", bool(known)


def link_with(url: str, variant: str) -> str:
    """A web link that names the variant; other links, and without a variant, as they are."""
    if not variant or not url.lower().startswith(("http://", "https://")):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
    return urlunsplit(parts._replace(query=urlencode([*query, (PARAMETER, variant)])))
