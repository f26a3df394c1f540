"""Members are kept as keyed pseudonyms; own ids only where a person asked and there is a keyring."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from mmstudio.errors import ReadOnly, StudioError
from mmstudio.library import Library, NewInteraction, NewItem
from mmstudio.library.pseudonyms import KEY_FILE, is_pseudonym

PEOPLE = ["Ann Lee", "ann@example.com", "张三", "+49 170 1234567", "17", "user_0042"]


class Ring(KeyringBackend):
    """A keyring that lives as long as the test."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring() -> Iterator[Ring]:
    before = keyring.get_keyring()
    own = Ring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "people.mmlib") as opened:
        yield opened


def everything_written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_nothing_of_a_person_is_written(library: Library) -> None:
    item = library.items.upsert_many([NewItem("A1", "Mug")])[0]
    audience = library.audiences.add("Cooks")
    library.audiences.add_members(audience, PEOPLE[:3])
    library.audiences.add_interactions([NewInteraction(name, audience, item) for name in PEOPLE])
    names = library.audiences.names_of(library.audiences.members(audience))
    assert len(names) == len(PEOPLE)
    assert all(is_pseudonym(name) for name in names.values())
    folder = library.path
    library.close()
    written = everything_written(folder)
    for person in PEOPLE[:4]:
        assert person.encode() not in written


def test_the_same_person_is_the_same_member_in_one_library_and_another_in_the_next(
    library: Library, tmp_path: Path
) -> None:
    of = library.pseudonyms.of
    assert of("Ann@Example.com ") == of("ann@example.com") != of("ann")
    assert of(of("ann")) == of("ann")  # what was exported comes back as it is
    assert of("") == ""
    with Library.create(tmp_path / "other.mmlib") as other:
        assert other.pseudonyms.of("ann") != of("ann")


def test_the_key_lies_in_the_keyring_and_a_lost_key_is_said(ring: Ring, tmp_path: Path) -> None:
    folder = tmp_path / "ring.mmlib"
    with Library.create(folder) as library:
        first = library.pseudonyms.of("ann")
        assert library.pseudonyms.state().place == "keyring"
    assert not (folder / KEY_FILE).exists()
    assert len(ring.kept) == 1
    with Library.open(folder) as library:
        assert library.pseudonyms.of("ann") == first
    ring.kept.clear()
    with (
        Library.open(folder) as library,
        pytest.raises(StudioError, match="The key to the members of this library is not on this computer"),
    ):
        library.pseudonyms.of("ann")


def test_without_a_keyring_the_key_file_is_for_its_owner_alone_and_that_is_said(library: Library) -> None:
    library.pseudonyms.of("ann")
    state = library.pseudonyms.state()
    assert state.place == "file"
    assert KEY_FILE in state.sentence
    assert "no keyring" in state.sentence
    if sys.platform != "win32":
        assert (library.path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_ids_are_kept_only_where_asked_and_only_with_a_keyring(library: Library) -> None:
    audience = library.audiences.add("Cooks")
    with pytest.raises(StudioError, match="only with a keyring"):
        library.audiences.add_members(audience, PEOPLE, keep_ids=True)
    assert library.audiences.members(audience) == []


def test_kept_ids_are_encrypted_and_come_back(ring: Ring, library: Library) -> None:
    audience = library.audiences.add("Cooks")
    library.audiences.add_members(audience, PEOPLE, keep_ids=True)
    names = library.audiences.names_of(library.audiences.members(audience)).values()
    assert set(library.pseudonyms.originals(names).values()) == set(PEOPLE)
    folder = library.path
    library.close()
    assert b"ann@example.com" not in everything_written(folder)
    ring.kept = {key: value for key, value in ring.kept.items() if "originals" not in key[1]}
    with Library.open(folder, read_only=True) as again:
        assert "ann@example.com" not in again.pseudonyms.originals(names).values()


def test_own_ids_are_found_by_giving_them_again_and_numbers_by_themselves(library: Library) -> None:
    audience = library.audiences.add("Cooks")
    library.audiences.add_members(audience, PEOPLE)
    names = library.audiences.names_of(library.audiences.members(audience)).values()
    assert set(library.pseudonyms.originals(names).values()) == {"17", "user_0042"}
    found = library.pseudonyms.originals(names, given=["ann lee", "Ann Lee", "ann@example.com"])
    assert set(found.values()) == {"17", "user_0042", "Ann Lee", "ann@example.com"}


def make_plain(folder: Path, names: list[str]) -> None:
    """What a program before format 1.3 left behind."""
    connection = sqlite3.connect(folder / "library.db")
    with connection:
        connection.executemany("INSERT INTO member(name) VALUES (?)", [(name,) for name in names])
        connection.execute("INSERT INTO member(name) VALUES ('audience 3')")
        connection.execute(
            "INSERT INTO interaction(member_id, item_id, event)"
            " SELECT id, (SELECT MIN(id) FROM item), 'buy' FROM member"
        )
    connection.close()


def test_an_older_library_is_converted_with_a_backup(tmp_path: Path) -> None:
    folder = tmp_path / "old.mmlib"
    with Library.create(folder) as library:
        library.items.upsert_many([NewItem("A1", "Mug")])
    make_plain(folder, PEOPLE)
    with Library.open(folder, read_only=True) as library:
        assert library.pseudonyms.plain() == len(PEOPLE)
        with pytest.raises(ReadOnly):
            library.pseudonyms.convert()
    with Library.open(folder) as library:
        again = library.pseudonyms.of("Ann Lee")
        library.audiences.add_interactions([NewInteraction("Ann Lee", None, 1, "view")])
        assert library.pseudonyms.convert() == len(PEOPLE) + 1
        assert library.pseudonyms.plain() == library.pseudonyms.convert() == 0
        backup = library.pseudonyms.backup
        assert backup.is_file()
        log = library.audiences.interactions()
        assert len(log.member) == len(PEOPLE) + 2
        member = {name: number for number, name in library.audiences.names_of(log.member.tolist()).items()}
        assert len(member) == len(PEOPLE) + 1  # the newer import and the old row are one person
        assert int((log.member == member[again]).sum()) == 2
    backup.unlink()
    written = everything_written(folder)
    assert b"ann@example.com" not in written
    assert "张三".encode() not in written
