"""XMP packets (ISO 16684-1): written from a record, read back from ours and from other programs'."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, unescape

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
STANDARD = ("title", "description", "creator", "software", "created", "digital_source_type")
_IPTC = "Iptc4xmpExt:DigitalSourceType"
_NAMESPACE = "https://mmstudio.app/ns/1.0/"
# GB 45438-2025 keeps the implicit label of generated content as JSON in one field of this namespace.
_AIGC_NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_MAX_PARSED = 4_000_000  # characters

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:mmstudio="{namespace}"{more}>{fields}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
_DEFAULT_LANGUAGE = '<rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt>'
_FIELDS = {
    "title": f"<dc:title>{_DEFAULT_LANGUAGE}</dc:title>",
    "description": f"<dc:description>{_DEFAULT_LANGUAGE}</dc:description>",
    "creator": "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>",
    "software": "<xmp:CreatorTool>{}</xmp:CreatorTool>",
    "created": "<xmp:CreateDate>{}</xmp:CreateDate>",
    "digital_source_type": f"<{_IPTC}>{SOURCE_TYPES}{{}}</{_IPTC}>",
    "recipe": "<mmstudio:Recipe>{}</mmstudio:Recipe>",
    "recipe_hash": "<mmstudio:RecipeHash>{}</mmstudio:RecipeHash>",
    "storyboard": "<mmstudio:StoryboardHash>{}</mmstudio:StoryboardHash>",
    "aigc": "<TC260:AIGC>{}</TC260:AIGC>",
}
_PATTERNS = {
    "title": re.compile(r"<dc:title>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "description": re.compile(r"<dc:description>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "creator": re.compile(r"<dc:creator>.*?<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL),
    "software": re.compile(r"<xmp:CreatorTool>(.*?)</xmp:CreatorTool>", re.DOTALL),
    "created": re.compile(r"<xmp:CreateDate>(.*?)</xmp:CreateDate>", re.DOTALL),
    "digital_source_type": re.compile(r"DigitalSourceType(?:>|=\")[^<\"]*?([A-Za-z]+)[<\"]"),
}
_RECORD = re.compile(r"<mmstudio:record>(.*?)</mmstudio:record>", re.DOTALL)


def packet_of(record: Mapping[str, Any]) -> str:
    """The packet for a record of JSON values; its known fields go to their standard places too."""
    fields = [
        form.format(quoted(str(record[key])))
        for key, form in _FIELDS.items()
        if record.get(key) not in (None, "")
    ]
    fields.append(
        f"<mmstudio:record>{quoted(json.dumps(dict(record), ensure_ascii=False))}</mmstudio:record>"
    )
    more = f' xmlns:TC260="{_AIGC_NAMESPACE}"' if record.get("aigc") else ""
    return _PACKET.format(namespace=_NAMESPACE, more=more, fields="".join(fields))


def parse_packet(packet: str) -> dict[str, Any]:
    """Read our own packet and the common form of others; patterns leave nothing for XML traps to catch."""
    packet = packet[:_MAX_PARSED]
    found: dict[str, Any] = {}
    for key, pattern in _PATTERNS.items():
        match = pattern.search(packet)
        if match is not None:
            found[key] = unescape(match[1]).strip()
    record = _RECORD.search(packet)
    if record is not None:
        found.update(json_object(unescape(record[1])))
    return found


def quoted(text: str) -> str:
    """XML text without the control characters that XML 1.0 forbids."""
    return escape("".join(c for c in text if c in "\t\n\r" or c >= " "))


def json_object(text: str) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
