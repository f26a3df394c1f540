"""How strongly the discriminator's pictures are varied: more the better it knows the training pictures.

Karras et al., "Training generative adversarial networks with limited data", NeurIPS 2020: overfitting is
r_v = (E[D(train)] - E[D(held out)]) / (E[D(train)] - E[D(generated)]) (equation 1), 0 for none, 1 where the
held-out pictures look generated. It does not change when all scores shift, so it also serves the relativistic
loss, whose scores have no zero of their own. Without held-out pictures the share of pairs told apart stands
in for the paper's r_t.
"""

from __future__ import annotations

from typing import Any

TARGET = 0.5
PAIRS_TARGET = 0.8  # of pairs, counted +1 where the real one scores higher and -1 where not
MOST = 0.8  # stronger augmentation starts to show in what is generated
_MEMORY = 0.95  # of the running means, per look


class Adaptive:
    """The strength in [0, 1], and what it follows.

    Args:
        strength: where it starts; where it stays with ``moves`` False.
        ramp: examples seen after which it could have gone from 0 to 1.
    """

    def __init__(self, strength: float, *, moves: bool, ramp: float) -> None:
        self.strength, self.moves, self.ramp = strength, moves, ramp
        self.overfit = 0.0
        self._above = self._between = 0.0  # running means of numerator and denominator
        self._looks = 0

    def hear(
        self, batch: int, real: float, fake: float, held: float | None, pairs: float, *, counts: bool
    ) -> None:
        """After a step on ``batch`` examples: mean scores (``held`` None where none were looked at), the mean
        sign of real minus generated; ``counts`` where the pairs decide because nothing is held out."""
        if held is None and not counts:
            self._move(batch, TARGET)
            return
        above, between = (pairs, 1.0) if held is None else (real - held, real - fake)
        memory = min(_MEMORY, self._looks / (self._looks + 1))
        self._above = memory * self._above + (1 - memory) * above
        self._between = memory * self._between + (1 - memory) * between
        self._looks += 1
        if self._between > 1e-6:
            self.overfit = max(-1.0, min(1.0, self._above / self._between))
        self._move(batch, PAIRS_TARGET if held is None else TARGET)

    def _move(self, batch: int, target: float) -> None:
        if self.moves and self._looks:
            direction = 1.0 if self.overfit > target else -1.0
            self.strength = max(0.0, min(MOST, self.strength + direction * batch / self.ramp))

    def numbers(self) -> dict[str, Any]:
        """For an exact resume."""
        return {
            "strength": self.strength,
            "overfit": self.overfit,
            "above": self._above,
            "between": self._between,
            "looks": self._looks,
        }

    def restore(self, numbers: dict[str, Any]) -> None:
        """Back from :meth:`numbers`; nothing changes where they are empty."""
        if numbers:
            self.strength, self.overfit = float(numbers["strength"]), float(numbers["overfit"])
            self._above, self._between = float(numbers["above"]), float(numbers["between"])
            self._looks = int(numbers["looks"])
