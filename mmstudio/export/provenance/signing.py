"""C2PA manifests: signed with the person's own certificate, inside the file or beside it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmstudio import __version__
from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError
from mmstudio.export.provenance.certificate import Certificate
from mmstudio.media.xmp import SOURCE_TYPES

log = logging.getLogger(__name__)
# What c2pa-python embeds into and reads (checked with 0.38); all else gets a manifest beside it.
MIMES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".gif": "image/gif", ".avif": "image/avif", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".svg": "image/svg+xml", ".pdf": "application/pdf", ".mp4": "video/mp4", ".m4v": "video/mp4",
    ".mov": "video/quicktime", ".m4a": "audio/mp4", ".wav": "audio/wav", ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
}  # fmt: skip
SIDECAR_MIME = "application/octet-stream"
# A thumbnail would make small files many times larger; nothing may be fetched.
SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
}
_PERSONAL = ("exif", "CreativeWork", "cawg.", "stds.iptc", "gps")  # in manifests of sources
_MOST_INGREDIENTS = 32


def sign(
    path: Path,
    record: Mapping[str, Any],
    certificate: Certificate,
    ingredients: Iterable[Path] = (),
    *,
    keep_personal: bool = False,
) -> bytes | None:
    """Sign a finished file in place, or return the manifest to keep beside it where its kind holds none.

    Args:
        record: as stamped into the file; it becomes an assertion.
        ingredients: files it was made from; those with manifests of their own are named as ingredients.
        keep_personal: also those whose manifests tell of cameras, places or persons.

    Raises:
        StudioError: it cannot be signed; the file is as it was.
    """
    import c2pa

    mime = MIMES.get(path.suffix.lower())
    try:
        with (
            c2pa.Context.from_dict(SETTINGS) as context,
            c2pa.Signer.from_info(
                c2pa.C2paSignerInfo(certificate.algorithm.encode(), certificate.chain, certificate.key, None)
            ) as signer,
            c2pa.Builder.from_json(_manifest(path, record), context=context) as builder,
        ):
            _add_ingredients(builder, ingredients, keep_personal)
            if mime is None:
                builder.set_no_embed()
                with path.open("rb") as source:
                    return bytes(builder.sign(signer, SIDECAR_MIME, source, io.BytesIO()))
            with (
                atomic_path(path, durable=False) as temporary,
                path.open("rb") as source,
                temporary.open("w+b") as target,
            ):
                builder.sign(signer, mime, source, target)
            return None
    except c2pa.C2paError as error:
        raise StudioError(
            "{name} cannot be signed: {why}",
            hint="Check the certificate, or export without a signature.",
            name=path.name if not path.name.startswith(".") else path.suffix,
            why=str(error)[:200],
        ) from error


def _manifest(path: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    kind = record.get("digital_source_type")
    created: dict[str, Any] = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPES + str(kind or "compositeCapture"),
        "softwareAgent": {"name": "MM Studio", "version": __version__},
    }
    return {
        "claim_generator_info": [{"name": "MM Studio", "version": __version__}],
        "title": str(record.get("title", ""))[:200] + path.suffix,
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [created]}},
            {"label": "app.mmstudio.record", "data": dict(record)},
        ],
    }


def _add_ingredients(builder: Any, files: Iterable[Path], keep_personal: bool) -> None:
    import c2pa

    number = 0
    for file in files:
        mime = MIMES.get(file.suffix.lower())
        if mime is None or number >= _MOST_INGREDIENTS:
            continue
        try:
            with c2pa.Context.from_dict(SETTINGS) as context, file.open("rb") as stream:
                reader = c2pa.Reader.try_create(mime, stream, context=context)
                if reader is None:
                    continue
                with reader:
                    text = reader.json().lower()
            if not keep_personal and any(word.lower() in text for word in _PERSONAL):
                log.info("a source's manifest tells of persons or places and is not named")
                continue
            number += 1
            with file.open("rb") as stream:
                builder.add_ingredient(
                    {"title": f"source {number}{file.suffix.lower()}", "relationship": "componentOf"},
                    mime,
                    stream,
                )
        except (c2pa.C2paError, OSError) as error:
            log.info("no ingredient of %s: %s", file.suffix, error)
