"""Assets: adding, finding, editing, trashing; and that every edit can be taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmstudio.errors import NotFound, StudioError
from mmstudio.library import FileUpdate, Library, NewAsset, parse_query
from support.libraries import add_asset, put_file


def new(rel_path: str, root: int, **fields: object) -> NewAsset:
    return replace(NewAsset("image", root, rel_path, "ab" * 32, 3, 4), **fields)  # type: ignore[arg-type]


def test_what_goes_in_comes_out(library: Library, media: Path) -> None:
    root = library.roots.add(media)
    wanted = NewAsset(
        kind="video", root_id=root.id, rel_path="a/😀 film.mp4", sha256="cd" * 32, size=10, mtime_ns=2**62,
        width=1920, height=1080, duration=1.5, captured_at="2024-01-02T03:04:05", phash="00ff00ff00ff00ff",
        title="Film", caption="A film", language="en", rights="licensed", rating=3, status="corrupt",
        status_note="It ends early.", text="spoken words", tags=("One", "two", "ONE", " "),
    )  # fmt: skip
    [asset_id] = library.assets.add_many([wanted])
    asset = library.assets.get(asset_id)
    for name in (
        "kind",
        "rel_path",
        "sha256",
        "mtime_ns",
        "width",
        "duration",
        "captured_at",
        "phash",
        "rights",
    ):
        assert getattr(asset, name) == getattr(wanted, name), name
    assert (asset.status, asset.status_note, asset.rating) == ("corrupt", "It ends early.", 3)
    assert asset.added_at.endswith("+00:00")
    assert library.assets.tags_of([asset_id, 99]) == {asset_id: ["One", "two"], 99: []}
    assert library.assets.text_of(asset_id) == "spoken words"
    assert library.assets.path_of(asset) == media / "a" / "😀 film.mp4"
    assert library.assets.thumbnail_path(asset.sha256).relative_to(library.thumbnails_dir).parts[:2] == (
        "cd",
        "cd",
    )


def test_a_place_is_taken_once(library: Library, media: Path) -> None:
    root = library.roots.add(media)
    first = library.assets.add_many([new("a.jpg", root.id), new("b.jpg", root.id), new("a.jpg", root.id)])
    assert first == [1, 2, 1]
    assert library.assets.add_many([new("b.jpg", root.id), new("c.jpg", root.id)]) == [2, 3]
    assert library.assets.count() == 3


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../secret", "a/../../b"])
def test_a_path_stays_below_its_root(library: Library, media: Path, path: str) -> None:
    with pytest.raises(ValueError, match="below a root"):
        library.assets.add_many([new(path, library.roots.add(media).id)])
    asset_id = add_asset(library, media / "a.jpg")
    with pytest.raises(ValueError, match="below a root"):
        library.assets.update_files([FileUpdate(asset_id, rel_path=path)])


def test_thousands_at_once(library: Library, media: Path) -> None:
    root = library.roots.add(media)
    ids = library.assets.add_many(new(f"{n}.jpg", root.id, title=f"n{n}", tags=("all",)) for n in range(2500))
    assert ids == list(range(1, 2501))
    assert [asset.id for asset in library.assets.get_many([7, 9999, 3])] == [7, 3]
    assert library.assets.ids(parse_query("n2042")) == [2043]
    library.assets.add_tags(ids, ["bulk"])
    assert library.assets.all_tags() == [("all", 2500), ("bulk", 2500)]


def test_finding_by_content_and_place(library: Library, media: Path) -> None:
    first = add_asset(library, media / "a.jpg")
    second = add_asset(library, put_file(media / "copy.jpg", "a.jpg"))
    sha256 = library.assets.get(first).sha256
    assert [asset.id for asset in library.assets.by_sha256(sha256)] == [first, second]
    root = library.roots.for_path(media)
    assert root is not None
    found = library.assets.by_location(root.id, "copy.jpg")
    assert found is not None
    assert found.id == second
    assert library.assets.by_location(root.id, "nothing.jpg") is None
    assert library.assets.locations(root.id)["a.jpg"].sha256 == sha256
    with pytest.raises(NotFound, match="99"):
        library.assets.get(99)


def test_a_moved_and_a_changed_file(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    vectors = library.features.ensure_set("cnn", "1", "-", 2, "image")
    library.features.put_many(vectors, [(asset_id, np.ones(2, np.float32))])
    library.assets.update_files([FileUpdate(asset_id, rel_path="sub/renamed.jpg", status="ok")])
    assert library.features.missing(vectors) == []
    assert library.assets.ids(parse_query("renamed")) == [asset_id]
    library.assets.update_files([FileUpdate(asset_id, sha256="ef" * 32, size=9, text="now with words")])
    assert library.features.missing(vectors) == [asset_id]
    assert library.assets.ids(parse_query("words")) == [asset_id]
    assert library.assets.get(asset_id).size == 9


def test_texts_are_found(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.wav", kind="audio")
    library.assets.set_text(asset_id, "月落乌啼霜满天", "zh")
    assert library.assets.ids(parse_query("霜满")) == [asset_id]
    assert library.assets.get(asset_id).language == "zh"
    assert library.assets.text_of(asset_id) == "月落乌啼霜满天"


def test_status(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    library.assets.set_status(asset_id, "corrupt", "It ends early.")
    assert library.assets.get(asset_id).status_note == "It ends early."
    assert library.assets.ids() == []
    library.assets.trash([asset_id])
    library.assets.set_status(asset_id, "ok")
    library.assets.update_files([FileUpdate(asset_id, status="ok", size=5)])
    assert library.assets.get(asset_id).status == "trashed"
    library.assets.restore([asset_id])
    assert library.assets.get(asset_id).status == "corrupt"
    with pytest.raises(ValueError, match="trash"):
        library.assets.set_status(asset_id, "trashed")


def test_every_edit_can_be_undone_and_done_again(library: Library, media: Path) -> None:
    ids = [add_asset(library, media / f"{n}.jpg", title=f"Title {n}", tags=("old",)) for n in range(3)]
    edits = [
        (lambda: library.assets.set_title(ids[:1], " New  "), "Rename an asset"),
        (lambda: library.assets.set_title(ids, "All"), "Rename 3 assets"),
        (lambda: library.assets.set_caption(ids, "红色 words"), "Describe 3 assets"),
        (lambda: library.assets.set_rating(ids[:2], 5), "Rate 2 assets"),
        (lambda: library.assets.set_rights(ids, "no-training"), "Set the rights of 3 assets"),
        (lambda: library.assets.add_tags(ids, ["Neu", "OLD"]), "Tag 3 assets"),
        (lambda: library.assets.remove_tags(ids[1:], ["old", "never"]), "Untag 2 assets"),
        (lambda: library.assets.trash(ids[2:]), "Move an asset to the trash"),
        (lambda: library.assets.restore(ids[2:]), "Restore an asset"),
    ]

    def state() -> object:
        rows = library.assets.get_many(ids)
        found = [
            library.assets.ids(parse_query(q)) for q in ("all", "title", "红色", "tag:neu", "tag:old", "new")
        ]
        return rows, library.assets.tags_of(ids), found

    states = [state()]
    for edit, label in edits:
        edit()
        states.append(state())
        assert library.undo.labels == (label, None)
        assert states[-1] != states[-2]
    for (_edit, label), before in zip(reversed(edits), reversed(states[:-1]), strict=True):
        assert library.undo.undo() == label
        assert state() == before
    assert library.undo.undo() is None
    assert not library.undo.can_undo()
    for (_edit, label), after in zip(edits, states[1:], strict=True):
        assert library.undo.can_redo()
        assert library.undo.redo() == label
        assert state() == after
    assert library.undo.redo() is None


def test_a_new_edit_ends_the_redo(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    library.assets.set_rating([asset_id], 3)
    library.undo.undo()
    library.assets.set_rating([asset_id], 4)
    assert not library.undo.can_redo()
    assert library.assets.get(asset_id).rating == 4


def test_an_edit_that_changes_nothing_leaves_no_trace(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg", tags=("x",))
    heard: list[str] = []
    library.changes.subscribe(lambda topic, _ids: heard.append(topic))
    library.assets.set_title([asset_id], "a")
    library.assets.add_tags([asset_id], ["X", " "])
    library.assets.remove_tags([asset_id], ["y"])
    library.assets.restore([asset_id])
    library.assets.set_rating([99], 3)
    assert not library.undo.can_undo()
    assert heard == []


@pytest.mark.parametrize("rating", [-1, 6])
def test_a_rating_has_bounds(library: Library, rating: int) -> None:
    with pytest.raises(ValueError, match="0 to 5"):
        library.assets.set_rating([1], rating)


def test_rights_are_one_of_a_few_words(library: Library) -> None:
    with pytest.raises(ValueError, match="rights"):
        library.assets.set_rights([1], "mine")  # type: ignore[arg-type]


def test_undo_outlives_the_program(library: Library, media: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    library.assets.set_title([asset_id], "New")
    library.close()
    with Library.open(library.path) as again:
        assert again.undo.undo() == "Rename an asset"
        assert again.assets.get(asset_id).title == "a"


def test_a_forged_undo_event_runs_no_sql(library: Library) -> None:
    for changes in (
        '[{"table": "meta", "key": ["key"], "columns": ["value"], "rows": [[["id"], ["x"], ["y"]]]}]',
        '[{"table": "asset", "key": ["id"], "columns": ["title = 1, caption"], "rows": [[[1], [1], [2]]]}]',
    ):
        with library.db.write() as tx:
            tx.execute("DELETE FROM event")
            tx.execute("INSERT INTO event(label, changes, created_at) VALUES ('x', ?, '')", (changes,))
        with pytest.raises(ValueError, match="undo event"):
            library.undo.undo()


def test_the_trash_moves_own_files_and_leaves_originals(library: Library, media: Path) -> None:
    original = add_asset(library, media / "a.jpg")
    own = add_asset(library, library.generated_dir / "b.png")
    place = library.generated_dir / "b.png"
    library.assets.trash([original, own])
    assert (media / "a.jpg").is_file()
    assert not place.exists()
    assert library.assets.path_of(library.assets.get(own)).parent == library.trash_dir
    assert library.assets.path_of(library.assets.get(own)).is_file()
    library.undo.undo()
    assert place.read_text(encoding="utf-8") == "b.png"
    library.undo.redo()
    assert not place.exists()
    library.assets.restore([own])
    assert place.is_file()
    assert library.assets.path_of(library.assets.get(own)) == place


def test_emptying_the_trash(library: Library, media: Path) -> None:
    original, own, kept = (
        add_asset(library, path)
        for path in (media / "a.jpg", library.generated_dir / "b.png", media / "c.jpg")
    )
    asset = library.assets.get(own)
    thumbnail = put_file(library.assets.thumbnail_path(asset.sha256))
    library.assets.trash([original, own])
    trashed = library.assets.path_of(library.assets.get(own))
    assert library.empty_trash() == 2
    assert (media / "a.jpg").is_file()
    assert not trashed.exists()
    assert not thumbnail.exists()
    assert library.assets.ids(parse_query("status:trash")) == []
    assert library.assets.is_forgotten(asset.sha256)
    library.assets.remember(asset.sha256)
    assert not library.assets.is_forgotten(asset.sha256)
    assert not library.undo.can_undo()
    assert library.assets.ids() == [kept]
    # An id is never given to another asset: storyboards keep them.
    assert add_asset(library, media / "d.jpg") > kept
    assert library.empty_trash() == 0


def test_a_hostile_path_deletes_nothing_outside(library: Library, tmp_path: Path) -> None:
    victim = put_file(tmp_path / "victim.txt")
    own = add_asset(library, library.generated_dir / "b.png")
    with library.db.write() as tx:
        tx.execute("UPDATE asset SET rel_path = '../victim.txt' WHERE id = ?", (own,))
    library.assets.trash([own])
    library.empty_trash()
    assert victim.is_file()


def test_roots(library: Library, media: Path, tmp_path: Path) -> None:
    asset_id = add_asset(library, media / "a.jpg")
    root = library.roots.for_path(media / "deep" / "x.jpg")
    assert root is not None
    assert root.watched
    assert library.roots.add(media, watched=False) == root
    assert library.roots.for_path(tmp_path) is None
    inner = library.roots.add(media / "deep", watched=False)
    assert library.roots.for_path(media / "deep" / "x.jpg") == inner
    moved = tmp_path / "moved"
    media.rename(moved)
    library.roots.relink(root.id, moved)
    assert library.assets.path_of(library.assets.get(asset_id)).is_file()
    with pytest.raises(StudioError, match="belongs to the library already"):
        library.roots.relink(inner.id, moved)
    with pytest.raises(StudioError, match="needs no relinking"):
        library.roots.relink(library.roots.own.id, moved)
    with pytest.raises(NotFound):
        library.roots.get(99)


def test_collections(library: Library, media: Path) -> None:
    ids = [add_asset(library, media / f"{n}.jpg") for n in range(3)]
    summer = library.collections.add("Summer")
    assert library.collections.add(" Summer ") == summer
    library.collections.put(summer, [ids[2], ids[0], ids[2], 99])
    library.collections.put(summer, ids)
    assert [(one.name, one.count) for one in library.collections.list()] == [("Summer", 3)]
    library.collections.take(summer, ids[:1])
    assert library.assets.ids(parse_query("collection:summer")) == [ids[2], ids[1]]
    assert library.undo.undo() == "Take out of the collection Summer"
    assert library.assets.count(parse_query("collection:summer")) == 3
    library.undo.undo()
    assert library.assets.count(parse_query("collection:summer")) == 2
    library.collections.remove(summer)
    assert library.collections.list() == []
    assert library.undo.undo() is not None  # what it belonged to is gone: nothing happens
    with pytest.raises(NotFound):
        library.collections.put(summer, ids)
    with pytest.raises(StudioError, match="needs a name"):
        library.collections.add("  ")
