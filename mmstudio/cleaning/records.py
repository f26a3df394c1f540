"""What the library doctor says: findings about subjects that each can be fixed or ignored on their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mmstudio.cleaning import words

Severity = Literal["problem", "warning", "advice"]
DuplicateKind = Literal["exact", "near"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that was found: an asset, a group of copies, an item, a class or a language.

    Attributes:
        key: stable name within its kind: "12" (an asset), "3+7+9" (a group, by rising id), "item:4",
            "category:Bags", "tag:summer". What a person ignores is remembered by it.
        asset_ids: the assets concerned; of a group the copy to keep comes first.
        item_ids: the items concerned.
        value: what was measured, in the unit of the kind; similarity 0…1 of a group; a count of a class.
        word: a name that belongs to it: a language, a category, a tag.
    """

    key: str
    asset_ids: tuple[int, ...] = ()
    item_ids: tuple[int, ...] = ()
    value: float | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything of one kind that is not as it should be; words are made when they are read.

    Attributes:
        kind: a key of :data:`mmstudio.cleaning.words.KINDS`.
        subjects: what was found, worst first where it was measured.
        ignored: how many more a person asked to leave alone.
    """

    kind: str
    subjects: tuple[Subject, ...]
    ignored: int = 0

    @property
    def asset_ids(self) -> list[int]:
        """The assets concerned; of duplicates, those that a fix would take away."""
        skipped = 1 if self.kind in ("exact", "near") else 0
        return [i for subject in self.subjects for i in subject.asset_ids[skipped:]]

    @property
    def item_ids(self) -> tuple[int, ...]:
        """The items concerned."""
        return tuple(i for subject in self.subjects for i in subject.item_ids)

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return words.KINDS[self.kind].severity

    @property
    def fixes(self) -> tuple[str, ...]:
        """What can be done: "merge", "trash", "relink", "ignore"."""
        return words.KINDS[self.kind].fixes

    @property
    def title(self) -> str:
        """The kind, in the person's language."""
        return words.title(self.kind)

    @property
    def message(self) -> str:
        """What is wrong, in the person's language."""
        return words.sentence(self.kind, self.count, [s.word for s in self.subjects])

    @property
    def fix(self) -> str:
        """What :func:`mmstudio.cleaning.fix` would do, in the person's language; empty where none."""
        return words.remedy(self.kind)

    @property
    def count(self) -> int:
        """How many assets (of duplicates: copies too many), items, classes or languages."""
        return len(self.asset_ids) if self.kind in ("exact", "near") else len(self.subjects)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for the shell."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "count": self.count,
            "ignored": self.ignored,
            "message": self.message,
            "fix": self.fix,
            "fixes": list(self.fixes),
            "asset_ids": self.asset_ids,
            "item_ids": list(self.item_ids),
            "subjects": [
                {
                    "key": subject.key,
                    "asset_ids": list(subject.asset_ids),
                    "item_ids": list(subject.item_ids),
                    "value": subject.value,
                    "word": subject.word,
                }
                for subject in self.subjects
            ],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor found.

    Attributes:
        findings: kinds with at least one subject or one that is ignored, in the order of the check.
        waiting: checks that need features first: kind → how many assets could not be judged.
        languages, categories, tags: counts, largest first.
        assets, items: how many were looked at.
        made_at: ISO 8601, UTC. seconds: how long it took.
        unreadable: [path, reason] of files that could not be decoded while they were compared.
    """

    findings: tuple[Finding, ...] = ()
    waiting: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    assets: int = 0
    items: int = 0
    made_at: str = ""
    seconds: float = 0.0
    unreadable: tuple[tuple[str, str], ...] = ()

    def finding(self, kind: str) -> Finding | None:
        """The finding of a kind, or None."""
        return next((finding for finding in self.findings if finding.kind == kind), None)

    @property
    def counts(self) -> dict[str, int]:
        """kind → how many, of the kinds that found something."""
        return {finding.kind: finding.count for finding in self.findings if finding.subjects}

    @property
    def notes(self) -> list[str]:
        """What could not be checked and why, in the person's language."""
        return words.waiting(self.waiting)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for the shell."""
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "waiting": self.waiting,
            "notes": self.notes,
            "languages": self.languages,
            "categories": self.categories,
            "tags": self.tags,
            "assets": self.assets,
            "items": self.items,
            "made_at": self.made_at,
            "seconds": self.seconds,
            "unreadable": [list(pair) for pair in self.unreadable],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        """The report that :meth:`to_dict` wrote. Raises KeyError, TypeError or ValueError for another."""
        findings = tuple(
            Finding(
                entry["kind"],
                tuple(
                    Subject(
                        str(one["key"]),
                        tuple(int(i) for i in one["asset_ids"]),
                        tuple(int(i) for i in one["item_ids"]),
                        None if one["value"] is None else float(one["value"]),
                        str(one["word"]),
                    )
                    for one in entry["subjects"]
                ),
                int(entry["ignored"]),
            )
            for entry in data["findings"]
            if entry["kind"] in words.KINDS
        )
        return cls(
            findings,
            dict(data["waiting"]),
            dict(data["languages"]),
            dict(data["categories"]),
            dict(data["tags"]),
            int(data["assets"]),
            int(data["items"]),
            str(data["made_at"]),
            float(data["seconds"]),
            tuple((str(path), str(reason)) for path, reason in data["unreadable"]),
        )


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Assets that hold the same thing: "exact" copies have the same bytes, "near" ones look, sound or read
    alike.

    `asset_ids` begin with the copy most worth keeping; every other one was compared with it, and `score` is
    the similarity of the least similar of them, 0…1.
    """

    kind: DuplicateKind
    asset_ids: list[int]
    score: float

    @property
    def key(self) -> str:
        """The group's stable name: ids joined by "+"."""
        return group_key(self.asset_ids)


def group_key(ids: list[int] | tuple[int, ...]) -> str:
    """ "3+7+9" of any order of 3, 7 and 9."""
    return "+".join(str(i) for i in sorted(ids))
