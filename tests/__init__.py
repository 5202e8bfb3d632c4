"""Tests of sklearn_ser."""
