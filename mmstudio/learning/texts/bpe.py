"""A vocabulary of byte pairs, learned from texts: any text comes back from its tokens byte for byte.

Gage, "A new algorithm for data compression", 1994; Sennrich et al., "Neural machine translation of rare words
with subword units", ACL 2016; over bytes as in Radford et al., 2019 (GPT-2). The file is a ``tokenizer.json``
that the ``tokenizers`` library reads too.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mmstudio.atomic import write_text
from mmstudio.errors import StudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOKENIZER = "tokenizer.json"
END, BLANK = 0, 1  # between texts, and before the first; a word that is hidden (word dropout), and padding
SPECIAL = ("<|end|>", "<|blank|>")
FIRST_BYTE = len(SPECIAL)
LEAST = FIRST_BYTE + 256  # tokens of a vocabulary that merges nothing
_LONGEST_WORD = 48  # characters; longer runs are cut, so that no line takes long
_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = (  # of ASCII, general punctuation, CJK and full width
    r"!-/:-@\[-`{-~\u2010-\u2027\u2030-\u205e\u3001-\u303f"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
# Words, numbers, marks (each with the space before them), and space. No class that differs between engines.
PATTERN = (
    rf" ?[^{_SPACE}{_MARKS}0-9]{{1,{_LONGEST_WORD}}}| ?[0-9]{{1,3}}| ?[{_MARKS}]{{1,8}}"
    rf"|[{_SPACE}]{{1,{_LONGEST_WORD}}}(?![^{_SPACE}])|[{_SPACE}]"
)
_WORDS = re.compile(PATTERN)


class Bpe:
    """A trained vocabulary. Token 0 stands between texts, 1 for a hidden word; then come 256 bytes, then one
    token per merge, in the order they were learned."""

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = list(merges)
        self.pieces: list[bytes] = [b""] * FIRST_BYTE + [bytes([value]) for value in range(256)]
        for a, b in self.merges:
            self.pieces.append(self.pieces[a] + self.pieces[b])
        self._rank = {pair: LEAST + place for place, pair in enumerate(self.merges)}
        self._word = lru_cache(50_000)(self._split)

    def __len__(self) -> int:
        """Tokens in the vocabulary."""
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text; half characters (lone surrogates) are left out."""
        found: list[int] = []
        for word in _WORDS.findall(text.encode("utf-8", "ignore").decode("utf-8")):
            found += self._word(word)
        return found

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens. Bytes that are no UTF-8 become U+FFFD; 0 and 1 say nothing."""
        return self.bytes_of(tokens).decode("utf-8", "replace")

    def bytes_of(self, tokens: Iterable[int]) -> bytes:
        """The bytes of tokens."""
        return b"".join(self.pieces[token] for token in tokens)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """int64[V]: bytes of each token."""
        import numpy as np

        return np.array([len(piece) for piece in self.pieces], np.int64)

    @cached_property
    def follows(self) -> NDArray[np.int8]:
        """int8[8, V]: in which state of UTF-8 a token leaves a text that was in a state; -1 where that is no
        UTF-8, or a control character. State 0: between characters (:func:`utf8_state`)."""
        import numpy as np

        table = np.full((STATES, len(self)), -1, np.int8)
        for state in range(STATES):
            for token in range(FIRST_BYTE, len(self)):
                table[state, token] = utf8_state(self.pieces[token], state)
        table[0, END] = 0
        return table

    def save(self, folder: Path) -> None:
        """Write ``tokenizer.json``, whole or not at all."""
        write_text(folder / TOKENIZER, json.dumps(self.as_json(), ensure_ascii=False) + "\n")

    def as_json(self) -> dict[str, object]:
        """The format of the ``tokenizers`` library (byte-level BPE)."""
        names = [
            *SPECIAL,
            *("".join(_LETTERS[value] for value in piece) for piece in self.pieces[FIRST_BYTE:]),
        ]
        special = {
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": name, **special} for i, name in enumerate(SPECIAL)],
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False},
                    {
                        "type": "ByteLevel",
                        "add_prefix_space": False,
                        "trim_offsets": True,
                        "use_regex": False,
                    },
                ],
            },
            "post_processor": None,
            "decoder": {
                "type": "ByteLevel",
                "add_prefix_space": False,
                "trim_offsets": True,
                "use_regex": False,
            },
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {name: i for i, name in enumerate(names)},
                "merges": [[names[a], names[b]] for a, b in self.merges],
            },
        }

    def _split(self, word: str) -> tuple[int, ...]:
        parts = [FIRST_BYTE + value for value in word.encode()]
        while len(parts) > 1:
            best = min(
                ((self._rank.get(pair, 1 << 30), i) for i, pair in enumerate(pairwise(parts))),
                default=(1 << 30, 0),
            )
            if best[0] == 1 << 30:
                break
            parts = _merged(parts, self.merges[best[0] - LEAST], best[0])
        return tuple(parts)


def train_bpe(texts: Iterable[str], size: int = 1024) -> Iterator[Bpe | None]:
    """Learn a vocabulary of at most ``size`` tokens; None between steps, the vocabulary last.

    The commonest pair of neighbouring tokens within words becomes a token, again and again; of equals that
    with the lower tokens. A pair seen once stays two.

    Args:
        texts: whatever is to be written. size: 258 (bytes alone) to 65,535.
    """
    counts: Counter[str] = Counter()
    for place, text in enumerate(texts):
        counts.update(_WORDS.findall(text.encode("utf-8", "ignore").decode("utf-8")))
        if place % 200 == 0:
            yield None
    words = [[FIRST_BYTE + value for value in word.encode()] for word in counts]
    weights = list(counts.values())
    pairs: Counter[tuple[int, int]] = Counter()
    where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for place, (word, weight) in enumerate(zip(words, weights, strict=True)):
        for pair in pairwise(word):
            pairs[pair] += weight
            where[pair].add(place)
    queue = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(queue)
    merges: list[tuple[int, int]] = []
    while queue and LEAST + len(merges) < size:
        count, pair = heapq.heappop(queue)
        if pairs[pair] != -count:  # counted anew since
            if pairs[pair] > 1:
                heapq.heappush(queue, (-pairs[pair], pair))
            continue
        if -count < 2:
            break
        token = LEAST + len(merges)
        merges.append(pair)
        touched: set[tuple[int, int]] = set()
        for place in where.pop(pair):
            word, weight = words[place], weights[place]
            for old in pairwise(word):
                pairs[old] -= weight
            word = words[place] = _merged(word, pair, token)
            for new in pairwise(word):
                pairs[new] += weight
                if token in new:
                    where[new].add(place)
                    touched.add(new)
        for new in touched:
            heapq.heappush(queue, (-pairs[new], new))
        if len(merges) % 20 == 0:
            yield None
    yield Bpe(merges)


def learn_bpe(texts: Iterable[str], size: int = 1024) -> Bpe:
    """:func:`train_bpe` at once."""
    found = None
    for found in train_bpe(texts, size):  # noqa: B007 - the last one is the vocabulary
        pass
    assert found is not None
    return found


def load_bpe(folder: Path) -> Bpe:
    """The vocabulary in a model's folder.

    Raises:
        StudioError: missing, damaged, or not a vocabulary of this program.
    """
    try:
        data = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))["model"]
        vocab: dict[str, int] = data["vocab"]
        merges = [(int(vocab[a]), int(vocab[b])) for a, b in data["merges"]]
        bpe = Bpe(merges)
        if len(bpe) != len(vocab) or any(vocab[name] != i for i, name in enumerate(SPECIAL)):
            raise ValueError("another order of tokens")
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise StudioError(
            "The vocabulary of “{name}” (tokenizer.json) is missing or damaged.",
            hint="Restore the model's folder from a copy, or train it again.",
            name=folder.name,
        ) from error
    return bpe


STATES = 8
# State → (least, greatest next byte, state after it): RFC 3629, section 4.
_AFTER = {
    1: (0x80, 0xBF, 0),
    2: (0x80, 0xBF, 1),
    3: (0x80, 0xBF, 2),
    4: (0xA0, 0xBF, 1),  # after E0
    5: (0x80, 0x9F, 1),  # after ED
    6: (0x90, 0xBF, 2),  # after F0
    7: (0x80, 0x8F, 2),  # after F4
}
_LEADS = {0xE0: 4, 0xED: 5, 0xF0: 6, 0xF4: 7}


def utf8_state(data: bytes, state: int = 0) -> int:
    """The state after more bytes, -1 where they cannot follow. 0 is between characters; 1 to 3: so many bytes
    are missing; 4 to 7 as 2 or 3 with a narrower next byte. Control characters but tab and line break: -1."""
    for value in data:
        if state:
            least, most, after = _AFTER[state]
            if not least <= value <= most:
                return -1
            state = after
        elif value < 0x80:
            if (value < 0x20 and value not in (9, 10)) or value == 0x7F:
                return -1
        elif 0xC2 <= value <= 0xF4:
            state = _LEADS.get(value, 1 if value < 0xE0 else 2 if value < 0xF0 else 3)
        else:
            return -1
    return state


def _merged(parts: list[int], pair: tuple[int, int], token: int) -> list[int]:
    found, i = [], 0
    a, b = pair
    while i < len(parts):
        if i + 1 < len(parts) and parts[i] == a and parts[i + 1] == b:
            found.append(token)
            i += 2
        else:
            found.append(parts[i])
            i += 1
    return found


def _letters() -> list[str]:
    """A printable letter for each byte, as GPT-2 has them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, spare = {value: chr(value) for value in plain}, 256
    for value in range(256):
        if value not in letters:
            letters[value] = chr(spare)
            spare += 1
    return [letters[value] for value in range(256)]


_LETTERS = _letters()
