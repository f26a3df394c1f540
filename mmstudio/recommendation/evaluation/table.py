"""A table of an evaluation as CSV text and as an SVG plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape
from typing import Any

from mmstudio.i18n import tr

_BAR, _GAP, _LEFT, _WIDTH, _TOP = 18, 10, 240, 420, 46
_INK, _FILL, _QUIET = "#1f2933", "#2f6fde", "#9aa5b1"  # the colours of the window's light theme


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """One line per row, a header of all columns; numbers with a point, empty where there is none."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_svg(rows: Sequence[dict[str, Any]], metric: str = "ndcg") -> str:
    """Bars of one measure with a line of one spread to each side, longest on top; text stays text."""
    shown = sorted((row for row in rows if row.get(metric) is not None), key=lambda row: -float(row[metric]))
    reach = [float(row[metric]) + float(row.get(f"{metric}_spread") or 0) for row in shown]
    longest = max([*reach, 1e-9])
    height = _TOP + len(shown) * (_BAR + _GAP) + 10
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 90}" height="{height}" '
        'font-family="sans-serif" font-size="13">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="26" font-size="15" fill="{_INK}">'
        f"{escape(_title(shown, metric))}</text>"
    )
    parts = [head]
    for place, row in enumerate(shown):
        y = _TOP + place * (_BAR + _GAP)
        value, spread = float(row[metric]), float(row.get(f"{metric}_spread") or 0)
        length = _WIDTH * max(value, 0) / longest
        middle, name = y + _BAR / 2, escape(_name(row))
        fill = _QUIET if row["method"] in ("random", "popular") else _FILL
        low, high = (
            _LEFT + _WIDTH * max(value - spread, 0) / longest,
            _LEFT + _WIDTH * (value + spread) / longest,
        )
        parts += [
            f'<text x="{_LEFT - 8}" y="{middle + 4}" text-anchor="end" fill="{_INK}">{name}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{fill}"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="{_INK}"/>',
            f'<text x="{high + 6:.1f}" y="{middle + 4}" fill="{_INK}">{value:.3f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def _name(row: dict[str, Any]) -> str:
    known = row.get("known")
    label = str(row.get("label") or row["method"])
    return f"{label} ({tr('{n} known', n=known)})" if known else label


def _title(rows: Sequence[dict[str, Any]], metric: str) -> str:
    if not rows:
        return metric
    first = rows[0]
    name = {"ndcg": "NDCG", "recall": "Recall", "hit": "Hit", "mrr": "MRR", "map": "MAP", "auc": "AUC"}
    at = "" if metric in ("map", "auc", "rmse") else f"@{first['k']}"
    return tr(
        "{measure}, protocol {protocol}, {n} splits", measure=f"{name.get(metric, metric)}{at}",
        protocol=first["protocol"], n=first["seeds"],
    )  # fmt: skip
