"""Bundles only one recipient can read, in the age format (age-encryption.org/v1)."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError, UsageError

if TYPE_CHECKING:
    from pyrage import x25519


def check_recipient(recipient: str) -> None:
    """Fail early on a recipient that is no age public key (``age1…``). Raises UsageError, StudioError."""
    _recipient(recipient)


def encrypt_folder(folder: Path, target: Path, recipient: str) -> Path:
    """Pack a folder as ZIP and encrypt it to ``target``; nothing unencrypted is left beside it.

    Raises:
        UsageError: the recipient is no age public key.
        DiskFull, StudioError: it cannot be written.
    """
    import pyrage

    key = _recipient(recipient)
    handle, name = tempfile.mkstemp(suffix=".zip", dir=folder.parent)
    os.close(handle)
    packed = Path(name)
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as bundle:
            for file in sorted(p for p in folder.rglob("*") if p.is_file()):
                bundle.write(file, file.relative_to(folder).as_posix())
        with atomic_path(target) as temporary:
            temporary.touch()
            pyrage.encrypt_file(str(packed), str(temporary), [key])
    finally:
        packed.unlink(missing_ok=True)
    return target


def _recipient(text: str) -> x25519.Recipient:
    try:
        from pyrage import RecipientError, x25519
    except ImportError as error:
        raise StudioError(
            "Encryption needs the package pyrage.", hint="Install it, or export without --encrypt-to."
        ) from error
    try:
        return x25519.Recipient.from_str(text.strip())
    except RecipientError as error:
        raise UsageError(
            "{recipient} is not an age public key.",
            hint="It starts with age1; make one with age-keygen.",
            recipient=text[:80],
        ) from error
