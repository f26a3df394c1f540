"""Videos as numbers: scenes, key frames, sound track."""
