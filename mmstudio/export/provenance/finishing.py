"""The last step of every file: say inside where it came from, and sign it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.errors import MediaError
from mmstudio.export.options import ExportOptions
from mmstudio.media.metadata import can_carry, stamp

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard
    from mmstudio.library import Library

log = logging.getLogger(__name__)


def finish(
    path: Path,
    record: Mapping[str, Any],
    board: Storyboard,
    options: ExportOptions | None = None,
    *,
    library: Library | None = None,
) -> bytes | None:
    """Write the record into a finished file and sign it where the options name a certificate.

    Nothing may change the file afterwards: a signature covers every byte. Kinds that cannot hold a record
    (SRT, CSV) are left as they are: their manifest speaks for them, and ``verify`` reads it there. Packages
    (ZIP) carry it in their time line or list.

    Args:
        path: the file under its temporary name; its suffix says what it is.
        record: see :func:`mmstudio.export.provenance.record_of`.
        library: where the sources lie: those with manifests of their own are named as ingredients.

    Returns:
        A C2PA manifest that the format cannot hold inside: to be written beside the file as
        ``NAME.SUFFIX.c2pa``; None for all others.

    Raises:
        MediaError: the file cannot be read. StudioError: the certificate cannot sign.
    """
    chosen = options or ExportOptions()
    if can_carry(path):
        try:
            stamp(path, record, durable=False)  # it is made so when it takes its name
        except MediaError:
            if path.suffix.lower() not in (
                ".pdf",
                ".avif",
            ):  # of other programs' making: not all can be added to
                raise
            log.warning("no record was written into a %s", path.suffix)
    if not chosen.sign_with:
        return None
    from mmstudio.export.provenance.certificate import load_certificate
    from mmstudio.export.provenance.signing import sign

    sources = [] if library is None else _files(library, board)
    return sign(path, record, load_certificate(chosen.sign_with), sources, keep_personal=chosen.keep_metadata)


def _files(library: Library, board: Storyboard) -> list[Path]:
    assets = library.assets.get_many(board.asset_ids())
    return [path for path in map(library.assets.path_of, assets) if path.is_file()]
