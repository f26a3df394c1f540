"""The modalities of a joint model, as its config keeps them. Knows no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Literal

from mmstudio.errors import StudioError, UsageError

Kind = Literal["picture", "tokens", "bits", "vector"]
OBJECTIVES = ("mvtcae", "mmvae+", "mopoe")
MODALITIES = ("image", "audio", "text", "tags", "audience")  # of a library; from Python any name will do


@dataclass(frozen=True, slots=True)
class Part:
    """One modality.

    Attributes:
        name: "image", "audio", "text", "tags", "audience", or whatever a researcher calls it.
        kind: what its array holds, N rows each:
            picture: uint8 N×C×S×S (log-mel spectrograms too), S a power of two from 8;
            tokens: int16 or int64 N×T, from 0 (nothing) to vocabulary - 1;
            bits: float32 N×D, 0 or 1; vector: float32 N×D of any scale.
        shape: (C, S, S), (T,), (D,) or (D,).
        vocabulary: of tokens.
        model: the single-modality model whose latents a vector holds, or "".
        labels: what each bit is called; the audiences of an audience vector.
        words: how texts become tokens (:mod:`mmstudio.learning.joint.words`), as JSON.
        scale: of a sound's spectrogram, "hop", "rate" and so on as JSON.
        about: the modality whose media it describes further (:mod:`mmstudio.learning.joint.beside`), or "": a
            part of its own. Such a part comes with the other one and is never made or shown by itself.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    vocabulary: int = 0
    model: str = ""
    labels: tuple[str, ...] = ()
    words: Mapping[str, Any] | None = None
    scale: Mapping[str, Any] | None = None
    about: str = ""

    @property
    def size(self) -> int:
        """How many numbers one example has."""
        return prod(self.shape)

    def as_json(self) -> dict[str, Any]:
        """For the config; what is empty is left out."""
        data = asdict(self)
        return {key: value for key, value in data.items() if value or key in ("name", "kind", "shape")}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Part:
        """Back from :meth:`as_json`. Raises StudioError where it is broken."""
        try:
            known = {
                key: data[key] for key in ("vocabulary", "model", "words", "scale", "about") if key in data
            }
            labels = tuple(str(label) for label in data.get("labels", ()))
            shape = tuple(int(length) for length in data["shape"])
            return cls(str(data["name"]), data["kind"], shape, labels=labels, **known)
        except (KeyError, TypeError, ValueError) as error:
            raise broken() from error


def broken() -> StudioError:
    """What is said of parts that cannot be read."""
    return StudioError(
        "The model's config describes its modalities in a way that cannot be read.",
        hint="Restore the folder from a copy, or train the model again.",
    )


def read_parts(config_parts: Mapping[str, Any]) -> tuple[Part, ...]:
    """The modalities in ``ModelConfig.parts``."""
    return tuple(Part.of(each) for each in config_parts.get("modalities", ()))


def objective_of(config_parts: Mapping[str, Any]) -> str:
    """One of :data:`OBJECTIVES`. Raises UsageError for another."""
    name = str(config_parts.get("objective", "mvtcae"))
    if name not in OBJECTIVES:
        raise UsageError(
            "There is no joint objective “{name}”.",
            hint="Choose one of: {known}.",
            name=name,
            known=", ".join(OBJECTIVES),
        )
    return name


def only_of(config_parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The modalities that a training is to learn from a library (``parts["only"]``); all where it says none.

    Raises:
        UsageError: another word, or fewer than two that a model could tie together.
    """
    wanted = config_parts.get("only") or MODALITIES
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in wanted:
        if name not in MODALITIES:
            raise UsageError(
                "A joint model knows no “{name}”.",
                hint="It knows: {known}.",
                name=name,
                known=", ".join(MODALITIES),
            )
    if len(set(wanted)) < 2:
        raise UsageError("A joint model ties at least two kinds of media together.", hint="Name one more.")
    return tuple(name for name in MODALITIES if name in wanted)


def named(parts: Sequence[Part], name: str) -> Part:
    """The part of a name. Raises UsageError."""
    for part in parts:
        if part.name == name:
            return part
    raise UsageError(
        "The model knows no “{name}”.",
        hint="It knows: {known}.",
        name=name,
        known=", ".join(part.name for part in parts),
    )
