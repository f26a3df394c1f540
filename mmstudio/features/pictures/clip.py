"""Text to pictures: the text half of a CLIP or SigLIP that is at hand.

    name = text_extractor()                    # "cnn" or "cnn-FOLDER", None where no such network is there
    if name is not None:
        ids, X = features.matrix(name, normalised=False)
        best = unit_rows(X) @ unit(clip_text("a red bag"))

Vectors of that extractor are compared as they are (metric "unit"): the cosine to a text is what CLIP was
trained on. Runs on the device thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mmstudio.errors import StudioError
from mmstudio.features.device import choose_device
from mmstudio.features.pictures.extractors import names_of
from mmstudio.features.pictures.transformers_nets import Words, has_tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmstudio.features.pictures.spec import BackboneSpec

_lock = threading.Lock()
_loaded: dict[str, Words] = {}  # at most one: the network is large


def text_extractor() -> str | None:
    """The name of the extractor whose vectors text can be compared with, or None; loads nothing."""
    found = _with_words()
    if found is None or found[1].weights is None or not has_tokens(found[1].weights.parent):
        return None
    return found[0]


def clip_text(text: str, device: str = "auto") -> NDArray[np.float32]:
    """A text → float32[D] in the space of :func:`text_extractor`'s vectors; compare by cosine.

    Texts beyond the network's length (77 tokens for CLIP) are cut. Raises StudioError where no CLIP or SigLIP
    is in the model folder, or where it cannot be read.
    """
    found = _with_words()
    if found is None:
        raise StudioError(
            "There is no network that knows words and pictures.",
            hint="Put a CLIP or SigLIP folder of transformers into the model folder.",
        )
    spec, place = found[1], choose_device(device)
    key = f"{place} {spec.name} {spec.fingerprint()}"
    with _lock:
        if key not in _loaded:
            _loaded.clear()
            _loaded[key] = Words(spec, place)
        return _loaded[key](text)


def _with_words() -> tuple[str, BackboneSpec] | None:
    return next(((name, spec) for name, spec in names_of().items() if spec.words), None)
