"""A trained joint model: any modality from any other, and whole sets from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmstudio.errors import UsageError
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.joint import beside, choosing, media
from mmstudio.learning.joint.parts import Part, named, objective_of, read_parts

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mmstudio.learning.engine.joint_codes import Coded
    from mmstudio.learning.engine.prior import Prior
    from mmstudio.learning.nets.joint import JointNet

Arrays = Mapping[str, "NDArray[Any]"]  # modality → N rows, as :class:`Part` says
Sampler = Literal["mixture", "gan", "learned", "prior"]
LEAST_TOGETHER = 4  # sets with both, below which a model knows nothing of what ties two kinds of media
_ROWS = 64  # rows in every pass, the last one filled up: the same latent gives the same picture anywhere


@dataclass(slots=True)
class JointModel:
    """What ``Trainings.load_any`` gives for the family "joint". Everything depends on the seeds given only.

    Media of one example, in and out: image uint8 H×W×3; audio (float32[C, T] in [-1, 1], rate); text str;
    tags list[str]; audience {name: weight} (in only: also a name); any other part its array row.

    Attributes:
        parts: the modalities. scores: sampler → figure → value, measured when the training ended:
            "distance" (kernel distance ×1000 of drawn to held-out joint latents, 0 is best) and "agreement"
            (how often a part of a drawn set finds its partner among 100 sets, 1 is best; the entry "real"
            has the same of held-out sets).
        lower: modality → the single-modality model whose latents it holds.
    """

    config: ModelConfig
    parts: tuple[Part, ...]
    device: torch.device
    net: JointNet
    generator: nn.Module
    mixture: Prior
    fingerprint: str = ""
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    lower: dict[str, Any] = field(default_factory=dict)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the parts: "image", "audio", "text", "tags", "audience" or fewer."""
        return tuple(part.name for part in self.parts if not part.about)

    def ties(self, given: Iterable[str], wanted: str) -> bool:
        """Whether it has learned what ``wanted`` has to do with what is given: of media with each of them,
        else with any; it knows that of what it saw together. True where nothing is given, and of models that
        keep no record of it."""
        counts = self.config.trained.get("together")
        if not isinstance(counts, Mapping):
            return True
        media_given = [name for name in given if name in ("image", "audio", "text")]
        seen = [
            max(int(counts.get(f"{one} {wanted}", 0)), int(counts.get(f"{wanted} {one}", 0)))
            >= LEAST_TOGETHER
            for one in media_given or given
            if one != wanted
        ]
        return all(seen) if media_given else not seen or any(seen)

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
        locked = dict(locks or {})
        made = self.rows(dict(given) | locked, want, count, seed, temperature)
        return self._as_sets(made, count, seed, locked)

    def rows(
        self,
        given: Mapping[str, Any],
        want: Sequence[str] | None = None,
        count: int = 1,
        seed: int = 0,
        temperature: float = 1.0,
        tries: int = 1,
    ) -> dict[str, NDArray[Any]]:
        """As :meth:`generate`, before rows become media (a vocoder takes its time): modality → ``count``
        rows; row i is media by ``as_media(name, row, seed + i)``. Raises as :meth:`generate`.

        ``tries``: so many times as many are drawn, and those that agree best with what was given are kept,
        best first (:mod:`mmstudio.learning.joint.choosing`).
        """
        known = {name: value for name, value in given.items() if value is not None}
        wanted = self._wanted(want, known)
        if not wanted:
            raise UsageError("There is nothing to make.", hint="Leave at least one of the parts open.")
        if count < 1 or not 0.0 <= temperature <= 2.0:
            raise UsageError("The temperature must lie between 0 and 2, the count from 1 on.")
        told, drawn = self.as_arrays(known), count * max(1, tries)
        if told:
            arrays = {name: np.repeat(row, drawn, axis=0) for name, row in told.items()}
            made = self.generate_arrays(arrays, wanted, seed, temperature)
        else:
            made = self._decoded(self._whole(drawn, seed, "mixture", temperature), wanted, seed)
        if drawn == count:
            return made
        kept = choosing.best(choosing.agreement(self, made, told), count)
        return {name: rows[kept] for name, rows in made.items()}

    def unconditional(self, count: int, seed: int = 0, sampler: Sampler = "mixture") -> list[dict[str, Any]]:
        """``count`` whole sets from a Gaussian mixture over the joint latents, a latent GAN, the learned
        conditional prior told nothing, or N(0, I) ("prior")."""
        made = self.unconditional_arrays(count, seed, sampler)
        made.pop("audience", None)
        return self._as_sets(made, count, seed, {})

    def embed(self, given: Mapping[str, Any]) -> Tensor:
        """1×L joint posterior mean of one example, of whatever parts are given."""
        return self.embed_arrays(self.as_arrays(given))

    # -- on arrays: for evaluation and for researchers ---------------------------------------------------

    def embed_arrays(self, arrays: Arrays, present: Arrays | None = None) -> Tensor:
        """N×L joint posterior means; ``present`` is modality → bool N, all where it is None."""
        import torch

        from mmstudio.learning.engine.joint_codes import joint_of

        objective, found = objective_of(self.config.parts), []
        with torch.inference_mode():
            for coded, count in self._coded(arrays, present):
                found.append(joint_of(self.net, objective, coded)[0][:count].cpu())
        return torch.cat(found)

    def generate_arrays(
        self,
        arrays: Arrays,
        want: Sequence[str],
        seed: int = 0,
        temperature: float = 1.0,
        present: Arrays | None = None,
    ) -> dict[str, NDArray[Any]]:
        """One set for each of N rows: modality → N rows of the part's own kind."""
        import torch

        from mmstudio.learning.engine.joint_codes import latents_for

        random = torch.Generator().manual_seed(seed)
        objective, found = objective_of(self.config.parts), []
        with torch.inference_mode():
            for coded, count in self._coded(arrays, present):
                z = latents_for(self.net, objective, coded, coded.present, random, temperature)
                found.append(z[:count].cpu())
        return self._decoded(torch.cat(found), [named(self.parts, n).name for n in want], seed, temperature)

    def unconditional_arrays(
        self, count: int, seed: int = 0, sampler: Sampler = "mixture"
    ) -> dict[str, NDArray[Any]]:
        """Modality → ``count`` rows."""
        return self._decoded(self._whole(count, seed, sampler), self.modalities, seed)

    def as_array(self, name: str, value: Any) -> NDArray[Any]:
        """Media of one example → its row, 1×…, as the model sees it. Raises StudioError, UsageError."""
        part = named(self.parts, name)
        return media.to_row(part, value, self.config, self.lower.get(name))

    def as_arrays(self, given: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Media of one example → their rows, with what else is told of each (:mod:`joint.beside`)."""
        arrays = {name: self.as_array(name, value) for name, value in given.items()}
        for name, value in given.items():
            further = beside.beside(self.parts, name)
            if further is None:
                continue
            shape = self.config if (lower := self.lower.get(name)) is None else lower.config
            row = beside.row_of(further, name, value, shape.fit, shape.aspect)
            if row is not None:
                arrays[further.name] = row
        return arrays

    def as_media(self, name: str, row: NDArray[Any], seed: int = 0) -> Any:
        """A row of a part (without the leading axis) → media."""
        return media.from_row(named(self.parts, name), row, seed, self.lower.get(name))

    # -- inside ------------------------------------------------------------------------------------------

    def _wanted(self, want: Sequence[str] | None, known: Mapping[str, Any]) -> list[str]:
        for name in known:
            named(self.parts, name)
        if want is None:
            return [name for name in self.modalities if name not in known and name != "audience"]
        return [named(self.parts, name).name for name in want if name not in known]

    def _as_sets(
        self, made: Mapping[str, NDArray[Any]], count: int, seed: int, locked: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        return [
            {name: self.as_media(name, rows[i], seed + i) for name, rows in made.items()} | dict(locked)
            for i in range(count)
        ]

    def _whole(self, count: int, seed: int, sampler: Sampler, temperature: float = 1.0) -> Tensor:
        import torch

        from mmstudio.learning.engine.joint_prior import whole_latents

        if sampler == "learned" and self.net.flow is None:
            raise UsageError(
                "This model learned no conditional prior.", hint="Choose the sampler “mixture” or “gan”."
            )
        random = torch.Generator().manual_seed(seed)
        return whole_latents(self.net, self.generator, self.mixture, sampler, count, random, temperature)

    def _coded(self, arrays: Arrays, present: Arrays | None) -> list[tuple[Coded, int]]:
        """What the encoders say, in passes of :data:`_ROWS` rows, and how many of them count."""
        import torch

        from mmstudio.learning.engine.joint_codes import as_input, encode
        from mmstudio.learning.engine.set_data import as_batch

        for name in arrays:
            named(self.parts, name)
        count = len(next(iter(arrays.values())))
        found = []
        for first in range(0, count, _ROWS):
            rows = np.minimum(np.arange(first, first + _ROWS), count - 1)
            batch = as_batch(arrays, present or {}, rows)
            x, there = [], []
            for part in self.parts:
                if part.name in arrays:
                    x.append(as_input(part, batch.parts[part.name]).to(self.device))
                    there.append(batch.present[part.name])
                else:
                    x.append(torch.empty(0))
                    there.append(torch.zeros(_ROWS, dtype=torch.bool))
            coded = encode(self.net, x, torch.stack(there, dim=1).to(self.device))
            found.append((coded, min(_ROWS, count - first)))
        return found

    def _decoded(
        self, z: Tensor, want: Sequence[str], seed: int, temperature: float = 1.0
    ) -> dict[str, NDArray[Any]]:
        import torch

        from mmstudio.learning.engine.joint_codes import as_output

        random = torch.Generator().manual_seed(seed + 1)
        made: dict[str, NDArray[Any]] = {}
        with torch.inference_mode():
            for m, part in enumerate(self.parts):
                if part.name not in want:
                    continue
                own = torch.randn(len(z), self.net.private, generator=random) * temperature
                own = own * torch.exp(0.5 * self.net.spreads[m].cpu())
                full = torch.cat([z, own], dim=1)
                rows = []
                for first in range(0, len(full), _ROWS):
                    some = full[first : first + _ROWS]
                    filled = torch.cat([some, some[-1:].expand(_ROWS - len(some), -1)])
                    rows.append(self.net.decoders[m](filled.to(self.device))[: len(some)].float().cpu())
                made[part.name] = as_output(part, torch.cat(rows))
        return made


def model_of(
    config: ModelConfig, weights: Mapping[str, Tensor], device: torch.device, mark: str = ""
) -> JointModel:
    """A model from its weights, without the models underneath."""
    from mmstudio.learning.engine.joint_codes import make_joint
    from mmstudio.learning.engine.joint_gan import WIDTH
    from mmstudio.learning.engine.prior import prior_from
    from mmstudio.learning.engine.task import take
    from mmstudio.learning.nets.joint import Corrector, LatentNet

    own = dict(weights)
    net, latent = make_joint(config), config.latent
    corrects = "generator.centre" in own
    generator = Corrector(latent, WIDTH) if corrects else LatentNet(latent, WIDTH, latent)
    take(net, own, "joint.")
    take(generator, own, "generator.")
    scores: dict[str, dict[str, float]] = {}
    for key, value in own.items():
        if key.startswith("score."):
            _, sampler, figure = key.split(".")
            scores.setdefault(sampler, {})[figure] = float(value)
    return JointModel(
        config,
        read_parts(config.parts),
        device,
        net.to(device).requires_grad_(False).eval(),
        generator.to(device).requires_grad_(False).eval(),
        prior_from(own, config.latent),
        mark,
        scores,
    )


def load_joint(folder: Path, device: torch.device) -> JointModel:
    """Rebuild a joint model; the models its latents belong to lie beside it.

    Raises:
        NotFound, StudioError: see ``engine.checkpoint.load_weights``; a model underneath is gone.
    """
    from mmstudio.learning.engine.checkpoint import load_weights, weights_id

    config = load_config(folder)
    model = model_of(config, load_weights(folder), device, weights_id(folder))
    model.lower = {part.name: media.lower_model(folder, part, device) for part in model.parts if part.model}
    return model
