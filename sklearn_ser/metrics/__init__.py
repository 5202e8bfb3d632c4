"""Metrics of speech emotion recognition."""
