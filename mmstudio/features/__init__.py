"""Media → vectors: extraction, normalisation, fusion, search."""

from mmstudio.features.extractors import infos as extractors
from mmstudio.features.records import ExtractorInfo, Hit, ItemVectors
from mmstudio.features.service import Features

__all__ = ["ExtractorInfo", "Features", "Hit", "ItemVectors", "extractors"]
