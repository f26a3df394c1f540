"""Sounds as numbers: timbre, pitch, rhythm, loudness."""
