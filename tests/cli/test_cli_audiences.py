"""The shell of audiences: rules, members, segments, decisions, proposals, reviewers."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from mmstudio.cli.app import run
from mmstudio.library import Library, NewInteraction, NewItem, NewReview


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups of twenty people over six items, numbered as shops number them."""
    folder = tmp_path_factory.mktemp("cli") / "shop.mmlib"
    chance = random.Random(1)
    with Library.create(folder) as library:
        kinds = {"A": ("Sport > Hiking", "nylon"), "B": ("Kitchen", "steel")}
        ids = library.items.upsert_many(
            [
                NewItem(f"{kind}{n}", f"{what} {n}", price=10.0 * n, category=what,
                        attributes={"material": material})
                for kind, (what, material) in kinds.items()
                for n in (1, 2, 3)
            ]
        )  # fmt: skip
        events = [
            NewInteraction(str(person), None, item, "buy", 5.0)
            for person in range(1, 41)
            for item in chance.sample(ids[:3] if person % 2 else ids[3:], 2)
        ]
        library.audiences.add_interactions(events)
        library.items.add_reviews(
            [
                NewReview(ids[0], "Lovely and light.", "Bo Lindqvist", 5.0),
                NewReview(ids[0], "It lasts well.", "Ada May", 5.0, consent=True),
                NewReview(ids[1], "Good for the hills.", "bo@example.com", 4.0, consent=True),
            ]
        )
    return folder


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)


