"""One self-contained HTML document: its policy lets nothing in and nothing out."""

from __future__ import annotations

import base64
import hashlib

from mmstudio.export.web.markup import direction, h, tag


def document(
    *, locale: str, title: str, style: str, body: str, head: str = "", script: str = "", sound: bool = False
) -> str:
    """A whole HTML page.

    Args:
        locale: of the page's own language; sets ``lang`` and the direction in which it runs.
        title: plain text. style: CSS. head, body: markup, escaped already.
        script: JavaScript of this program; the policy names its hash, so that no other can run.
        sound: whether sounds and clips lie inside.
    """
    return (
        f'<!doctype html>\n<html lang="{tag(locale)}" dir="{direction(locale)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script, sound)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{h(title)}</title>\n{head}<style>{style}</style>\n</head>\n<body>\n{body}\n"
        + (f"<script>{script}</script>\n" if script else "")
        + "</body>\n</html>\n"
    )


def _policy(script: str, sound: bool) -> str:
    parts = ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"]
    if sound:
        parts.append("media-src data:")
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
        parts.append(f"script-src 'sha256-{digest}'")
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])
