"""The query line: words and ``key:value`` filters as an :class:`AssetFilter`, and how the line was read.

Nothing typed is ever an error: what cannot be read as a filter is searched as words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from mmstudio.i18n import tr
from mmstudio.library import query_words as words
from mmstudio.library.colours import COLOUR_WORDS
from mmstudio.library.filters import AssetFilter, Measured
from mmstudio.library.query_values import KEY_NAMES, date_range, in_units, musical_key, number_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# "-" leaves out; a key ends with a colon of either width; a value is quoted or goes to the next space.
_TOKEN = re.compile(r'(-)?(?:([^\s:："\-][^\s:："]*)[:：])?(?:"([^"]*)"|(\S+))')
_LIST = re.compile(r"[,，、|]")
_LARGEST = 2.0**53  # what SQLite's and Python's numbers agree on
_ANY_STATUS: dict[str, Any] = {"statuses": ()}
# canonical key → (fields of the bounds, whether they are whole numbers)
_BOUNDS: dict[str, tuple[str, bool]] = {
    "width": ("width", True), "height": ("height", True), "duration": ("duration", False),
    "size": ("size", True), "price": ("price", False), "rating": ("rating", True),
}  # fmt: skip
_SEVERAL = {"kind", "status", "lang", "rights", "orientation"}  # a comma, or the key again, means "or"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a query line.

    Attributes:
        token: as typed, with a leading ``-``. start, stop: where it stands.
        key: canonical; empty for words. value: without quotes.
        fields: what it sets in an AssetFilter; empty where it asks for nothing (a key without a value).
        negated: to be left out. joined: whether it is an alternative ("or") to the piece before it.
    """

    token: str
    start: int
    stop: int
    key: str
    value: str
    fields: dict[str, Any] = field(default_factory=dict)
    negated: bool = False
    joined: bool = False


def parse_query(query: str) -> AssetFilter:
    """Read a query line: ``kind:sound tag:"late summer" width:>1000 -color:teal beach or sea``.

    Filters and words must all match; ``or`` makes its two neighbours alternatives, ``-`` (or ``NOT``) leaves
    out. docs/search.md lists the keys; Chinese names and ``：`` work too. What cannot be read as a filter is
    searched as words, so nothing typed is ever an error.
    """
    merged: dict[str, Any] = {}
    without: list[AssetFilter] = []
    either: list[tuple[AssetFilter, ...]] = []
    for group in _groups(parts(query)):
        if len(group) > 1:
            either.append(tuple(_alone(part) for part in group))
        elif group[0].negated:
            without.append(_atom(group[0]))
        else:
            _merge(merged, group[0].fields, either)
    return AssetFilter(**merged, without=tuple(without), either=tuple(either))


def explain(query: str) -> list[tuple[str, str]]:
    """(token, meaning in the person's language) of every piece of a line, alternatives as one piece."""
    told = []
    for group in _groups(parts(query)):
        token = query[group[0].start : group[-1].stop]
        meanings = []
        for place, part in enumerate(group):
            meaning = part.value if place and not part.key else _meaning(part)
            meanings.append(tr("Not {what}", what=meaning) if part.negated else meaning)
        told.append((token, tr(" or ").join(meanings)))
    return told


def parts(query: str) -> list[Part]:
    """The pieces of a line in order; runs of plain words are one piece."""
    found: list[Part] = []
    run: list[tuple[int, int, str]] = []  # start, stop, word
    negate = joined = run_joined = False

    def end_run() -> None:
        if run:
            start, stop = run[0][0], run[-1][1]
            value = " ".join(word for _start, _stop, word in run)
            found.append(Part(query[start:stop], start, stop, "", value, {"text": value}, joined=run_joined))
            run.clear()

    tokens = list(_TOKEN.finditer(query))
    for place, match in enumerate(tokens):
        plain = match.group()
        if plain in words.OR_WORDS and (run or found) and place + 1 < len(tokens):
            _split_last(run, end_run)
            joined = True
            continue
        if plain in words.NOT_WORDS and place + 1 < len(tokens):
            negate = True
            continue
        part = _part(match, negated=negate or bool(match[1]), joined=joined)
        if part is not None:
            end_run()
            found.append(part)
        else:
            if joined:
                end_run()
            if not run:
                run_joined = joined
            run.append((match.start(), match.end(), _word(match)))
            # The word after "or" stands alone; later words are asked for beside it.
            if joined:
                end_run()
        negate = joined = False
    end_run()
    return found


