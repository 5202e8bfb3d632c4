"""SequenceScaler and SequenceCropper against StandardScaler and slices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import Functionals, SequenceCropper, SequenceScaler
from sklearn_ser.utils._ragged import as_sequences


@pytest.fixture
def sequences():
    rng = np.random.default_rng(0)
    centres = np.array([0.0, 1e3, -5.0])
    return as_sequences(
        [(centres + rng.normal(i, 1 + i, size=(n, 3))) for i, n in enumerate((40, 7, 200, 1))]
    )


def test_corpus_scaling_is_that_of_all_frames_together(sequences):
    scaler = SequenceScaler().fit(sequences[:3])
    reference = StandardScaler().fit(np.concatenate(list(sequences[:3])))
    assert_allclose(scaler.mean_, reference.mean_, rtol=1e-12)
    assert_allclose(scaler.scale_, reference.scale_, rtol=1e-9)
    for scaled, sequence in zip(scaler.transform(sequences), sequences, strict=True):
        assert_allclose(scaled, reference.transform(sequence), rtol=1e-5, atol=1e-6)
        assert scaled.dtype == np.float32


def test_utterance_scaling_is_that_of_each_sequence_alone(sequences):
    scaler = SequenceScaler(by="utterance").fit(sequences[:1])
    for scaled, sequence in zip(scaler.transform(sequences), sequences, strict=True):
        expected = StandardScaler().fit_transform(sequence)
        assert_allclose(scaled, expected, rtol=1e-5, atol=1e-5)
    assert not hasattr(scaler, "mean_")


@pytest.mark.parametrize("by", ["corpus", "utterance"])
def test_clip_and_constants(sequences, by):
    unclipped = SequenceScaler(by).fit_transform(sequences)
    clipped = SequenceScaler(by, clip=0.5).fit_transform(sequences)
    for one, other in zip(clipped, unclipped, strict=True):
        assert_array_equal(one, np.clip(other, -0.5, 0.5))
    constant = as_sequences([np.full((5, 2), 0.1), np.full((9, 2), 0.1)])
    for scaled in SequenceScaler(by).fit_transform(constant):
        assert_allclose(scaled, 0, atol=1e-6)


def test_values_of_1e12_scale_in_double_precision():
    rng = np.random.default_rng(0)
    sequences = as_sequences([7e12 + 1e6 * rng.normal(size=(50, 1)) for _ in range(4)])
    frames = np.concatenate(list(SequenceScaler().fit_transform(sequences)))
    assert_allclose([frames.mean(), frames.std()], [0, 1], atol=1e-4)


@pytest.mark.parametrize(
    ("position", "start"), [("start", 0), ("center", 3), ("end", 7)], ids=lambda value: str(value)
)
def test_crop_is_a_slice(position, start):
    sequence = np.arange(24.0).reshape(12, 2)
    [cropped] = SequenceCropper(5, position=position).fit_transform(as_sequences([sequence]))
    assert_array_equal(cropped, sequence[start : start + 5])


def test_short_sequences_stay_or_are_repeated():
    frames = np.arange(3.0)[:, np.newaxis]
    sequences = as_sequences([frames, np.zeros((8, 1))])
    kept = SequenceCropper(8).fit_transform(sequences)
    assert_array_equal(kept[0], frames)
    repeated = SequenceCropper(8, short="repeat").fit_transform(sequences)
    assert_array_equal(repeated[0].ravel(), [0, 1, 2, 0, 1, 2, 0, 1])
    assert {len(sequence) for sequence in repeated} == {8}
    assert repeated.shape == (2,)  # Equal lengths do not make it 3-D.


@pytest.mark.parametrize("transformer", [SequenceScaler(), SequenceCropper()], ids=repr)
def test_names_pass_through(transformer, sequences):
    fitted = transformer.fit(sequences)
    assert list(fitted.get_feature_names_out()) == ["x0", "x1", "x2"]
    assert list(fitted.get_feature_names_out(["a", "b", "c"])) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("transformer", "message"),
    [
        (SequenceScaler("speaker"), "'by' parameter"),
        (SequenceScaler(clip=0), "'clip' parameter"),
        (SequenceCropper(0), "'n_frames' parameter"),
        (SequenceCropper(position="random"), "'position' parameter"),
        (SequenceCropper(short="pad"), "'short' parameter"),
    ],
    ids=repr,
)
def test_bad_parameters(transformer, message, sequences):
    with pytest.raises(ValueError, match=message):
        transformer.fit(sequences)


def test_features_are_refused_by_name():
    with pytest.raises(ValueError, match=r"shape \(6, 4\): these are features, not sequences"):
        SequenceScaler().fit(np.ones((6, 4)))


def test_within_a_grid_search():
    rng = np.random.default_rng(0)
    y = np.arange(30) % 2
    X = as_sequences([rng.normal(label, size=(rng.integers(5, 30), 4)) for label in y])
    pipeline = make_pipeline(SequenceScaler(), SequenceCropper(), Functionals(("mean",)), SVC())
    grid = {"sequencecropper__n_frames": [5, 20], "sequencescaler__by": ["corpus", "utterance"]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    # The level, which tells the classes, is just what scaling by utterance removes.
    assert search.best_params_["sequencescaler__by"] == "corpus"
    assert search.best_score_ > 0.9
