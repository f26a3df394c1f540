"""Who members are: keyed pseudonyms, and the original only where a person asked for it to be kept.

A pseudonym is HMAC-SHA256 (RFC 2104) of the id as it was given, under a key of this library alone: 80 bits,
written in base 32. The key lies in the keyring of the system; where there is none, in a file of the library
folder that only its owner can read. Originals that are kept are sealed with AES-256-GCM (NIST SP 800-38D)
under a second key, which lies in the keyring or nowhere.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmstudio.errors import ReadOnly, StudioError
from mmstudio.i18n import tr
from mmstudio.library.database import Database
from mmstudio.library.keyring import read_secret, write_secret

KEY_FILE = "members.key"
_META, _SHAPES = "pseudonyms", "member_numbers"
_PSEUDONYM = re.compile(r"m-[a-z2-7]{16}")
_GLOB = "m-" + "[a-z2-7]" * 16
# Numbers that are not of a person: "17", "user_0017". Everything else may be a name, and is not looked at.
_NUMBERED = re.compile(
    r"((?:u|c|m|p|id|uid|user|users|userid|member|customer|client|visitor|shopper|guest|viewer|person)?"
    r"[-_#: ]?)"
    r"(\d{1,9})",
    re.IGNORECASE,
)
_FAR = 3_000_000  # numbers that are tried out when own ids are asked for: about three seconds

Place = Literal["keyring", "file", "none"]


@dataclass(frozen=True, slots=True)
class KeyState:
    """Where the key of the pseudonyms lies; ``sentence`` is for a person, already translated."""

    place: Place
    sentence: str


def is_pseudonym(name: str) -> bool:
    """Whether a member's name has the shape of a pseudonym (``m-`` and 16 signs of base 32)."""
    return _PSEUDONYM.fullmatch(name) is not None


