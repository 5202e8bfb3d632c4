"""Transformers between the features and the model."""
