"""Sets: a picture, a music bed and a line of copy that share colours, mood and words."""

from __future__ import annotations

from mmstudio.generation.sets.contract import PARTS, MadePart, MadeSet, Mood, Part, SetWish, parts_of

__all__ = ["PARTS", "MadePart", "MadeSet", "Mood", "Part", "SetWish", "parts_of"]
