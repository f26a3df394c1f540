"""Offline speech: what the machine offers, behind one contract. See :class:`Voices`."""

from mmstudio.generation.voice.contract import EngineState, Speech, SpeechEngine, Voice, Word
from mmstudio.generation.voice.service import Voices

__all__ = ["EngineState", "Speech", "SpeechEngine", "Voice", "Voices", "Word"]
