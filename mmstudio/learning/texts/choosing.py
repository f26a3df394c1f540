"""Of several texts that a text VAE could write, the one to show: whole, of known words, near enough, likely.

A beam search finds several texts for a latent; each is judged by what the model itself says of it. A text
that is not heard as its latent again is a muddle (cycle consistency: Zhu et al., ICCV 2017); one that lies
far from what was asked for is another sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmstudio.cleaning.texts import words
from mmstudio.learning.texts.copying import unknown_words
from mmstudio.learning.texts.likeness import is_cjk, is_word, units

if TYPE_CHECKING:
    from torch import Tensor

    from mmstudio.learning.texts.model import TextModel

STRAY = 2.0  # what being a radius away from its latent costs, in units of a text's likelihood score
_LONG_WAY = 0.6  # radii from the text that a variation may lie, beside its spread
BETWEEN = 0.6  # how far from either end an in-between may lie
_ROOM = 3.0  # times the words of the text that a variation may have, and 4 more


@dataclass(frozen=True, slots=True)
class Candidate:
    """One text for a latent.

    Attributes:
        text: the text. z: the latent it was written from (1×L). score: larger is better.
        flaws: reasons against showing it ("repeats", "unknown words", "far", "long", "strange": words side by
            side that never were, "form": of a verse, other lengths); empty where there are none.
    """

    text: str
    z: Tensor
    score: float
    flaws: tuple[str, ...] = ()


def candidates(
    model: TextModel, z: Tensor, about: Sequence[str], spread: float, ends: Tensor | None = None
) -> list[Candidate]:
    """Texts that the model writes for a latent (1×L), the best first: those without flaws, then by score.

    Args:
        about: the texts it goes out from: their words are known. spread: 0 to 2, how far it may lie from
            ``ends``.
        ends: their latents (N×L); None where it may lie anywhere.
    """
    return judged(model, model.several(z), z, about, spread, ends)


def judged(
    model: TextModel,
    found: Sequence[tuple[float, str]],
    z: Tensor,
    about: Sequence[str],
    spread: float,
    ends: Tensor | None = None,
) -> list[Candidate]:
    """Texts with their scores, judged as :func:`candidates` says."""
    found = [(score, text) for score, text in found if text]
    if not found:
        return []
    back = model.encode([text for _, text in found])
    radius = model.radius(z if ends is None else ends)
    given = {word for text in about for word in words(text)}
    longest = _ROOM * max((len(words(text)) for text in about), default=16) + 4
    forms = {form(text) for text in about}
    odd = max(map(model.likeness.strange, about), default=0.0) if model.likeness is not None else 0.0
    made = []
    for (score, text), own in zip(found, back, strict=True):
        stray = float((own - z[0]).norm()) / radius
        flaws = []
        if repeats(text):
            flaws.append("repeats")
        if unknown_words(text, model.index, given):
            flaws.append("unknown words")
        if len(words(text)) > longest:
            flaws.append("long")
        if ends is not None and float((own - ends).norm(dim=1).min()) / radius > _LONG_WAY + spread:
            flaws.append("far")
        if model.likeness is not None and model.likeness.strange(text) > odd:
            flaws.append("strange")
        if any(forms) and form(text) not in forms:
            flaws.append("form")
        made.append(Candidate(text, z, score - STRAY * stray, tuple(flaws)))
    return sorted(made, key=lambda one: (len(one.flaws), -one.score))


def form(text: str) -> tuple[int, ...]:
    """Characters of each clause of a CJK text; empty for texts of an alphabet."""
    clauses, count = [], 0
    for unit in units(text):
        if is_word(unit):
            if not is_cjk(unit):
                return ()
            count += 1
        elif count:
            clauses.append(count)
            count = 0
    return (*clauses, count) if count else tuple(clauses)


def repeats(text: str) -> bool:
    """Whether a word stands three times in a row, a run of two or three comes again at once, or three words
    come twice."""
    found = words(text)
    if any(found[i] == found[i + 1] == found[i + 2] for i in range(len(found) - 2)):
        return True
    for n in (2, 3):
        if any(found[i : i + n] == found[i + n : i + 2 * n] for i in range(len(found) - 2 * n + 1)):
            return True
    runs = [tuple(found[i : i + 3]) for i in range(len(found) - 2)]
    return len(set(runs)) < len(runs)


def folded(text: str) -> str:
    """A text as it is compared with others: without case and runs of white space."""
    return " ".join(text.split()).casefold()


def best_new(found: Iterable[Candidate], taken: Collection[str]) -> Candidate | None:
    """The best of those that are none of ``taken`` (folded): without flaws before others, then by score."""
    new = [one for one in found if folded(one.text) not in taken]
    return min(new, key=lambda one: (len(one.flaws), -one.score), default=None)
