"""Sets: a picture, a music bed and a line of copy that share colours, mood and words.

`contract` says what a wish and a set are; `making`, `reroll` and `again` make one, change one part of it, and
make it once more from its manifest; `work` is the job that saves them.
"""

from __future__ import annotations

from mmstudio.generation.sets.contract import PARTS, MadePart, MadeSet, Mood, Part, SetWish, parts_of
from mmstudio.generation.sets.making import again, finished, making, reroll, rerolling

__all__ = [
    "PARTS",
    "MadePart",
    "MadeSet",
    "Mood",
    "Part",
    "SetWish",
    "again",
    "finished",
    "making",
    "parts_of",
    "reroll",
    "rerolling",
]
