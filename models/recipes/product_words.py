"""Words and phrases of made product texts (product_words.json), English → Chinese, all the project's.

Of each kind of thing: what there is, what it is made of, what it is for, what is said of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ALL: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))

Table = dict[str, str]
KINDS: dict[str, tuple[Table, Table, Table, Table]] = {
    kind: (of["things"], of["materials"], of["uses"], of["said"]) for kind, of in _ALL["kinds"].items()
}
COLOURS: Table = _ALL["colours"]
LOOKS: Table = _ALL["looks"]
PRAISE: Table = _ALL["praise"]
BLAME: Table = _ALL["blame"]
CLAIMS: Table = _ALL["claims"]
CALLS: Table = _ALL["calls"]
BULLETS: Table = _ALL["bullets"]
WHO: Table = _ALL["who"]
WHEN: Table = _ALL["when"]
