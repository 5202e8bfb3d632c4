"""What the deep estimators refuse, and what they read in spite of gaps."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score

from sklearn_ser import (
    MLPSER,
    AdversarialAutoencoderSER,
    AdversarialAutoencoderSERRegressor,
    DenseNetSER,
    DomainAdversarialSER,
    MelCNNSER,
    MixupGANSampler,
    MixupSampler,
    MLPSERRegressor,
    SpeechNetClassifier,
)
from sklearn_ser.neural_network._scaling import fit_scaler
from sklearn_ser.utils._ragged import as_sequences

RNG = np.random.default_rng(0)
Y = np.repeat(["anger", "joy", "sadness"], 12)
X = RNG.normal(size=(36, 5)) + 3 * (Y[:, None] == np.array(["anger", "joy", "x", "x", "x"]))
SEQUENCES = as_sequences([RNG.normal(size=(20 + i, 5)) + x for i, x in enumerate(X)])
SPEAKER = np.tile(np.arange(4), 9)


def test_rows_and_sequences_are_not_mixed_up():
    on_sequences = MelCNNSER(max_epochs=1, random_state=0).fit(SEQUENCES, Y)
    with pytest.raises(ValueError, match=r"trained on sequences.*as \[x\]"):
        on_sequences.predict(SEQUENCES[0])  # one utterance, not as many as it has frames
    assert on_sequences.predict([SEQUENCES[0]]).shape == (1,)
    nothing: list[Any] = []
    for none in (SEQUENCES[:0], nothing):
        with pytest.raises(ValueError, match="Found 0 sequences"):
            on_sequences.predict(none)
    on_rows = DenseNetSER(max_epochs=1, warm_start=True, random_state=0).fit(X, Y)
    for use in (on_rows.predict, lambda s: on_rows.fit(s, Y)):
        with pytest.raises(ValueError, match="trained on a row of features"):
            use(SEQUENCES)


@pytest.mark.parametrize("gives", ["one logit", "frames", "one dimension", "tuple"])
def test_error_output_of_a_module(gives):
    class Odd(torch.nn.Module):
        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.linear = torch.nn.Linear(n_features, 1 if gives == "one logit" else n_outputs)

        def forward(self, X, lengths):
            if gives == "frames":
                return self.linear(X)
            scores = self.linear(X.mean(1))
            return {"one dimension": scores[:, 0], "tuple": (scores, scores)}.get(gives, scores)

    with pytest.raises(
        ValueError, match=r"Odd gave .*\(n_utterances, n_outputs\), here \(\d+, 3\)"
    ):
        SpeechNetClassifier(Odd, max_epochs=1, random_state=0).fit(SEQUENCES, Y)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("cls", [MLPSER, AdversarialAutoencoderSER])
def test_a_class_of_weight_zero_is_not_learned(cls, alpha):
    weights = {"anger": 1, "joy": 1, "sadness": 0}
    model = cls(mixup_alpha=alpha, class_weight=weights, max_epochs=20, random_state=0).fit(X, Y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert set(model.predict(X)) == {"anger", "joy"}


@pytest.mark.parametrize("cls", [MLPSER, AdversarialAutoencoderSER])
@pytest.mark.parametrize("weight", [0, -1, np.nan])
def test_error_class_weight(cls, weight):
    with pytest.raises(ValueError, match="class_weight="):
        cls(class_weight=dict.fromkeys(np.unique(Y), weight), max_epochs=1).fit(X, Y)


def test_error_agreement_within_one_utterance():
    for model, rows in [(MLPSERRegressor(batch_size=1), 36), (MLPSERRegressor(), 1)]:
        with pytest.raises(ValueError, match="batches of 1 sample"):
            model.fit(X[:rows], X[:rows, 0])
    MLPSERRegressor(batch_size=1, loss="mse", max_epochs=1).fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("estimator", "parameter"),
    [
        (MLPSER(hidden_sizes=(16, 0)), "hidden_sizes"),
        (MLPSER(hidden_sizes=(0.5,)), "hidden_sizes"),
        (AdversarialAutoencoderSER(conv_channels=(-1,)), "conv_channels"),
        (DenseNetSER(block_layers=(2, 0)), "block_layers"),
        (MelCNNSER(filter_frames=()), "filter_frames"),
    ],
)
def test_error_sizes(estimator, parameter):
    with pytest.raises(ValueError, match=f"'{parameter}' .* positive integers"):
        estimator.fit(X, Y)


def test_error_sizes_of_a_sampler():
    with pytest.raises(ValueError, match=r"'generator_sizes' .* positive integers"):
        MixupGANSampler(generator_sizes=(0,)).fit_resample(X, Y)


def test_error_groups_to_stop_by():
    model = MLPSER(early_stopping=True, max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match=r"early_stopping cannot hold back .*groups"):
        model.fit(X, Y, groups=["01"] * 36)
    with pytest.raises(ValueError, match="missing for 1 of 36"):
        model.fit(X, Y, groups=[None, *["01", "02", "03", "04", "05"] * 7])
    with pytest.raises(ValueError, match=r"early_stopping cannot hold back .*utterances"):
        model.fit(X[::6], Y[::6])


def test_held_back_utterances_are_in_no_order():
    model = MLPSER(early_stopping=True, validation_fraction=0.5, random_state=0)
    _, valid = model._split_validation(36, np.repeat(np.arange(6), 6), None, seed=0)
    assert len(valid) == 18
    assert (np.diff(valid) < 0).any()


def test_error_classes_other_than_in_the_first_call():
    model = MLPSER(random_state=0).partial_fit(X, Y, classes=["anger", "fear", "joy", "sadness"])
    model.partial_fit(X, Y, classes=["sadness", "joy", "fear", "anger"])
    with pytest.raises(ValueError, match="differ from those of the first call"):
        model.partial_fit(X, Y, classes=["anger", "joy", "sadness"])


@pytest.mark.parametrize("dtype", [object, "string", "Int64", float])
def test_speakers_with_gaps_have_the_names_of_those_without(dtype):
    model = AdversarialAutoencoderSER(auxiliary=("speaker",), max_epochs=1, random_state=0)
    names = [None, "1", "2", "3"] if dtype == "string" else [None, 1, 2, 3]
    with_gaps = pd.Series(names * 9, dtype=dtype)
    model.fit(X, Y, speaker=with_gaps)
    assert model.auxiliary_classes_["speaker"].tolist() == ["1", "2", "3"]
    codes = model._encode_auxiliary("speaker", SPEAKER, resume=True)
    assert_array_equal(codes, SPEAKER - 1)  # 0 was never seen


def test_what_is_not_trained_may_be_anything():
    class Frozen(torch.nn.Module):
        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.linear = torch.nn.Linear(n_features, n_outputs)
            frozen = torch.full((9,), -torch.inf)
            self.mask = torch.nn.Parameter(frozen, requires_grad=False)

        def forward(self, X, lengths):
            return self.linear(X.mean(1))

    SpeechNetClassifier(Frozen, max_epochs=1, random_state=0).fit(X, Y).predict(X)


@pytest.mark.parametrize("cls", [MLPSER, MLPSERRegressor])
def test_the_order_of_numbers_in_memory_is_of_no_account(cls):
    y = Y if cls is MLPSER else X[:, :2]
    model = cls(max_epochs=2, random_state=0)
    expected = model.fit(X, y).predict(X)
    actual = model.fit(np.asfortranarray(X), np.asfortranarray(y)).predict(X)
    assert_array_equal(actual, expected)


def test_a_feature_may_be_called_file():
    MLPSER(max_epochs=1).fit(pd.DataFrame(X, columns=["file", "b", "c", "d", "e"]), Y)


def test_error_one_domain():
    with pytest.raises(ValueError, match="nothing to adapt to"):
        DomainAdversarialSER(max_epochs=1).fit(X, Y, domain=["studio"] * 36)


def test_error_missing_emotion_names_how_to_mark_it():
    for missing in (None, np.nan, pd.NA, ""):
        y = Y.astype(object)
        y[5] = missing
        with pytest.raises(ValueError, match=r"row 5: .* Leave them out"):
            MLPSER(max_epochs=1).fit(X, y)
        with pytest.raises(ValueError, match=r"row 5: .* Leave them out"):
            MixupSampler().fit_resample(X, y)
        model = AdversarialAutoencoderSER(max_epochs=1, random_state=0)
        if isinstance(missing, str):
            assert "" not in model.fit(X, y).classes_
        else:
            y[0] = ""  # as it should be
            with pytest.raises(ValueError, match=r"in 1 of 36 .* row 5: .* Label them '', or -1"):
                model.fit(X, y)
    other = AdversarialAutoencoderSER(unlabeled="unknown", max_epochs=1)
    with pytest.raises(ValueError, match="row 5"):
        other.fit(X, np.where(np.arange(36) == 5, "", Y))


def test_accuracy_is_that_of_the_labelled():
    model = AdversarialAutoencoderSER(max_epochs=30, random_state=0).fit(X, Y)
    y = np.where(np.arange(36) % 3 == 0, "", Y)
    rows = y != ""
    assert model.score(X, y) == model.score(X[rows], Y[rows]) > 0.5
    with pytest.raises(ValueError, match="none can be scored"):
        model.score(X, [""] * 36)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        model.score(X, Y[:30])


@pytest.mark.parametrize("cls", [MLPSERRegressor, AdversarialAutoencoderSERRegressor])
def test_r_squared_is_that_of_the_ratings_that_are_there(cls):
    model = cls(max_epochs=2, random_state=0).fit(X, X[:, :2])
    ratings = X[:, :2].copy()
    ratings[:10, 0] = np.nan
    one, other = model.predict(X)[10:, 0], model.predict(X)[:, 1]
    expected = (r2_score(X[10:, 0], one) + r2_score(X[:, 1], other)) / 2
    assert_allclose(model.score(X, ratings), expected)
    ratings[:, 0] = np.nan  # a corpus that lacks a dimension
    assert_allclose(model.score(X, ratings), r2_score(X[:, 1], model.predict(X)[:, 1]))
    with pytest.raises(ValueError, match="none can be scored"):
        model.score(X, np.full((36, 2), np.nan))
    with pytest.raises(ValueError, match="y has 1 outputs"):
        model.score(X, X[:, 0])


def test_error_sampler_of_sequences():
    with pytest.raises(ValueError, match=r"Put Functionals\(\) before it"):
        MixupSampler().fit_resample(SEQUENCES, Y)


def test_scale_is_that_of_all_frames():
    sequences = as_sequences([RNG.normal(loc=i % 7, size=(3 + i % 5, 2)) for i in range(600)])
    scaler, frames = fit_scaler(sequences), np.concatenate(list(sequences))
    assert_allclose(scaler.mean_, frames.mean(axis=0))
    assert_allclose(scaler.scale_, frames.std(axis=0))


def test_a_compiled_ensemble_trains_as_it_is():
    plain = DenseNetSER(max_epochs=1, random_state=0)
    compiled = DenseNetSER(
        max_epochs=1, random_state=0, net_params={"compile": True, "compile__backend": "eager"}
    )
    expected = plain.fit(X, Y).predict_proba(X)
    assert_allclose(compiled.fit(X, Y).predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize("files", [["a.wav", "b.wav"], pd.DataFrame({"file": ["a.wav", "b.wav"]})])
def test_error_utterances_without_an_extractor(files):
    with pytest.raises(ValueError, match="Put an extractor"):
        MLPSER().fit(files, ["anger", "sadness"])
