"""Texts as numbers: words, sentences, opinions."""
