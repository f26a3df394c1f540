"""Bundles that only a recipient, or who knows a passphrase, can read: age format (age-encryption.org/v1)."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mmstudio.atomic import atomic_path, write_bytes
from mmstudio.errors import NotFound, StudioError, UsageError

if TYPE_CHECKING:
    from pyrage import x25519

_IN_MEMORY = 64_000_000  # bytes; pyrage encrypts to a passphrase in memory only
_LEAST = 8  # characters of a passphrase
_HEAD = b"age-encryption.org/v1\n"
_KEY_SUFFIX = ".key.age"


def check_recipient(recipient: str) -> None:
    """Fail early on a recipient that is no age public key (``age1…``). Raises UsageError, StudioError."""
    _recipient(recipient)


def check_passphrase(passphrase: str) -> None:
    """Fail early on a passphrase that anybody guesses. Raises UsageError."""
    if len(passphrase.strip()) < _LEAST:
        raise UsageError(
            "A passphrase has at least {n} characters.", hint="Several words are easy to keep.", n=_LEAST
        )


def encrypt_folder(folder: Path, target: Path, recipient: str) -> Path:
    """Pack a folder as ZIP and encrypt it to ``target``; nothing unencrypted is left beside it.

    Raises:
        UsageError: the recipient is no age public key.
        DiskFull, StudioError: it cannot be written.
    """
    import pyrage

    key = _recipient(recipient)
    with _packed(folder) as packed, atomic_path(target) as temporary:
        temporary.touch()
        pyrage.encrypt_file(str(packed), str(temporary), [key])
    return target


def encrypt_with_passphrase(folder: Path, target: Path, passphrase: str) -> list[Path]:
    """Pack a folder as ZIP and encrypt it to a passphrase; nothing unencrypted is left beside it.

    A bundle up to 64 MB is one file. A larger one is encrypted to a key made for it alone, which lies beside
    it as ``NAME.key.age``, itself encrypted to the passphrase: both go to the recipient. Either opens with
    ``mmstudio decrypt``, or with age (``age -d -i NAME.key.age NAME``).

    Returns:
        The files written: the bundle, and the key where there is one.

    Raises:
        UsageError: a passphrase of fewer than eight characters. DiskFull, StudioError: it cannot be written.
    """
    import pyrage

    check_passphrase(passphrase)
    with _packed(folder) as packed:
        if packed.stat().st_size <= _IN_MEMORY:
            write_bytes(target, pyrage.passphrase.encrypt(packed.read_bytes(), passphrase))
            return [target]
        identity = pyrage.x25519.Identity.generate()
        key = target.with_name(target.name + _KEY_SUFFIX)
        write_bytes(key, pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase))
        with atomic_path(target) as temporary:
            temporary.touch()
            pyrage.encrypt_file(str(packed), str(temporary), [identity.to_public()])
    return [target, key]


def needs_passphrase(bundle: Path) -> bool:
    """Whether a bundle opens with a passphrase rather than with an identity file. Raises as decrypting."""
    return _stanza(bundle) == b"scrypt" or _key_beside(bundle) is not None


def decrypt_bundle(
    bundle: Path, out: Path, *, passphrase: str = "", identity: Path | None = None
) -> list[Path]:
    """Open a bundle and unpack it into a folder.

    Args:
        passphrase: for bundles made with one (and for an identity file that is itself encrypted).
        identity: an age identity file (``AGE-SECRET-KEY-1…``), for bundles made for a recipient.

    Returns:
        The files written, each whole; files of the same name are replaced.

    Raises:
        NotFound: no such file. UsageError: what opens it was not given.
        StudioError: the passphrase or identity does not open it, or it is no bundle of ours.
    """
    import pyrage

    stanza = _stanza(bundle)
    handle, name = tempfile.mkstemp(suffix=".zip")
    os.close(handle)
    packed = Path(name)
    try:
        if stanza == b"scrypt":
            packed.write_bytes(_with_passphrase(bundle, passphrase))
        else:
            key = identity or _key_beside(bundle)
            if key is None:
                raise UsageError(
                    "{name} was made for a recipient.", hint="Give the identity file with --identity.",
                    name=bundle.name,
                )  # fmt: skip
            try:
                pyrage.decrypt_file(str(bundle), str(packed), _identities(key, passphrase))
            except pyrage.DecryptError as error:
                raise StudioError(
                    "{name} does not open with this identity.",
                    hint="It was made for another recipient, or is damaged.",
                    name=bundle.name,
                ) from error
        return _unpacked(packed, out, bundle.name)
    finally:
        packed.unlink(missing_ok=True)


@contextmanager
def _packed(folder: Path) -> Iterator[Path]:
    """The folder as a ZIP beside it that is gone afterwards; links are left out."""
    handle, name = tempfile.mkstemp(suffix=".zip", dir=folder.parent)
    os.close(handle)
    packed = Path(name)
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as bundle:
            for file in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
                bundle.write(file, file.relative_to(folder).as_posix())
        yield packed
    finally:
        packed.unlink(missing_ok=True)


def _stanza(bundle: Path) -> bytes:
    """What the first recipient of an age file is: scrypt (a passphrase), X25519, …"""
    try:
        with bundle.open("rb") as file:
            head = file.read(200)
    except OSError as error:
        raise NotFound("There is no file {path}.", path=str(bundle)) from error
    if not head.startswith(_HEAD):
        raise StudioError("{name} is not an encrypted bundle.", hint="Bundles end in .age.", name=bundle.name)
    return head[len(_HEAD) :].removeprefix(b"-> ").split(b" ", 1)[0]


def _key_beside(bundle: Path) -> Path | None:
    beside = bundle.with_name(bundle.name + _KEY_SUFFIX)
    return beside if beside.is_file() else None


def _identities(file: Path, passphrase: str) -> list[x25519.Identity]:
    from pyrage import IdentityError, x25519

    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotFound("There is no file {path}.", path=str(file)) from error
    if data.startswith(_HEAD):
        data = _with_passphrase(file, passphrase)
    lines = data.decode("utf-8", "replace").splitlines()
    secrets = [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-1")]
    try:
        found = [x25519.Identity.from_str(secret) for secret in secrets]
    except IdentityError as error:
        raise UsageError("{name} holds no age identity.", name=file.name) from error
    if not found:
        raise UsageError("{name} holds no age identity.", hint="age-keygen makes one.", name=file.name)
    return found


def _with_passphrase(file: Path, passphrase: str) -> bytes:
    import pyrage

    if not passphrase:
        raise UsageError("{name} opens with a passphrase, and none was given.", name=file.name)
    try:
        return bytes(pyrage.passphrase.decrypt(file.read_bytes(), passphrase))
    except pyrage.DecryptError as error:
        raise StudioError(
            "The passphrase does not open {name}.", hint="Check it and try again.", name=file.name
        ) from error


def _unpacked(packed: Path, out: Path, name: str) -> list[Path]:
    """Files of a ZIP below ``out``; names that climb out of it are refused before anything is written."""
    made: list[Path] = []
    try:
        with zipfile.ZipFile(packed) as bundle:
            entries = [entry for entry in bundle.infolist() if not entry.is_dir()]
            for entry in entries:
                place = PurePosixPath(entry.filename.replace("\\", "/"))
                if place.is_absolute() or ".." in place.parts or ":" in place.parts[0]:
                    raise StudioError(
                        "{name} holds a file that would lie outside of the folder.",
                        hint="It was not unpacked; ask who sent it.", name=name,
                    )  # fmt: skip
            for entry in entries:
                final = out.joinpath(*PurePosixPath(entry.filename.replace("\\", "/")).parts)
                with (
                    atomic_path(final, durable=False) as temporary,
                    bundle.open(entry) as source,
                    temporary.open("wb") as target,
                ):
                    shutil.copyfileobj(source, target, 1 << 20)
                made.append(final)
    except (zipfile.BadZipFile, EOFError) as error:
        raise StudioError("{name} holds no bundle of MM Studio.", name=name) from error
    return made


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
