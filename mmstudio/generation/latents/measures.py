"""What the sliders named after a look are fitted to: plain measures of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmstudio.i18n import mark
from mmstudio.media.oklab import srgb_to_oklab

SIDE = 64  # pixels that pictures are measured at
_WARM = np.radians(55.0)  # hue of orange in OKLab


@dataclass(frozen=True, slots=True)
class Look:
    """One measure: its key, what more of it is called, and what less of it is called."""

    key: str
    label: str
    less: str


LOOKS = (
    Look("lighter", mark("Lighter"), mark("darker")),
    Look("warmer", mark("Warmer"), mark("cooler")),
    Look("colourful", mark("More colourful"), mark("greyer")),
    Look("greener", mark("Greener"), mark("pinker")),
    Look("contrast", mark("More contrast"), mark("flatter")),
    Look("busier", mark("Busier"), mark("calmer")),
    Look("symmetric", mark("More symmetric"), mark("less symmetric")),
    Look("vignette", mark("Brighter in the middle"), mark("darker in the middle")),
)


def measure_looks(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """uint8 H×W×3 → float64[len(LOOKS)], in the order of :data:`LOOKS`.

    In OKLab: mean lightness; mean along the hue of orange; colourfulness (Hasler and Süsstrunk, "Measuring
    colourfulness in natural images", SPIE 2003, on sRGB); mean along the hue of green; standard deviation of
    lightness; mean step of lightness between neighbours; correlation of lightness with its mirror image;
    lightness of the middle against the border.
    """
    if pixels.shape[:2] != (SIDE, SIDE):
        pixels = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))
    lab = srgb_to_oklab(pixels, np.float32)
    light, a, b = (lab[..., i].astype(np.float64) for i in range(3))
    rgb = pixels.astype(np.float64)
    rg = rgb[..., 0] - rgb[..., 1]
    yb = 0.5 * (rgb[..., 0] + rgb[..., 1]) - rgb[..., 2]
    colourful = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    steps = np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean()
    gap = light - light.mean()
    symmetric = (gap * gap[:, ::-1]).mean() / max(1e-6, (gap**2).mean())
    quarter = SIDE // 4
    middle = light[quarter:-quarter, quarter:-quarter].mean()
    return np.array(
        [
            light.mean(),
            (np.cos(_WARM) * a + np.sin(_WARM) * b).mean(),
            colourful,
            (np.sin(_WARM) * -a + np.cos(_WARM) * b).mean(),
            light.std(),
            steps,
            symmetric,
            (4 * middle - light.mean() * 4) / 3,  # the middle is a quarter of the area
        ]
    )
