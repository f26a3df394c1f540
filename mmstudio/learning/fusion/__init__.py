"""The shared encoder: one vector for pictures, sounds, videos, texts and items of a library."""
