"""Discriminators of waves: by spectra at several resolutions and by samples at several periods.

Jang et al., "UnivNet", Interspeech 2021 (multi-resolution spectrogram discriminator); Kong, Kim and Bae,
"HiFi-GAN", NeurIPS 2020 (multi-period discriminator). Small ones: they learn beside a vocoder on a desktop.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from mmstudio.learning.nets.blocks import SLOPE
from mmstudio.learning.objectives.spectral import magnitudes

PERIODS = (2, 5, 11)
RESOLUTIONS = ((1024, 256), (512, 128), (256, 64))
_WIDTH = 16


class _Stack(nn.Module):
    """N×1×H×W → what each layer sees, the last one a map of scores."""

    def __init__(self, kernel: tuple[int, int], stride: tuple[int, int], depth: int) -> None:
        super().__init__()
        pad = (kernel[0] // 2, kernel[1] // 2)
        widths = [1] + [_WIDTH * min(4, 2**i) for i in range(depth)]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, kernel, stride, pad) for a, b in pairwise(widths))
        self.out = nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> list[Tensor]:
        seen = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
            seen.append(x)
        return [*seen, self.out(x)]


class WaveCritic(nn.Module):
    """All discriminators together."""

    def __init__(self) -> None:
        super().__init__()
        self.spectra = nn.ModuleList(_Stack((3, 3), (2, 2), 3) for _ in RESOLUTIONS)
        self.periods = nn.ModuleList(_Stack((5, 1), (3, 1), 4) for _ in PERIODS)

    def forward(self, wave: Tensor) -> list[list[Tensor]]:
        """B×T → per discriminator what each layer sees, the last being scores of stretches."""
        found = [
            stack(magnitudes(wave, frame, hop).log().unsqueeze(1) / 5)
            for stack, (frame, hop) in zip(self.spectra, RESOLUTIONS, strict=True)
        ]
        for stack, period in zip(self.periods, PERIODS, strict=True):
            padded = functional.pad(wave, (0, -wave.shape[1] % period))
            found.append(stack(padded.view(len(wave), 1, -1, period)))
        return found
