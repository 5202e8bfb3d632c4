"""Studies by protocol: tables whose columns can be compared."""

from sklearn_ser.evaluation._display import SyntheticDataDisplay, tabulate_study
from sklearn_ser.evaluation._synthetic_data import synthetic_data_study

__all__ = ["SyntheticDataDisplay", "synthetic_data_study", "tabulate_study"]
