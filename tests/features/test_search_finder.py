"""The fused search: words, filters, likeness and a shared space, with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmstudio.errors import MediaError
from mmstudio.features import Features
from mmstudio.features.search.evidence import evidence, fuse
from mmstudio.features.search.index import VectorIndex
from mmstudio.library import Facts, Library, NewItem, parse_query
from mmstudio.library.records import FileUpdate
from support.encoders import WordEncoder
from support.libraries import add_asset, new_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three pictures, two sounds, a text, two items."""
    with new_library(tmp_path) as opened:
        media = tmp_path / "media"
        add_asset(opened, media / "a.jpg", title="Red running shoe", tags=("summer",), rating=4)
        add_asset(opened, media / "b.jpg", title="Blue bottle", width=2000)
        add_asset(opened, media / "c.jpg", title="A shelf", tags=("shoe",))
        add_asset(opened, media / "d.wav", kind="audio", title="Steps on gravel", duration=12.0)
        add_asset(opened, media / "e.wav", kind="audio", title="Waves", duration=40.0)
        add_asset(opened, media / "f.txt", kind="text", title="Notes", text="a shoe for every day")
        shoe, bottle = opened.items.upsert_many(
            [NewItem("S1", "Trail shoe", price=80.0, category="Shoes"), NewItem("B1", "Bottle", price=15.0)]
        )
        opened.items.link_asset(shoe, 1, "hero")
        opened.items.link_asset(bottle, 2, "hero")
        opened.facts.put_many([Facts(1, {}, {"red": 0.4}), Facts(2, {}, {"red": 0.15, "blue": 0.5})])
        yield opened


@pytest.fixture
def features(library: Library) -> Iterator[Features]:
    made = Features(library, "cpu")
    yield made
    made.close()


def put_pictures(features: Features, rows: dict[int, int], version: int = 0) -> None:
    """Store picture vectors: asset → which of a few axes it lies along."""
    info = features.extractors()["cnn"]
    set_id = features.library.features.ensure_set(
        info.name, info.version, info.parameters, info.dimension, info.modality
    )
    vectors = []
    for asset, axis in rows.items():
        vector = np.full(info.dimension, 0.01 * asset + version, np.float32)
        vector[axis * 10 : axis * 10 + 10] += 5.0
        vectors.append((asset, vector))
    features.library.features.put_many(set_id, vectors)


def test_titles_tags_and_texts_are_found_with_reasons(features: Features) -> None:
    hits = features.search(text="shoe", kind="image")
    assert [hit.asset_id for hit in hits][:2] in ([1, 3], [3, 1])
    reasons = {hit.asset_id: hit.why for hit in hits}
    assert "Title says shoe" in reasons[1]
    assert "Tagged shoe" in reasons[3]
    assert "file name" in {hit.id: hit.why for hit in features.search(text="every day", kind="text")}[6]


def test_filters_hold_for_every_ranking(features: Features) -> None:
    assert {hit.asset_id for hit in features.search(text="shoe rating:>=3")} == {1}
    assert {hit.asset_id for hit in features.search(text="shoe -tag:summer") if hit.target == "asset"} == {
        3,
        6,
    }
    assert features.search(text="shoe kind:sound") == []


def test_a_price_narrows_items_and_their_media(features: Features) -> None:
    hits = features.search(text="price:<50")
    assert {(hit.target, hit.id) for hit in hits} == {("item", 2), ("asset", 2)}
    assert {hit.id for hit in features.search(text="shoe price:>50", kind="item")} == {1}
    assert features.search(text="shoe price:<50", kind="item") == []
    assert {hit.id for hit in features.search(text="color:blue", kind="item")} == {2}


def test_colours_alone_are_ordered_by_their_share(features: Features) -> None:
    hits = features.search(text="color:red")
    assert [hit.asset_id for hit in hits] == [1, 2]
    assert hits[0].why == "40 % of it has the colour"


def test_all_that_match_come_and_the_best_first(features: Features) -> None:
    found = features.finder.assets("shoe")
    assert set(found.ids) == {1, 3, 6}
    assert found.exact == 3
    assert found.ids[-1] == 6
    assert "Title says" in found.reasons([1])[1]
    assert features.finder.assets("").ids == [6, 5, 4, 3, 2, 1]


def test_likeness_in_the_query_line(features: Features) -> None:
    put_pictures(features, {1: 0, 2: 0, 3: 3})
    found = features.finder.assets("like:1")
    assert found.ids[0] == 2
    assert found.reasons([2])[2].startswith("Looks alike (")
    assert features.finder.assets("like:1 width:>1000").ids == [2]
    assert [hit.asset_id for hit in features.search(text="like:1", kind="image")] == [2, 3]
    assert features.finder.assets("like:1 kind:sound").ids == []


def test_a_number_or_path_that_is_still_being_typed_is_no_error(features: Features, tmp_path: Path) -> None:
    assert features.search(text="like:99999") == []
    assert features.finder.assets('like:"/no/such/file.png"', deeply=True).ids == []
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    put_pictures(features, {1: 0})
    with pytest.raises(MediaError):
        features.finder.assets(f'like:"{bad}"', deeply=True)


def test_a_shared_space_finds_sounds_for_words_and_pictures(library: Library, features: Features) -> None:
    encoder = WordEncoder(library, ("walking", "sea", "cold"))
    axis = encoder.axis
    encoder.put("asset", {1: axis("walking"), 4: axis("walking"), 5: axis("sea"), 2: axis("cold", "sea")})
    encoder.put("item", {1: axis("walking")})
    features.shared = encoder
    hits = features.search(text="walking")
    assert {(hit.target, hit.id) for hit in hits} == {("asset", 1), ("asset", 4), ("item", 1)}
    assert all("Goes together (100 %)" in hit.why for hit in hits)
    assert [hit.asset_id for hit in features.search(text="like:1 kind:sound")] == [4]
    assert features.finder.assets("like:1 kind:sound").ids == [4]
    assert features.finder.assets("sea").ids == [5, 2]
    encoder.ready = False
    assert features.search(text="walking") == []
    assert features.search(text="like:1 kind:sound") == []