def test_rules_likes_and_traits_are_added_and_edited(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "Families 👪"
    assert run([
        "audiences", str(shop), "add", name, "--brief", "love hiking", "--like", "A1", "--dislike", "B1",
        "--trait", "age=30-40", "--price-under", "25,50", "--must", "nylon,Sport", "--must-not", "steel",
        "--market", "de", "--on", "2026-01-31", "--rights-cleared",
    ]) == 0  # fmt: skip
    shown = document(capsys, "audiences", str(shop), "show", name, "--json")
    assert shown["audience"]["rules"] == {
        "price_under": 25.5, "must": ["nylon", "sport"], "must_not": ["steel"], "market": "DE",
        "on": "2026-01-31", "rights": "cleared",
    }  # fmt: skip
    assert (shown["liked_skus"], shown["disliked_skus"]) == (["A1"], ["B1"])
    assert shown["audience"]["traits"] == {"age": "30-40"}
    assert shown["members"] == 0
    assert shown["taste"]["words"]
    edit = ["audiences", str(shop), "edit", name]
    assert (
        run([*edit, "--like", "B1", "--forget", "A1", "--trait", "age=", "--no-rules", "--must", "steel"])
        == 0
    )
    shown = document(capsys, "audiences", str(shop), "show", name, "--json")
    assert (shown["liked_skus"], shown["disliked_skus"]) == (["B1"], [])
    assert shown["audience"]["rules"] == {"must": ["steel"]}
    assert shown["audience"]["traits"] == {}
    assert run([*edit, "--rename", "Parents"]) == 0
    assert run(["audiences", str(shop), "show", name]) == 1
    assert run(["audiences", str(shop), "remove", "Parents"]) == 0
    assert run(["audiences", str(shop), "show", "Parents"]) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--price-over", "50", "--price-under", "20"], "No price is over 50 and under 20."),
        (["--must", "steel", "--must-not", "steel"], "“steel” is asked for and ruled out."),
        (["--price-under", "cheap"], "“cheap” is no price."),
        (["--on", "someday"], "“someday” is no date"),
        (["--trait", "age"], "“age” is no trait."),
        (["--like", "NOPE"], "There is no item with the sku NOPE."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_saved(
    shop: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audiences", str(shop), "add", "Impossible", *options]) in (1, 2)
    assert said in capsys.readouterr().err
    assert run(["audiences", str(shop), "show", "Impossible"]) == 1


def test_members_are_counted_and_named_again_by_a_file(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("customer,town\n1,Bern\nann@example.com,Ulm\n1,Bern\n")
    assert run(["audiences", str(shop), "add", "Club", "--members", str(people)]) == 0
    told = capsys.readouterr().out
    assert "2 people joined it." in told
    assert "no keyring" in told.replace("\n", " ")
    assert document(capsys, "audiences", str(shop), "show", "Club", "--json")["members"] == 2
    found = document(capsys, "audiences", str(shop), "lookalikes", "Club", "-k", "5", "--json")["members"]
    assert len(found) == 5
    assert {int(row["member"]) % 2 for row in found} == {1}  # who buys what number 1 buys
    out = tmp_path / "near.csv"
    assert run(["audiences", str(shop), "lookalikes", "Club", "-k", "2", "--out", str(out)]) == 0
    assert out.read_text().splitlines()[0] == "member,likeness"
    assert run(["audiences", str(shop), "add", "Kept", "--members", str(people), "--keep-ids"]) == 1
    assert "only with a keyring" in capsys.readouterr().err
    assert run(["audiences", str(shop), "show", "Kept"]) == 1
    empty = tmp_path / "none.txt"
    empty.write_text("\n\n")
    assert run(["audiences", str(shop), "edit", "Club", "--members", str(empty)]) == 1
    assert "none.txt names nobody" in capsys.readouterr().err


def test_segments_become_audiences(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "audiences", str(shop), "segments", "--count", "2", "--keep", "--json")
    assert {row["name"].split(", ")[0] for row in found["segments"]} == {"Hiking", "Kitchen"}
    listed = document(capsys, "audiences", str(shop), "list", "--json")["audiences"]
    kept = {row["name"]: row for row in listed if row["origin"] == "found"}
    assert set(kept) == {row["audience"] for row in found["segments"]}
    assert run(["audiences", str(shop), "segments", "--count", "1"]) == 2
    assert "at least 2 segments" in capsys.readouterr().err
    assert run(["audiences", str(shop), "segments", "--count", "999"]) == 2
    assert "members can be divided into 2 to" in capsys.readouterr().err
    assert run(["audiences", str(shop), "segments", "--count", "2"]) == 0
    assert "--keep makes audiences of them." in capsys.readouterr().out


def test_without_events_the_way_to_segments_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Library.create(tmp_path / "empty.mmlib").close()
    capsys.readouterr()
    for more in ([], ["--count", "4"]):
        assert run(["audiences", str(tmp_path / "empty.mmlib"), "segments", *more]) == 0
        said = capsys.readouterr().out
        assert "Too few members to find groups: 0" in said
        assert "audiences LIB import FILE" in said


@pytest.mark.parametrize(
    ("action", "says"),
    [("add", "which audience"), ("lookalikes", "audiences LIB lookalikes NAME"), ("import", "which file")],
)
def test_a_name_that_is_missing_is_asked_for(
    action: str, says: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["audiences", str(shop), action]) == 2
    assert says in capsys.readouterr().err


def test_decisions_proposals_and_reasons(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(shop)
    run(["audiences", where, "add", "Cooks", "--brief", "kitchen, no nylon, under 25 euros", "--like", "B1"])
    assert run(["audiences", where, "approve", "Cooks", "--item", "B2"]) == 0
    assert run(["audiences", where, "reject", "Cooks", "--item", "A1"]) == 0
    assert run(["audiences", where, "approve", "Cooks"]) == 2
    shown = document(capsys, "audiences", where, "show", "Cooks", "--json")
    assert shown["decisions"] == {"B2": 1.0, "A1": -1.0}
    back = document(capsys, "audiences", where, "withdraw", "Cooks", "--item", "A1", "--json")
    assert back["withdrawn"] == "reject"
    assert document(capsys, "audiences", where, "show", "Cooks", "--json")["decisions"] == {"B2": 1.0}
    assert run(["audiences", where, "withdraw", "Cooks", "--item", "A1"]) == 1
    assert "Nothing is decided about this item for Cooks." in capsys.readouterr().err
    assert run(["audiences", where, "withdraw", "Cooks"]) == 2
    told = document(capsys, "audiences", where, "propose", "Cooks", "--json")
    assert told["applied"] is False
    assert {"rule", "tag"} <= {one["part"] for one in told["proposals"]}
    assert document(capsys, "audiences", where, "propose", "Cooks", "--apply", "--json")["applied"] is True
    shown = document(capsys, "audiences", where, "show", "Cooks", "--json")
    assert shown["audience"]["rules"] == {"price_under": 25.0, "must_not": ["nylon"]}
    asked = ["recommend", where, "--audience", "Cooks"]
    why = document(capsys, *asked, "--explain", "B2", "--json")
    assert sum(part["value"] for part in why["parts"]) == why["score"]
    assert why["sentence"]
    assert "price under 25" in document(capsys, *asked, "--why-not", "B3", "--json")["sentence"]
    changes = document(capsys, *asked, "--without", "B1", "--json")["changes"]
    assert changes
    assert run([*asked, "--without", "A1"]) == 1
    assert run([*asked, "--explain", "B2", "--why-not", "B3"]) == 2
    run(["audiences", where, "add", "Mute"])
    capsys.readouterr()
    assert run(["audiences", where, "propose", "Mute"]) == 0
    assert "The brief is empty" in capsys.readouterr().out


def test_reviewers_are_initials_until_they_agree(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown() -> list[str]:
        return [row["shown"] for row in document(capsys, "reviewers", str(shop), "--json")["reviewers"]]

    assert shown() == ["B. L.", "Ada May", "B."]  # an address stays hidden whatever was agreed to
    assert run(["reviewers", str(shop), "consent", "--author", "bo lindqvist"]) == 0
    assert shown()[0] == "Bo Lindqvist"
    assert run(["reviewers", str(shop), "withdraw", "--author", "Bo Lindqvist"]) == 0
    assert shown()[0] == "B. L."
    assert run(["reviewers", str(shop), "consent", "--author", "Nobody"]) == 1
    assert run(["reviewers", str(shop), "consent"]) == 2


def test_consent_comes_with_a_table_of_reviews(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(tmp_path / "reviews.mmlib")
    (tmp_path / "items.csv").write_text("sku,title\nA,Mug\n")
    (tmp_path / "reviews.csv").write_text(
        "sku,reviewer,rating,text,consent\nA,Bo Lind,5,Keeps warm.,yes\nA,Ada May,5,Very nice mug.,\n"
    )
    tables = ["--catalog", str(tmp_path / "items.csv"), "--reviews", str(tmp_path / "reviews.csv")]
    assert run(["init", where]) == 0
    assert run(["import", where, *tables]) == 0
    rows = document(capsys, "reviewers", where, "--json")["reviewers"]
    assert [row["shown"] for row in rows] == ["Bo Lind", "A. M."]
    # The same review comes in once more, and its author has changed their mind.
    (tmp_path / "reviews.csv").write_text("sku,reviewer,rating,text,consent\nA,Bo Lind,5,Keeps warm.,no\n")
    assert run(["import", where, "--reviews", str(tmp_path / "reviews.csv")]) == 0
    rows = document(capsys, "reviewers", where, "--json")["reviewers"]
    assert [row["shown"] for row in rows] == ["B. L.", "A. M."]