def _word(match: re.Match[str]) -> str:
    """What is searched for a piece that is no filter: of a known key only the value."""
    _minus, key, quoted, bare = match.groups()
    if key and key.casefold() in words.KEYS:
        return quoted if quoted is not None else str(bare)
    return match.group()


def _split_last(run: list[tuple[int, int, str]], end_run: Callable[[], None]) -> None:
    """Before "or": the last word of a run becomes a piece of its own."""
    if len(run) > 1:
        last = run.pop()
        end_run()
        run.append(last)
    end_run()


def _part(match: re.Match[str], *, negated: bool, joined: bool) -> Part | None:
    """A filter, a word that is left out, or None for a word to look for."""
    minus, key, quoted, bare = match.groups()
    value = quoted if quoted is not None else bare
    start, stop, token = match.start(), match.end(), match.group()
    name = words.KEYS.get(key.casefold()) if key else None
    if name is None and bare is not None and bare[-1] in ":：" and bare[:-1].casefold() in words.KEYS:
        # A filter that is still being typed asks for nothing yet.
        return Part(token, start, stop, words.KEYS[bare[:-1].casefold()], "", {}, negated, joined)
    set_fields = _read(name, value) if name is not None else None
    if set_fields is not None:
        return Part(token, start, stop, name or "", value, set_fields, negated, joined)
    if negated:
        text = token[1:] if minus else token
        return Part(token, start, stop, "", text, {"text": text}, True, joined)
    return None


def _groups(found: list[Part]) -> Iterator[list[Part]]:
    """Pieces that are alternatives together; pieces that ask for nothing are left out."""
    group: list[Part] = []
    for part in found:
        if not part.fields:
            continue
        if group and not part.joined:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _atom(part: Part) -> AssetFilter:
    return AssetFilter(**{**_ANY_STATUS, **_plain_fields(part.fields)})


def _alone(part: Part) -> AssetFilter:
    """One alternative as a filter of its own."""
    made = _atom(part)
    return AssetFilter(statuses=(), without=(made,)) if part.negated else made


