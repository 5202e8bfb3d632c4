"""Corpora of emotional speech: a synthetic one, and loaders of real ones."""
