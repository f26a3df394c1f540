"""Looking inside one library."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from mmstudio.features.inside.explain import Explanation, explain, likeness_direction, tag_direction
from mmstudio.features.inside.maps import Maps
from mmstudio.features.inside.reasons import Neighbour, VectorRow, neighbours, vector_rows
from mmstudio.features.inside.sounds import SoundImages, scene_frames, sound_images
from mmstudio.features.pictures.backbones import Backbone, find_backbone
from mmstudio.features.texts.extraction import asset_text
from mmstudio.features.texts.words import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.features.service import Features


class Inside:
    """Maps, neighbours with reasons, vectors, and what the picture network looks at."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self.maps = Maps(features.library, features.vectors)
        self._backbone: Backbone | None = None

    def neighbours(self, asset_id: int, k: int = 12) -> list[Neighbour]:
        """See :func:`mmstudio.features.inside.reasons.neighbours`."""
        return neighbours(self._features.library, self._features.vectors, asset_id, k)

    def vectors_of(self, asset_id: int) -> list[VectorRow]:
        """Every stored vector of an asset, raw and normalised."""
        return vector_rows(self._features.library, self._features.vectors, asset_id)

    def explain_tag(self, asset_id: int, tag: str) -> Explanation:
        """Where in a picture the tag is seen. Raises StudioError, MediaError; on the device thread."""
        library, vectors = self._features.library, self._features.vectors
        return explain(library, vectors, self._network(), asset_id, tag_direction(library, vectors, tag))

    def explain_likeness(self, asset_id: int, other: int) -> Explanation:
        """Where in a picture it is like another one. Raises as :meth:`explain_tag`."""
        library, vectors = self._features.library, self._features.vectors
        return explain(library, vectors, self._network(), asset_id, likeness_direction(vectors, other))

    def sound(self, asset_id: int) -> SoundImages:
        """Spectrogram, MFCC and chroma of the first minute of a sound. Raises NotFound, MediaError."""
        library = self._features.library
        return sound_images(library.assets.path_of(library.assets.get(asset_id)))

    def scene_frames(self, asset_id: int) -> list[NDArray[np.uint8]]:
        """A picture of each known scene of a video, in order. Raises NotFound, MediaError."""
        library = self._features.library
        path = library.assets.path_of(library.assets.get(asset_id))
        return scene_frames(path, library.facts.scenes_of(asset_id))

    def telling_words(self, asset_id: int, most: int = 12) -> list[tuple[str, float]]:
        """(word, TF-IDF weight) of a text, the most telling first; empty for other kinds and before a fit."""
        library, model = self._features.library, self._features.vectors.text_model()
        asset = library.assets.get(asset_id)
        if asset.kind != "text" or model is None:
            return []
        words = tokens(asset_text(asset, library.assets.text_of(asset_id), []))
        counts = Counter(word for word in words if word in model.vocabulary)
        weights = {
            word: (1.0 + float(np.log(count))) * float(model.idf[model.vocabulary[word]])
            for word, count in counts.items()
        }
        length = float(np.sqrt(sum(weight**2 for weight in weights.values()))) or 1.0
        best = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        return [(word, weight / length) for word, weight in best]

    def _network(self) -> Backbone:
        spec, device = find_backbone(), self._features.device
        if self._backbone is None or (self._backbone.spec, self._backbone.device) != (spec, device):
            self._backbone = Backbone(spec, device)
        return self._backbone
