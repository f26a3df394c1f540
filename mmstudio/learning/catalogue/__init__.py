"""Networks from elsewhere: the catalogue of what can be fetched, download, import, check, remove."""

from mmstudio.learning.catalogue.entries import KINDS, Entry, WeightFile, load_catalogue
from mmstudio.learning.catalogue.service import Catalogue, Row

__all__ = ["KINDS", "Catalogue", "Entry", "Row", "WeightFile", "load_catalogue"]
