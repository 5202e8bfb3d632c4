"""Studies by protocol: tables whose columns can be compared."""

from sklearn_ser.evaluation._attack_curve import attack_curve
from sklearn_ser.evaluation._confounding import confounding_report
from sklearn_ser.evaluation._cross_corpus import CrossCorpusResult, cross_corpus
from sklearn_ser.evaluation._cross_corpus_display import CrossCorpusDisplay
from sklearn_ser.evaluation._display import SyntheticDataDisplay, tabulate_study
from sklearn_ser.evaluation._evaluate import evaluate
from sklearn_ser.evaluation._evaluation import Evaluation
from sklearn_ser.evaluation._fingerprint import find_duplicate_audio
from sklearn_ser.evaluation._intervals import (
    bootstrap_interval,
    paired_drop_test,
    paired_permutation_test,
)
from sklearn_ser.evaluation._leakage import check_leakage
from sklearn_ser.evaluation._noise_curve import noise_curve
from sklearn_ser.evaluation._robustness import RobustnessResult
from sklearn_ser.evaluation._robustness_display import RobustnessCurveDisplay
from sklearn_ser.evaluation._scores import score_predictions
from sklearn_ser.evaluation._splits import SessionSplit
from sklearn_ser.evaluation._synthetic_data import synthetic_data_study

__all__ = [
    "CrossCorpusDisplay",
    "CrossCorpusResult",
    "Evaluation",
    "RobustnessCurveDisplay",
    "RobustnessResult",
    "SessionSplit",
    "SyntheticDataDisplay",
    "attack_curve",
    "bootstrap_interval",
    "check_leakage",
    "confounding_report",
    "cross_corpus",
    "evaluate",
    "find_duplicate_audio",
    "noise_curve",
    "paired_drop_test",
    "paired_permutation_test",
    "score_predictions",
    "synthetic_data_study",
    "tabulate_study",
]
