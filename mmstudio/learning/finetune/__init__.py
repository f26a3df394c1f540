"""Fine-tuning a picture network on the library's own pictures. Loads torch only when used."""

from mmstudio.learning.finetune.service import FineTuning, estimate

__all__ = ["FineTuning", "estimate"]
