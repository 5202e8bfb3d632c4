"""Checks of input, random numbers, discovery of the estimators and their common tests."""