def _plain_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Colours with commas mean any of them; inside an atom that is a group of its own."""
    merged: dict[str, Any] = {}
    either: list[tuple[AssetFilter, ...]] = []
    _merge(merged, given, either)
    return {**merged, "either": tuple(either)} if either else merged


def _merge(merged: dict[str, Any], given: dict[str, Any], either: list[tuple[AssetFilter, ...]]) -> None:
    for name, value in given.items():
        if name == "any_colour":
            either.append(tuple(AssetFilter(colours=(colour,), statuses=()) for colour in value))
        elif name == "text":
            merged[name] = " ".join(f"{merged.get(name, '')} {value}".split())
        elif isinstance(value, tuple):
            merged[name] = tuple(dict.fromkeys((*merged.get(name, ()), *value)))
        else:
            merged[name] = value


# -- reading values ----------------------------------------------------------------------------------------


def _read(key: str, value: str) -> dict[str, Any] | None:
    """The fields that ``key:value`` sets, or None where it cannot be read."""
    value = value.strip()
    if not value:
        return None
    if key in _BOUNDS:
        return _bounds(key, value)
    if key in words.MEASURES:
        bounds = number_range(in_units(value, key))
        return None if bounds is None else {"measures": (Measured(key, *map(_bound, bounds)),)}
    reader = _READERS.get(key)
    return reader(value) if reader is not None else None


def _bound(value: float | None) -> float | None:
    return None if value is None else min(max(value, -_LARGEST), _LARGEST)


def _bounds(key: str, value: str) -> dict[str, Any] | None:
    name, whole = _BOUNDS[key]
    bounds = number_range(in_units(value, key), whole=whole)
    if bounds is None:
        return None
    low, high = map(_bound, bounds)
    if key == "rating":
        return _rating(value, low, high)
    kind = int if whole else float
    found: dict[str, Any] = {}
    if low is not None:
        found[f"min_{name}"] = kind(low)
    if high is not None:
        found[f"max_{name}"] = kind(high)
    return found


def _rating(value: str, low: float | None, high: float | None) -> dict[str, Any] | None:
    """``3`` means three stars or more, ``0`` none, ``=3`` three exactly."""
    if low is not None and low == high and not value.startswith("="):
        return {"max_rating": 0} if low <= 0 else {"min_rating": min(5, int(low))}
    found: dict[str, Any] = {}
    if low is not None:
        found["min_rating"] = max(0, min(5, int(low)))
    if high is not None:
        found["max_rating"] = max(0, min(5, int(high)))
    return found


def _several(name: str, known: dict[str, Any]) -> Callable[[str], dict[str, Any] | None]:
    def read(value: str) -> dict[str, Any] | None:
        chosen = [known.get(part.strip().casefold()) for part in _LIST.split(value) if part.strip()]
        return {name: tuple(dict.fromkeys(chosen))} if chosen and None not in chosen else None

    return read


def _language(value: str) -> dict[str, Any] | None:
    chosen = []
    for part in _LIST.split(value):
        folded = part.strip().casefold()
        code = words.LANGUAGES.get(folded, folded)
        if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", code):
            return None
        chosen.append(code.partition("-")[0])
    return {"languages": tuple(dict.fromkeys(chosen))}


def _colour(value: str) -> dict[str, Any] | None:
    chosen = [COLOUR_WORDS.get(part.strip().casefold()) for part in _LIST.split(value) if part.strip()]
    known = tuple(dict.fromkeys(colour for colour in chosen if colour is not None))
    if not known or None in chosen:
        return None
    return {"colours": known} if len(known) == 1 else {"any_colour": known}


def _origin(value: str) -> dict[str, Any] | None:
    origin = words.ORIGINS.get(value.casefold())
    return None if origin is None else {"origin": origin}


def _state(value: str) -> dict[str, Any] | None:
    folded = value.casefold()
    if folded in words.STATE_WORDS:
        return {"states": (words.STATE_WORDS[folded],)}
    alias = words.ALIASES.get(folded)
    return _read(*alias.split(":", 1)) if alias is not None else None


def _like(value: str) -> dict[str, Any] | None:
    return {"like": int(value) if re.fullmatch(r"[0-9]{1,15}", value) else value}


def _dates(start: str, end: str) -> Callable[[str], dict[str, Any] | None]:
    def read(value: str) -> dict[str, Any] | None:
        found = date_range(value)
        if found is None:
            return None
        return {name: bound for name, bound in zip((start, end), found, strict=True) if bound is not None}

    return read


def _musical(value: str) -> dict[str, Any] | None:
    found = musical_key(value)
    return None if found is None else {"measures": (Measured("key", *map(float, found)),)}


_READERS: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "kind": _several("kinds", dict(words.KINDS)),
    "status": _several("statuses", dict(words.STATUS_WORDS)),
    "rights": _several("rights", dict(words.RIGHTS_WORDS)),
    "orientation": _several("orientations", words.ORIENTATIONS),
    "tag": lambda value: {"tags": (value,)},
    "collection": lambda value: {"collection": value},
    "item": lambda value: {"item": value},
    "category": lambda value: {"category": value},
    "origin": _origin,
    "lang": _language,
    "color": _colour,
    "is": _state,
    "like": _like,
    "date": _dates("taken_from", "taken_before"),
    "added": _dates("added_from", "added_before"),
    "key": _musical,
}


# -- saying how a piece was read ---------------------------------------------------------------------------


def _meaning(part: Part) -> str:
    if not part.key:
        return tr("Words: {words}", words=part.value)
    alias = words.ALIASES.get(part.value.casefold()) if part.key == "is" else None
    if alias is not None:
        key, _, value = alias.partition(":")
        return _meaning(Part(alias, 0, 0, key, value, part.fields))
    return tr("{what}: {value}", what=tr(words.LABELS[part.key]), value=_value(part))


def _value(part: Part) -> str:
    if part.key in _BOUNDS or part.key in words.MEASURES:
        return _range_words(part)
    if part.key in ("date", "added"):
        return part.value.replace("..", " – ").strip()
    if part.key == "key":
        return _key_words(part.fields["measures"][0])
    shown: list[str] = []
    for name, given in part.fields.items():
        if name == "like" and isinstance(given, int):
            return tr("number {n}", n=given)
        for value in given if isinstance(given, tuple) else (given,):
            known = words.VALUE_WORDS.get(str(value)) if name not in ("tags", "item", "collection") else None
            shown.append(tr(known) if known else str(value))
    together = part.key == "tag"  # all of these; of others one is enough
    return (tr(", ") if together else tr(" or ")).join(shown)


def _key_words(key: Measured) -> str:
    if key.low != key.high:
        return tr("minor") if key.low == 12 else tr("major")
    number = int(key.low or 0)
    tonic = KEY_NAMES[number % 12]
    return tr("{tonic} minor", tonic=tonic) if number >= 12 else tr("{tonic} major", tonic=tonic)


def _range_words(part: Part) -> str:
    if part.key in words.MEASURES:
        low, high = part.fields["measures"][0].low, part.fields["measures"][0].high
    else:
        name = _BOUNDS[part.key][0]
        low, high = part.fields.get(f"min_{name}"), part.fields.get(f"max_{name}")
    unit = words.UNITS.get(part.key, "")

    def say(number: float) -> str:
        if part.key == "size":
            return _bytes(number)
        text = f"{number:,.0f}" if float(number).is_integer() else f"{number:.3g}"
        return f"{text} {unit}".strip()

    if part.key == "rating" and high == 0:
        return tr("none")
    if low is not None and high is not None:
        return say(low) if low == high else tr("{low} to {high}", low=say(low), high=say(high))
    return tr("at least {n}", n=say(low)) if low is not None else tr("at most {n}", n=say(high or 0))


def _bytes(number: float) -> str:
    power = next((p for p in (0, 1, 2) if abs(number) < 1000 ** (p + 1)), 3)
    return f"{number / 1000**power:.3g} {('B', 'kB', 'MB', 'GB')[power]}"


# -- editing a line ----------------------------------------------------------------------------------------

_ONE_ONLY = {"rating", "price", "duration", "origin", "item", "collection", "category", "like"}


def has_token(query: str, key: str, value: str) -> bool:
    """Whether a line asks for ``key:value`` already, in whatever words."""
    return any(_covers(part, key, value) for part in parts(query))


def with_token(query: str, key: str, value: str) -> str:
    """The line with ``key:value`` in it; where a key takes one value only, the former one goes."""
    if has_token(query, key, value):
        return query
    if key in _ONE_ONLY:
        query = _cut(query, [part for part in parts(query) if part.key == key and not part.negated])
    quoted = f'"{value}"' if re.search(r'[\s:："]', value) or value.startswith("-") else value
    token = f"{key}:{quoted.replace(chr(34) * 2, chr(34))}"
    return f"{query.strip()} {token}".strip()


def without_token(query: str, key: str, value: str) -> str:
    """The line without ``key:value``; of a list with commas only that value goes."""
    wanted = _read(key, value) or {}
    for part in parts(query):
        if not _covers(part, key, value):
            continue
        kept = [one for one in _LIST.split(part.value) if (_read(key, one) or {}) != wanted]
        if part.key in _SEVERAL and len(_LIST.split(part.value)) > 1 and kept:
            return f"{query[: part.start]}{key}:{','.join(kept)}{query[part.stop :]}"
        return _cut(query, [part])
    return query


def toggle_token(query: str, key: str, value: str) -> str:
    """The line with ``key:value`` where it was missing, without it where it stood."""
    return (without_token if has_token(query, key, value) else with_token)(query, key, value)


def without_part(query: str, token: str) -> str:
    """The line without one piece as :func:`explain` names it."""
    for group in _groups(parts(query)):
        if query[group[0].start : group[-1].stop] == token:
            return _cut(query, group)
    return query


def _covers(part: Part, key: str, value: str) -> bool:
    if part.key != key or part.negated:
        return False
    wanted = _read(key, value)
    if not wanted:
        return False
    for name, asked in wanted.items():
        given = part.fields.get(name)
        if isinstance(asked, tuple) and isinstance(given, tuple):
            if not {str(a).casefold() for a in asked} <= {str(g).casefold() for g in given}:
                return False
        elif given != asked:
            return False
    return set(part.fields) == set(wanted)


def _cut(query: str, gone: list[Part]) -> str:
    """The line without some pieces, and without the "or" or "NOT" that belonged to them."""
    for part in reversed(gone):
        before, after = query[: part.start].rstrip(), query[part.stop :].lstrip()
        last = before.rpartition(" ")[2]
        if last in words.NOT_WORDS or last in words.OR_WORDS:
            before = before[: len(before) - len(last)].rstrip()
        first = after.partition(" ")[0]
        if first in words.OR_WORDS:
            after = after[len(first) :].lstrip()
        query = f"{before} {after}".strip()
    return query


def filters_nothing(wanted: AssetFilter) -> bool:
    """Whether a filter holds words or likeness only, beside the usable assets."""
    plain = AssetFilter()
    return all(
        getattr(wanted, one.name) == getattr(plain, one.name)
        for one in fields(AssetFilter)
        if one.name not in ("text", "like")
    )
