"""A folder of exported files as one encrypted bundle (age format, age-encryption.org/v1)."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from mmstudio.atomic import atomic_path
from mmstudio.errors import UsageError


def check_recipient(text: str) -> Any:
    """The age or SSH recipient that ``text`` names.

    Raises:
        UsageError: where it is neither.
    """
    import pyrage

    for kind in (pyrage.x25519.Recipient, pyrage.ssh.Recipient):
        try:
            return kind.from_str(text.strip())
        except pyrage.RecipientError:
            continue
    raise UsageError(
        "This is not an age recipient: {text}",
        hint="A recipient starts with age1 (made by age-keygen) or is an SSH public key.",
        text=text,
    )


def encrypt_folder(folder: Path, bundle: Path, recipient: str) -> Path:
    """Pack every file below ``folder`` into a ZIP and encrypt it to ``recipient`` as ``bundle``.

    The plain ZIP lives in the system's temporary folder only while this runs.
    """
    import pyrage

    to = check_recipient(recipient)
    with tempfile.TemporaryDirectory(prefix="mmstudio-") as temporary:
        plain = Path(temporary) / "bundle.zip"
        with zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.write(file, file.relative_to(folder).as_posix())
        with atomic_path(bundle) as part:
            pyrage.encrypt_file(str(plain), str(part), [to])
    return bundle