def test_what_is_gone_is_not_found(library: Library, features: Features) -> None:
    put_pictures(features, {1: 0, 2: 0, 3: 0})
    assert set(features.finder.assets("like:1").ids) == {2, 3}
    library.assets.trash([2])
    assert features.finder.assets("like:1").ids == [3]
    library.undo.undo()
    assert set(features.finder.assets("like:1").ids) == {2, 3}
    library.assets.trash([3])
    library.empty_trash()
    assert features.finder.assets("like:1").ids == [2]
    assert features.search(text="shelf") == []


def test_vectors_follow_the_library_row_by_row(library: Library, features: Features) -> None:
    put_pictures(features, {1: 0, 2: 1})
    before = features.vectors.space("cnn")
    library.assets.set_rating([1], 2)
    assert features.vectors.space("cnn") is before
    put_pictures(features, {3: 1})
    assert features.vectors.space("cnn").ids.tolist() == [1, 2, 3]
    library.assets.update_files([FileUpdate(2, sha256="9" * 64)])
    assert features.vectors.space("cnn").ids.tolist() == [1, 3]
    put_pictures(features, {2: 3}, version=1)
    space = features.vectors.space("cnn")
    assert space.ids.tolist() == [1, 2, 3]
    raw = library.features.get(space.set_id or 0, 2)
    np.testing.assert_array_equal(space.raw[1], raw)
    np.testing.assert_allclose(np.linalg.norm(space.unit, axis=1), 1, atol=1e-5)


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    with new_library(tmp_path) as empty:
        features = Features(empty, "cpu")
        for line in ("", "beach", "color:red", "like:1", "price:<5", "kind:sound -tag:x", "a or b"):
            assert features.search(text=line) == []
            assert features.finder.assets(line).ids == []
        features.close()


_HOSTILE = st.text(max_size=30) | st.sampled_from(
    ['"', "'; DROP TABLE asset; --", "NEAR(a b)", "title:x OR *", "^a", "a" * 10_000, "\x00\x1b[31m",
     "{title}:a",
     '"a" NOT "b"', "-" * 50, "or or or", "like:-1", 'like:"', "%_%", "海\u202e滩", "tag:\U0001f600"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=_HOSTILE)
def test_no_line_breaks_the_search(features: Features, line: str) -> None:
    found = features.finder.assets(line)
    wanted = parse_query(line)
    if wanted.like is None:
        exact = features.library.assets.count(wanted)
        assert found.exact == exact or not exact  # plurals are tried where nothing else matches
    for hit in features.search(text=line):
        assert 0 <= hit.score <= 1


def test_fusion_prefers_what_two_rankings_have() -> None:
    def why(said: str) -> object:
        return lambda ids: dict.fromkeys(ids, said)

    one = evidence("asset", [1, 2, 3], [1.0, 0.9, 0.8], why("one"))  # type: ignore[arg-type]
    two = evidence("asset", [2, 4], [1.0, 0.5], why("two"))  # type: ignore[arg-type]
    items = evidence("item", [2], [1.0], why("item"))  # type: ignore[arg-type]
    fused = fuse([one, two, items])
    hits = fused.hits(3)
    assert (hits[0].target, hits[0].id, hits[0].why) == ("asset", 2, "one; two")
    assert (hits[1].target, hits[1].id) == ("item", 2)
    assert fused.assets.tolist() == [2, 1, 4, 3]
    assert [hit.score for hit in fuse([one]).hits(2)] == [1.0, 0.9]
    assert fuse([]).hits(5) == []


def unit(rng: np.random.Generator, n: int, d: int = 24) -> np.ndarray:
    rows = rng.normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_graph_takes_changes_and_answers_meanwhile(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    X = unit(rng, 3000)
    ids = np.arange(3000, dtype=np.int64) * 3
    index = VectorIndex(ids, X.astype(np.float16), tmp_path, "s", exact_below=1000, background=True)
    assert index.query(X[7], 1)[0][0] == ids[7]  # exact or not, whatever is there first
    assert index.wait(60)
    new = unit(rng, 5)
    added = np.array([1, 4, 7, 10, 13], np.int64)
    changed = index.changed(ids[:10], added, new)
    assert changed.ready
    assert changed.query(new[2], 1)[0][0] == 7
    assert ids[3] not in changed.query(X[3], 50)[0]
    exact = VectorIndex(changed.ids, changed.X.astype(np.float32))
    for q in X[100:120]:
        assert len(set(changed.query(q, 10)[0]) & set(exact.query(q, 10)[0])) >= 9


def test_only_some_of_the_vectors_may_be_asked_for() -> None:
    rng = np.random.default_rng(6)
    X = unit(rng, 400)
    ids = np.arange(400, dtype=np.int64)
    for index in (VectorIndex(ids, X), VectorIndex(ids, X, exact_below=100)):
        among = np.arange(0, 400, 5, dtype=np.int64)
        found, scores = index.query(X[3], 6, among)
        best = among[np.argsort(-(X[among] @ X[3]))][:6]
        assert found.tolist() == best.tolist()
        assert (np.diff(scores) <= 0).all()
        assert len(index.query(X[3], 5, np.array([-4, 9999]))[0]) == 0
