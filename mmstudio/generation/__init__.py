"""Generation: trained models at work, a floor under quality, backgrounds, and the copywriter."""

from mmstudio.generation.service import Generation

__all__ = ["Generation"]
