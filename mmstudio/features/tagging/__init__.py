"""Tags from a few examples: what else in the library deserves the tag, and how sure that is."""

from mmstudio.features.tagging.records import Lesson, Suggestion
from mmstudio.features.tagging.service import Tagger

__all__ = ["Lesson", "Suggestion", "Tagger"]
