"""What a person should know about a training as it runs, in one sentence with what to do."""

from __future__ import annotations

from collections import deque

from mmstudio.i18n import tr
from mmstudio.learning.engine.judge import COPYING

ALIKE = 0.4  # diversity below this: what is drawn has collapsed to a few pictures
_WINDOW = 50
_WON = 6.0  # mean gap of scores above which the discriminator tells every pair apart
_KNOWN = 0.9  # overfitting (see engine.adapt)


class Watch:
    """Listens to losses and figures; :meth:`advice` is "" while all is well."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_WINDOW)
        self._overfit = self._strength = 0.0
        self._figures: dict[str, float] = {}

    def hear(self, losses: dict[str, float], figures: dict[str, float] | None = None) -> None:
        """After a step, with figures where the training was measured."""
        if "real" in losses and "fake" in losses:
            self._gaps.append(losses["real"] - losses["fake"])
            self._overfit, self._strength = losses.get("overfit", 0.0), losses.get("augment", 0.0)
        if figures:
            self._figures = figures

    def advice(self) -> str:
        """The most important sentence now."""
        if self._figures.get("diversity", 1.0) < ALIKE and self._figures.get("kernel_distance", 0.0) > 20:
            return tr("The pictures are becoming alike. Train with a higher gamma, or more pictures.")
        if self._figures.get("nearest_ratio", 1.0) < COPYING:
            return tr("What is drawn comes close to training pictures. The best before that is kept.")
        if len(self._gaps) == _WINDOW and sum(self._gaps) / _WINDOW > _WON:
            return tr("One network is far ahead of the other. A higher gamma or a lower rate calms it.")
        if self._overfit > _KNOWN and self._strength >= 0.79:
            return tr("The training pictures are known by heart: now more pictures help, not more steps.")
        return ""
