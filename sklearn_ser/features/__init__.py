"""Transformers from utterances to features and sequences."""
