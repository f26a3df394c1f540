"""Seeded augmentation of pictures, sounds and texts by a recipe of plain data."""

from mmstudio.features.augment.medium import Medium, read_asset, read_medium
from mmstudio.features.augment.operations import MODALITIES, OPERATIONS, Operation, Step
from mmstudio.features.augment.pictures import PictureResult, augment_picture
from mmstudio.features.augment.recipe import (
    MOST_COPIES,
    MOST_SEED,
    PRESETS,
    Applied,
    AugmentRecipe,
    preset,
    read_recipe,
)
from mmstudio.features.augment.sounds import SoundResult, augment_sound, mask_spectrogram
from mmstudio.features.augment.synonyms import source_line, synonyms
from mmstudio.features.augment.texts import Change, TextResult, augment_text

__all__ = [
    "MODALITIES",
    "MOST_COPIES",
    "MOST_SEED",
    "OPERATIONS",
    "PRESETS",
    "Applied",
    "AugmentRecipe",
    "Change",
    "Medium",
    "Operation",
    "PictureResult",
    "SoundResult",
    "Step",
    "TextResult",
    "augment_picture",
    "augment_sound",
    "augment_text",
    "mask_spectrogram",
    "preset",
    "read_asset",
    "read_medium",
    "read_recipe",
    "source_line",
    "synonyms",
]
