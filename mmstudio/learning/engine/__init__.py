"""The training engine: data, task, trainer, checkpoints, loading. Its modules import torch at the top."""
