"""A trained joint model: any modality from any other, and whole sets from nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.learning.joint.parts import Part

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from mmstudio.learning.config import ModelConfig

Arrays = Mapping[str, "NDArray[Any]"]  # modality → N rows, as :class:`Part` says
Sampler = Literal["mixture", "gan", "learned"]


@dataclass(slots=True)
class JointModel:
    """What ``Trainings.load_any`` gives for the family "joint". Everything depends on the seeds given only.

    Media of one example, in and out: image uint8 H×W×3; audio (float32[C, T] in [-1, 1], rate); text str;
    tags list[str]; audience {name: weight} (in only: also a name); any other part its array row.

    Attributes:
        parts: the modalities. scores: sampler → figure → value, measured when the training ended:
            "distance" (kernel distance ×1000 of drawn to held-out joint latents, 0 is best) and "agreement"
            (how often one part of a drawn set finds its partner among 100 sets, 1 is best; "real" has the same
            of held-out sets).
    """

    config: ModelConfig
    parts: tuple[Part, ...]
    device: torch.device
    fingerprint: str = ""
    scores: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the parts: "image", "audio", "text", "tags", "audience" or fewer."""
        return tuple(part.name for part in self.parts)

    def generate(
        self,
        given: Mapping[str, Any],
        want: Sequence[str] | None = None,
        count: int = 1,
        seed: int = 0,
        temperature: float = 1.0,
        locks: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """``count`` sets that go with what is given; nothing given: whole sets.

        Args:
            given: modality → media. want: modalities to make; None: all but the given and the audience.
            temperature: 0 the likeliest, 1 as varied as the training data.
            locks: modality → media to keep: the rest is made to go with it, and it comes back as it is.

        Raises:
            UsageError: an unknown modality, nothing to make, a temperature outside 0 to 2.
            StudioError: media that cannot be used; a model underneath that is gone.
        """
        raise NotImplementedError

    def unconditional(self, count: int, seed: int = 0, sampler: Sampler = "mixture") -> list[dict[str, Any]]:
        """``count`` whole sets from a Gaussian mixture over the joint latents, a latent GAN, or the learned
        conditional prior told nothing."""
        raise NotImplementedError

    def embed(self, given: Mapping[str, Any]) -> Tensor:
        """1×L joint posterior mean of one example, of whatever parts are given."""
        raise NotImplementedError

    # -- on arrays: for evaluation and for researchers ---------------------------------------------------

    def embed_arrays(self, arrays: Arrays, present: Mapping[str, NDArray[Any]] | None = None) -> Tensor:
        """N×L joint posterior means; ``present`` is modality → bool N, all where it is None."""
        raise NotImplementedError

    def generate_arrays(
        self,
        arrays: Arrays,
        want: Sequence[str],
        seed: int = 0,
        temperature: float = 1.0,
        present: Mapping[str, NDArray[Any]] | None = None,
    ) -> dict[str, NDArray[Any]]:
        """One set for each of N rows: modality → N rows of the part's own kind."""
        raise NotImplementedError

    def unconditional_arrays(
        self, count: int, seed: int = 0, sampler: Sampler = "mixture"
    ) -> dict[str, NDArray[Any]]:
        """Modality → ``count`` rows."""
        raise NotImplementedError

    def as_array(self, name: str, value: Any) -> NDArray[Any]:
        """Media of one example → its row, 1×…, as the model sees it."""
        raise NotImplementedError

    def as_media(self, name: str, row: NDArray[Any], seed: int = 0) -> Any:
        """A row of a part (without the leading axis) → media."""
        raise NotImplementedError


def load_joint(folder: Path, device: torch.device) -> JointModel:
    """Rebuild a joint model. Raises NotFound, StudioError; see ``engine.checkpoint.load_weights``."""
    raise NotImplementedError
