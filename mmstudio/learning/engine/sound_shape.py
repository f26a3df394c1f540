"""How long a sound is, at which rate, and how its spectrogram lies over it. Knows no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from mmstudio.errors import UsageError

if TYPE_CHECKING:
    from mmstudio.learning.config import ModelConfig

RATES = (22_050, 44_100)  # Hz a person may choose
SHORTEST, LONGEST = 1.0, 12.0  # seconds
FLOOR_DB, CEILING_DB = -80.0, 30.0  # of a band's power: -1 and 1 in a spectrogram
STEP = 16  # frames come in multiples of it: the networks halve them four times


@dataclass(frozen=True, slots=True)
class SoundShape:
    """The shape of every sound of one model.

    Attributes:
        rate: samples a second.
        frame, hop: samples of a window of the short-time Fourier transform and between two of them.
        bands: of the mel scale, from 20 Hz to half the rate.
        frames: columns of the spectrogram, a multiple of 16.
        channels: 1, or 2 for stereo (learned as middle and side).
        loop: the end runs into the beginning.
    """

    rate: int = 22_050
    frame: int = 2048
    hop: int = 512
    bands: int = 128
    frames: int = 128
    channels: int = 1
    loop: bool = False

    @property
    def samples(self) -> int:
        """Samples of one sound in each channel; a loop has one hop more, up to its beginning."""
        return self.hop * (self.frames if self.loop else self.frames - 1)

    @property
    def seconds(self) -> float:
        """How long one sound is."""
        return self.samples / self.rate

    def as_json(self) -> dict[str, Any]:
        """For ``ModelConfig.parts["sound"]``."""
        return asdict(self)

    @classmethod
    def of(cls, config: ModelConfig) -> SoundShape:
        """The shape in a config; that of the first sound models where it states none."""
        given = config.parts.get("sound", {})
        return cls(**{f.name: given[f.name] for f in fields(cls) if f.name in given})

    @classmethod
    def for_seconds(
        cls, seconds: float = 3.0, rate: int = 22_050, channels: int = 1, loop: bool = False
    ) -> SoundShape:
        """The shape nearest to ``seconds`` (within 0.2 s).

        Raises:
            UsageError: shorter than 1 or longer than 12 s, another rate, more than two channels.
        """
        if not SHORTEST <= seconds <= LONGEST or rate not in RATES or channels not in (1, 2):
            raise UsageError(
                "A model cannot learn sounds of {seconds} s at {rate} Hz in {channels} channels.",
                hint="Choose 1 to 12 seconds, 22050 or 44100 Hz, mono or stereo.",
                seconds=f"{seconds:g}",
                rate=rate,
                channels=channels,
            )
        frames = STEP * max(1, round(seconds * rate / 512 / STEP))
        return cls(rate=rate, frames=frames, channels=channels, loop=loop)