class Pseudonyms:
    """The pseudonyms of one library.

    Args:
        identity: gives the library's own id, under which the keyring keeps the keys.
    """

    def __init__(self, db: Database, folder: Path, identity: Callable[[], str]) -> None:
        self._db = db
        self._folder = folder
        self._identity = identity
        self._key: bytes | None = None
        self._sealing: bytes | None = None
        self._lock = threading.RLock()
        self._converting = threading.Lock()  # twice at once would take the members of the first for strangers
        self._none_plain = False  # once true it stays so: what is written now is coded
        # (prefix, digits with leading zeros or 0) → highest number met: no id, only how far numbers reach.
        self._shapes: dict[tuple[str, int], int] | None = None
        self._shapes_new = False

    # -- pseudonyms --------------------------------------------------------------------------------------

    def of(self, name: str) -> str:
        """The pseudonym of a member's own id; a pseudonym of this form stays, "" stays.

        Raises:
            StudioError: where the key is not on this computer. ReadOnly: where a key would have to be made.
        """
        return self.of_many((name,))[0]

    def of_many(self, names: Iterable[str]) -> list[str]:
        """Pseudonyms of many ids, in order; see :meth:`of`."""
        key = self._secret(make=True)
        shapes = self._known_shapes()
        return [self._one(name, key, shapes) for name in names]

    def find(self, names: Iterable[str]) -> dict[str, str]:
        """Pseudonym → id for ids that a person gives again; {} where no pseudonym was ever made."""
        key = self._secret(make=False)
        return {} if key is None else {_pseudonym(key, text): text for text in map(_plain, names) if text}

    def originals(self, pseudonyms: Iterable[str], given: Iterable[str] = ()) -> dict[str, str]:
        """The own ids of members, as far as they can be told: pseudonym → id.

        In this order: ids that were ``given`` again (a file of the person's own), ids that are kept sealed,
        and plain numbers such as ``17`` or ``user_0017``, which are tried out against the key (up to three
        million).
        """
        wanted = set(pseudonyms)
        found = {name: text for name, text in self.find(given).items() if name in wanted}
        if wanted - found.keys():
            found |= self._unsealed(wanted - found.keys())
        if wanted - found.keys():
            found |= self._numbers(wanted - found.keys())
        return found

    def remember_numbers(self) -> None:
        """Inside a write: keep how far numbered ids reach, so that :meth:`originals` finds them."""
        if self._shapes_new and self._shapes:
            kept = [[prefix, width, most] for (prefix, width), most in sorted(self._shapes.items())]
            self._set_meta(_SHAPES, json.dumps(kept))
            self._shapes_new = False

    # -- originals ---------------------------------------------------------------------------------------

    def seal(self, name: str) -> bytes:
        """An own id, encrypted: 12 bytes nonce, text, 16 bytes tag; bound to its pseudonym.

        Raises:
            StudioError: where the system has no keyring to keep the key in.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        text = _plain(name)
        return nonce + AESGCM(self._seal_key(make=True)).encrypt(nonce, text.encode(), self.of(text).encode())

    def unseal(self, sealed: bytes, pseudonym: str) -> str | None:
        """The own id; None where the key is not on this computer or the bytes were changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            key = self._seal_key(make=False)
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], pseudonym.encode()).decode()
        except (StudioError, InvalidTag, ValueError):
            return None

    # -- the key -----------------------------------------------------------------------------------------

    def state(self) -> KeyState:
        """Where the key lies, in a sentence."""
        place = self._meta().get("place", "none")
        if place == "keyring":
            said = tr("Members are kept as pseudonyms; their key lies in the keyring of this computer.")
        elif place == "file":
            said = tr(
                "Members are kept as pseudonyms. This computer has no keyring: the key lies in the library"
                " folder ({file}), so whoever has the folder can test an id that they know already.",
                file=KEY_FILE,
            )
        else:
            place = "none"
            said = tr("No member was imported yet; members are kept as keyed pseudonyms.")
        return KeyState(place, said)  # type: ignore[arg-type]

    def plain(self) -> int:
        """How many members an older program kept under their plain ids."""
        if self._none_plain:
            return 0
        # "audience 3" is nobody: it stands for what an audience did as a whole.
        sql = "SELECT COUNT(*) FROM member WHERE name NOT GLOB ? AND name NOT GLOB 'audience [0-9]*'"
        count = int(self._db.read().execute(sql, (_GLOB,)).fetchone()[0])
        self._none_plain = not count
        return count

    def convert(self, keep_ids: bool = False) -> int:
        """Give members with plain ids their pseudonyms; returns how many.

        One transaction; before it the database is copied to ``backups/library-plain-members.db``, which still
        holds the plain ids. Freed pages are overwritten.

        Raises:
            StudioError: with ``keep_ids`` where there is no keyring. ReadOnly.
        """
        with self._converting:
            return self._convert(keep_ids)

    def _convert(self, keep_ids: bool) -> int:
        members = self._plain_members()
        if not members:
            return 0
        if self._db.read_only:
            raise _read_only()
        sealed = [self.seal(name) if keep_ids else None for _id, name in members]
        names = self.of_many(name for _id, name in members)
        self._db.backup(self.backup)
        with self._db.write() as tx:
            tx.execute("PRAGMA secure_delete=ON")
            for (member_id, _old), name, blob in zip(members, names, sealed, strict=True):
                self._rename(tx.conn, member_id, name, blob)
            self.remember_numbers()
            self._db.note("audiences")
        self._db.vacuum()
        return len(members)

    @property
    def backup(self) -> Path:
        """The copy that :meth:`convert` makes; it holds plain ids until a person deletes it."""
        return self._folder / "backups" / "library-plain-members.db"

    # -- inside ------------------------------------------------------------------------------------------

    def _one(self, name: str, key: bytes | None, shapes: dict[tuple[str, int], int]) -> str:
        text = _plain(name)
        if not text or _PSEUDONYM.fullmatch(text):
            return text
        numbered = _NUMBERED.fullmatch(text)
        if numbered is not None:
            prefix, digits = numbered.groups()
            number = int(digits)
            shape = (prefix, len(digits) if digits[0] == "0" and len(digits) > 1 else 0)
            if number <= _FAR and number > shapes.get(shape, -1):
                shapes[shape] = number
                self._shapes_new = True
        assert key is not None
        return _pseudonym(key, text)

    def _numbers(self, wanted: set[str]) -> dict[str, str]:
        key = self._secret(make=False)
        found: dict[str, str] = {}
        if key is None:
            return found
        for (prefix, width), most in self._known_shapes().items():
            # A leading zero gives the width of all numbers of that length; wider ones have their own shape.
            for number in range(most + 1):
                text = f"{prefix}{number:0{width}d}"
                name = _pseudonym(key, text)
                if name in wanted:
                    found[name] = text
                    if len(found) == len(wanted):
                        return found
        return found

    def _unsealed(self, wanted: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, blob in self._db.read().execute("SELECT name, sealed FROM member WHERE sealed IS NOT NULL"):
            if name in wanted and (text := self.unseal(blob, name)) is not None:
                found[name] = text
        return found

    def _plain_members(self) -> list[tuple[int, str]]:
        rows = self._db.read().execute("SELECT id, name FROM member WHERE name NOT GLOB ?", (_GLOB,))
        return [(int(row[0]), str(row[1])) for row in rows]

    @staticmethod
    def _rename(connection: object, member_id: int, name: str, sealed: bytes | None) -> None:
        """Under its pseudonym a member may be there already, from a newer import: then they are one."""
        execute = connection.execute  # type: ignore[attr-defined]
        row = execute("SELECT id FROM member WHERE name = ?", (name,)).fetchone()
        if row is None:
            execute("UPDATE member SET name = ?, sealed = ? WHERE id = ?", (name, sealed, member_id))
            return
        execute("UPDATE OR IGNORE interaction SET member_id = ? WHERE member_id = ?", (row[0], member_id))
        execute("DELETE FROM member WHERE id = ?", (member_id,))

    def _secret(self, *, make: bool) -> bytes | None:
        with self._lock:
            if self._key is not None:
                return self._key
            meta = self._meta()
            if meta:
                self._key = self._read_key(meta)
            elif make:
                self._key = self._make_key()
            return self._key

    def _read_key(self, meta: Mapping[str, str]) -> bytes:
        key: bytes | None
        if meta.get("place") == "keyring":
            key = read_secret(self._entry("members"))
        else:
            key = _read_file(self._folder / KEY_FILE)
        if key is None or not hmac.compare_digest(_mark(key), meta.get("check", "")):
            raise StudioError(
                "The key to the members of this library is not on this computer.",
                hint="Import people on the computer that has it; what is there already stays usable.",
            )
        return key

    def _make_key(self) -> bytes:
        if self._db.read_only:
            raise _read_only()
        key = secrets.token_bytes(32)
        place: Place = "keyring" if write_secret(self._entry("members"), key) else "file"
        if place == "file":
            _write_file(self._folder / KEY_FILE, key)
        with self._db.write():
            self._set_meta(_META, json.dumps({"place": place, "check": _mark(key)}))
        return key

    def _seal_key(self, *, make: bool) -> bytes:
        with self._lock:
            if self._sealing is None:
                self._sealing = read_secret(self._entry("originals"))
            if self._sealing is None and make:
                key = secrets.token_bytes(32)
                self._sealing = key if write_secret(self._entry("originals"), key) else None
            if self._sealing is None:
                raise StudioError(
                    "Ids of people are kept only with a keyring, and this computer has none.",
                    hint="Import without --keep-ids; --members FILE finds your own ids again.",
                )
            return self._sealing

    def _entry(self, what: str) -> str:
        return f"{self._identity()} {what}"

    def _known_shapes(self) -> dict[tuple[str, int], int]:
        if self._shapes is None:
            row = self._db.read().execute("SELECT value FROM meta WHERE key = ?", (_SHAPES,)).fetchone()
            kept: Sequence[tuple[str, int, int]] = json.loads(row[0]) if row is not None else []
            self._shapes = {(prefix, width): most for prefix, width, most in kept}
        return self._shapes

    def _meta(self) -> dict[str, str]:
        row = self._db.read().execute("SELECT value FROM meta WHERE key = ?", (_META,)).fetchone()
        return dict(json.loads(row[0])) if row is not None else {}

    def _set_meta(self, key: str, value: str) -> None:
        with self._db.write() as tx:
            tx.execute(
                "INSERT INTO meta(key, value) VALUES (?, ?)"
                " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                (key, value),
            )


def _pseudonym(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
    return "m-" + base64.b32encode(digest[:10]).decode("ascii").lower()


def _plain(name: str) -> str:
    text = name.strip()
    if text.isascii():
        return text.lower() if "@" in text else text  # mail addresses differ in case only
    return unicodedata.normalize("NFC", text)


def _mark(key: bytes) -> str:
    """What a key is known by without telling it."""
    return hmac.digest(key, b"mmstudio members", "sha256")[:8].hex()


def _read_file(path: Path) -> bytes | None:
    try:
        return base64.b64decode(path.read_text(encoding="ascii"), validate=True)
    except (OSError, ValueError):
        return None


def _write_file(path: Path, key: bytes) -> None:
    """Readable for its owner alone from the first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(key).decode("ascii"))
    path.chmod(0o600)


def _read_only() -> ReadOnly:
    return ReadOnly(
        "The library is open for reading only: members cannot be given pseudonyms.",
        hint="Close the other window or program that uses it, then try again.",
    )
