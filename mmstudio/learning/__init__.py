"""Learning: families, the training engine, the registry of models. Loads torch only when used."""

from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.families import FamilyInfo, families
from mmstudio.learning.service import ModelInfo, Trainings

__all__ = ["FamilyInfo", "ModelConfig", "ModelInfo", "Trainings", "families", "load_config"]
