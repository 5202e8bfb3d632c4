"""Generative models as imbalanced-learn over-samplers."""
