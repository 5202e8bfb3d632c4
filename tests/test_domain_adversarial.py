"""DomainAdversarialSER: what a domain is, and that the code hides it."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_validate

from sklearn_ser import DomainAdversarialSER

SMALL = {"hidden_sizes": (16,), "code_size": 4, "batch_size": 32, "random_state": 0}


def _model(**params):
    return DomainAdversarialSER(**{**SMALL, "max_epochs": 2, **params})


@pytest.fixture(scope="module")
def corpora():
    """Return two corpora that differ in one feature; only the first has labels."""
    rng = np.random.default_rng(0)
    emotion, domain = np.tile(["anger", "sadness"], 40), np.repeat(["de", "da"], 40)
    X = rng.normal(size=(80, 6))
    X[:, 0] += 3 * (emotion == "anger")
    X[:, 1] += 4 * (domain == "de")
    return X, np.where(domain == "de", emotion, ""), domain, emotion


def test_unlabelled_rows_are_the_target_by_default(corpora):
    X, y, domain, _ = corpora
    told = _model().fit(X, y, domain=np.where(domain == "de", 0, 1))
    assert_array_equal(_model().fit(X, y).predict_proba(X), told.predict_proba(X))


def test_without_its_loss_it_learns_from_the_source_alone(corpora):
    X, y, domain, _ = corpora
    plain = _model(domain_weight=0).fit(X, y, domain=domain)
    source = _model(domain_weight=0).fit(X[y != ""], y[y != ""])
    assert_array_equal(plain.predict_proba(X), source.predict_proba(X))


def test_code_hides_the_domain_and_tells_the_emotion_in_both(corpora):
    X, y, domain, emotion = corpora
    target = domain == "da"
    recognised = {}
    for weight in (0.0, 0.3):
        model = _model(domain_weight=weight, max_epochs=20, dropout=0, input_dropout=0)
        model.fit(X, y, domain=domain)
        recognised[weight] = model.score(X[target], emotion[target])
    assert recognised[0.3] > recognised[0.0] + 0.2
    # A head that cannot tell two equally frequent domains has a loss of log 2 = 0.69.
    assert model.history_[-1]["domain_loss"] > 0.6


def test_three_domains_with_gaps(corpora):
    X, y, domain, _ = corpora
    domain = domain.astype(object)
    domain[::10], domain[1::10] = None, "en"
    model = _model().fit(X, y, domain=domain)
    assert model.auxiliary_classes_["domain"].tolist() == ["da", "de", "en"]
    assert set(model.history_[-1]).issuperset({"emotion_loss", "domain_loss"})


def test_wrong_length_is_named(corpora):
    X, y, domain, _ = corpora
    with pytest.raises(ValueError, match="domain has 79 entries, but X has 80 rows"):
        _model().fit(X, y, domain=domain[1:])


def test_domain_is_routed(corpora):
    X, y, domain, _ = corpora
    with sklearn.config_context(enable_metadata_routing=True):
        model = _model().set_fit_request(domain=True)
        folds = cross_validate(model, X, y, cv=2, params={"domain": domain}, return_estimator=True)
    for fitted in folds["estimator"]:
        assert set(fitted.auxiliary_classes_["domain"]) <= {"da", "de"}


def test_continued_training_keeps_the_domains(corpora):
    X, y, domain, _ = corpora
    model = _model().partial_fit(X, y, domain=domain).partial_fit(X, y, domain=domain)
    assert model.n_iter_ == 2
    assert model.auxiliary_classes_["domain"].tolist() == ["da", "de"]
