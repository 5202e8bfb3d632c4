"""Deep models as scikit-learn estimators."""
