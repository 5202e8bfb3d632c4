"""Metrics of speech emotion recognition."""

from sklearn_ser.metrics._classification import (
    unweighted_average_recall_by_group,
    unweighted_average_recall_score,
    unweighted_average_recall_scorer,
)
from sklearn_ser.metrics._display import ConfusionRecallDisplay, SpeakerRecallDisplay
from sklearn_ser.metrics._regression import (
    concordance_correlation_coefficient,
    concordance_correlation_coefficient_scorer,
)

__all__ = [
    "ConfusionRecallDisplay",
    "SpeakerRecallDisplay",
    "concordance_correlation_coefficient",
    "concordance_correlation_coefficient_scorer",
    "unweighted_average_recall_by_group",
    "unweighted_average_recall_score",
    "unweighted_average_recall_scorer",
]
