"""Word lists of the copywriter: JSON files in ``resources/copywriting``, read once when first needed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from mmstudio.paths import resource


@cache
def table(name: str) -> Any:
    """A word list by file name: claims, vocabulary, phrases_en, phrases_zh, columns_zh."""
    return json.loads(resource("copywriting", f"{name}.json").read_text(encoding="utf-8"))
