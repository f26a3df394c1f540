"""What a library keeps about its texts: rules of the brand, and texts a person answers for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

RuleKind = Literal["ban", "allow", "require"]
RULE_KINDS: tuple[RuleKind, ...] = ("ban", "allow", "require")


@dataclass(frozen=True, slots=True)
class BrandRule:
    """One rule of a brand.

    Attributes:
        kind: ``ban`` a word or phrase, ``allow`` one (it is true of all that the brand sells, and no longer
            banned), ``require`` a sentence that a text must hold.
        text: the word, phrase or sentence.
        locale: BCP 47 tag the rule is for ("en", "zh_CN"); "" for every language.
        when: for ``require``: only texts that hold this word need the sentence; "" for every text.
    """

    kind: RuleKind
    text: str
    locale: str = ""
    when: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Brand:
    """The rules of a brand for what is written in its name."""

    rules: tuple[BrandRule, ...] = ()

    def of(self, kind: RuleKind, locale: str) -> list[BrandRule]:
        """Rules of one kind that hold in a locale: ``zh`` rules hold for ``zh_CN`` too."""
        wanted = locale.replace("-", "_").lower()
        found = []
        for rule in self.rules:
            own = rule.locale.replace("-", "_").lower()
            if rule.kind == kind and (not own or wanted == own or wanted.startswith(own + "_")):
                found.append(rule)
        return found


@dataclass(frozen=True, slots=True)
class Override:
    """A text that a person answers for although the fact guard does not support it.

    Attributes:
        item_id: the item it speaks of, None once that is gone (``sku`` remains).
        text: the whole text; spans: what blocked it then, each as JSON (start, end, text, kind, status).
        who, reason: as the person gave them; created_at: ISO 8601, UTC.
    """

    id: int
    item_id: int | None
    sku: str
    locale: str
    text: str
    spans: tuple[dict[str, Any], ...]
    who: str
    reason: str
    created_at: str
