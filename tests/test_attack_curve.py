"""Attacks: the closed form, the toolbox, and what may not be changed."""

import numpy as np
import pandas as pd
import pytest
import torch
from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescent
from art.estimators.classification import PyTorchClassifier
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import CNNLSTMSER, MLPSER, DenseNetSER, MelCNNSER, SpeechNetClassifier
from sklearn_ser.evaluation import attack_curve, evaluate
from sklearn_ser.evaluation._gradient_attack import from_module_space, perturb, to_module_space
from sklearn_ser.metrics import unweighted_average_recall_score
from sklearn_ser.modules import MeanOverTime


class Linear(torch.nn.Module):
    """Class scores that are linear in the mean frame."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.pool, self.output = MeanOverTime(), torch.nn.Linear(n_features, n_outputs)

    def forward(self, X, lengths):
        """Score."""
        return self.output(self.pool(X, lengths))


def _rows(n=120, n_features=6, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["anger", "neutral", "sadness"])[np.arange(n) % n_classes]
    X = (
        rng.normal(size=(n, n_features))
        + 1.5 * rng.normal(size=(n_classes, n_features))[np.arange(n) % n_classes]
    )
    # Units and offsets of openSMILE's kind.
    return X * 10.0 ** np.arange(-1, n_features - 1) + 100, y, np.arange(n) // (n // 4)


def _sequences(n=24, seed=0):
    rng = np.random.default_rng(seed)
    y = np.array(["anger", "neutral"])[np.arange(n) % 2]
    X = np.empty(n, dtype=object)
    for i in range(n):
        X[i] = rng.normal(2 * (i % 2), 1, size=(int(rng.integers(12, 40)), 20))
    return X, y, np.arange(n) // (n // 4)


def _loss(net, Z, y):
    """Cross-entropy of what the module sees, by the public prediction."""
    log_proba = net.predict_log_proba(from_module_space(net, Z))
    return -log_proba[np.arange(len(y)), np.searchsorted(net.classes_, y)]


NETS = {
    "MLP": MLPSER(max_epochs=3, random_state=0),
    "DenseNet": DenseNetSER(max_epochs=3, random_state=0),
    "mel CNN": MelCNNSER(max_epochs=2, random_state=0),
    "CNN-LSTM": CNNLSTMSER(max_epochs=2, segment_frames=15, random_state=0),
}


@pytest.fixture(scope="module")
def net():
    """Return a net on rows, with its data."""
    X, y, _ = _rows()
    return MLPSER(max_epochs=20, random_state=0).fit(X, y), X, y


def test_fgsm_on_a_linear_module_is_the_closed_form():
    X, y, _ = _rows()
    net = SpeechNetClassifier(Linear, max_epochs=20, random_state=0, clip=10.0).fit(X, y)
    Z = to_module_space(net, X)
    W = net.module_.output.weight.detach().numpy().astype(np.float64)
    p = net.predict_proba(X)
    p[np.arange(len(y)), np.searchsorted(net.classes_, y)] -= 1
    expected = Z + 0.3 * np.sign(p @ W)
    assert_allclose(perturb(net, Z, y, 0.3, attack="fgsm", n_steps=1), expected, atol=1e-6)


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
@pytest.mark.parametrize("epsilon", [0.1, 0.5])
def test_attacks_agree_with_the_toolbox(net, attack, epsilon):
    net, X, y = net
    Z = to_module_space(net, X)

    class OneFrame(torch.nn.Module):
        def forward(self, rows):
            return net.module_(X=rows[:, None, :], lengths=torch.ones(len(rows), dtype=torch.int64))

    net.module_.eval()
    toolbox = PyTorchClassifier(
        OneFrame().eval(),
        torch.nn.CrossEntropyLoss(),
        input_shape=(Z.shape[1],),
        nb_classes=3,
        clip_values=(-net.clip, net.clip),
        device_type="cpu",
    )
    if attack == "fgsm":
        other = FastGradientMethod(toolbox, eps=epsilon)
    else:
        other = ProjectedGradientDescent(
            toolbox, eps=epsilon, eps_step=epsilon / 4, max_iter=10, verbose=False
        )
    theirs = other.generate(Z, y=np.searchsorted(net.classes_, y))
    ours = perturb(net, Z, y, epsilon, attack=attack, n_steps=10)
    recalls = [
        unweighted_average_recall_score(y, net.predict(from_module_space(net, moved)))
        for moved in (ours, theirs)
    ]
    assert abs(recalls[0] - recalls[1]) < 0.01
    clean = unweighted_average_recall_score(y, net.predict(X))
    assert recalls[0] < clean - 0.05 or epsilon < 0.5
    # Where a gradient is nearly zero, the sign is that of a rounding.
    assert np.isclose(ours, theirs, atol=1e-5).mean() > 0.98


@pytest.mark.parametrize("name", list(NETS))
@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
def test_perturbation_of_sequences_stays_in_its_bounds_and_misleads(name, attack):
    X, y, _ = _sequences()
    net = NETS[name].fit(X, y)
    Z = to_module_space(net, X)
    Z[0][:5] = net.clip  # at the bound there is no way out
    net.module_.zero_grad()
    moved = perturb(net, Z, y, 0.4, attack=attack, n_steps=4)
    assert [len(x) for x in moved] == [len(x) for x in X]
    for x, z in zip(moved, Z, strict=True):
        assert np.abs(x - z).max() <= 0.4 + 1e-6
        assert np.abs(x).max() <= net.clip
    assert _loss(net, moved, y).mean() > _loss(net, Z, y).mean()
    assert all(parameter.grad is None for parameter in net.module_.parameters())


@pytest.mark.parametrize("name", list(NETS))
def test_neighbours_in_the_batch_and_padding_change_nothing(name):
    X, y, _ = _sequences()
    net = NETS[name].fit(X, y)
    Z = to_module_space(net, X)
    together = perturb(net, Z, y, 0.4, attack="pgd", n_steps=3)
    short = np.argmin([len(x) for x in X])
    alone = perturb(net, Z[[short]], y[[short]], 0.4, attack="pgd", n_steps=3)
    assert np.isclose(alone[0], together[short], atol=1e-5).mean() > 0.98


def test_padding_is_not_perturbed():
    seen = []

    class Spy(Linear):
        def forward(self, X, lengths):
            seen.append((X.detach().clone(), lengths))
            return self.output(X.sum(1))  # reads the padding, as no module should

    X, y, _ = _sequences()
    net = SpeechNetClassifier(Spy, max_epochs=1, random_state=0).fit(X, y)
    Z = to_module_space(net, X)
    seen.clear()
    perturb(net, Z, y, 0.4, attack="pgd", n_steps=3)
    assert len(seen) == 3
    for batch, lengths in seen:
        for x, length in zip(batch, lengths, strict=True):
            assert not x[length:].any()
            assert x[:length].any()


def test_segments_of_an_utterance_are_attacked_as_the_whole():
    # The gradient of the mean probability, by differences, has the sign that a segment alone gives.
    X, y, _ = _sequences()
    net = NETS["CNN-LSTM"].fit(X, y)
    Z = to_module_space(net, X)
    longest = int(np.argmax([len(x) for x in X]))
    z, label = Z[[longest]], y[[longest]]
    assert len(z[0]) > 2 * net.segment_frames
    moved = perturb(net, z, label, 0.05, attack="fgsm", n_steps=1)
    base = _loss(net, z, label)[0]
    first, last = z.copy(), z.copy()
    first[0], last[0] = z[0].copy(), z[0].copy()
    first[0][:5], last[0][-5:] = moved[0][:5], moved[0][-5:]
    assert _loss(net, first, label)[0] > base
    assert _loss(net, last, label)[0] > base


def test_an_ensemble_is_attacked_through_the_mean_of_its_members():
    X, y, _ = _rows()
    net = DenseNetSER(max_epochs=3, n_members=3, random_state=0).fit(X, y)
    Z = to_module_space(net, X)
    rows = torch.from_numpy(Z).requires_grad_()
    lengths, code = torch.ones(len(Z), dtype=torch.int64), np.searchsorted(net.classes_, y)
    members = [m.eval()(rows[:, None, :], lengths).softmax(1) for m in net.module_.members]
    mean = torch.stack(members).mean(0)[torch.arange(len(y)), torch.from_numpy(code)]
    (gradient,) = torch.autograd.grad(-mean.log().sum(), rows)
    expected = Z + 0.1 * np.sign(gradient.numpy())
    moved = perturb(net, Z, y, 0.1, attack="fgsm", n_steps=1)
    assert np.isclose(moved, expected, atol=1e-5).mean() > 0.98
    assert _loss(net, moved, y).mean() > _loss(net, Z, y).mean()


def test_more_steps_raise_the_loss_more(net):
    net, X, y = net
    Z = to_module_space(net, X)
    losses = [
        _loss(net, perturb(net, Z, y, 0.5, attack=attack, n_steps=10), y).mean()
        for attack in ("fgsm", "pgd")
    ]
    assert losses[1] >= losses[0] > _loss(net, Z, y).mean()


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
@pytest.mark.parametrize("constant", [0.0, 1e-3, 7e12])
def test_what_was_constant_in_training_is_not_moved(attack, constant):
    X, y, _ = _rows()
    X[:, 2] = constant
    net = MLPSER(max_epochs=3, random_state=0).fit(X, y)
    X[:5, 2] += 0.1  # in the test it may vary
    Z = to_module_space(net, X)
    moved = perturb(net, Z, y, 0.3, attack=attack, n_steps=3)
    assert_array_equal(moved[:, 2], Z[:, 2])
    assert (np.delete(moved != Z, 2, axis=1)).mean() > 0.9


def test_constant_features_of_sequences_are_not_moved():
    X, y, _ = _sequences()
    for x in X:
        x[:, 0] = 3.0
    net = NETS["CNN-LSTM"].fit(X, y)
    Z = to_module_space(net, X)
    moved = perturb(net, Z, y, 0.4, attack="fgsm", n_steps=1)
    for x, z in zip(moved, Z, strict=True):
        assert_array_equal(x[:, 0], z[:, 0])
        assert (x[:, 1:] != z[:, 1:]).any()


def test_zero_and_an_unknown_emotion_change_nothing(net):
    net, X, y = net
    Z = to_module_space(net, X)
    assert_array_equal(perturb(net, Z, y, 0.0, attack="pgd", n_steps=3), Z)
    assert_array_equal(net.predict(from_module_space(net, Z)), net.predict(X))
    unknown = np.where(np.arange(len(y)) < 10, "zeal", y)
    moved = perturb(net, Z, unknown, 0.3, attack="fgsm", n_steps=1)
    assert_array_equal(moved[:10], Z[:10])
    assert (moved[10:] != Z[10:]).all(axis=1).any()


def test_curve_is_clean_as_evaluate_and_falls_from_there():
    X, y, speakers = _rows()
    models = {"scaled": make_pipeline(StandardScaler(), MLPSER(max_epochs=10))}
    models["bare"] = MLPSER(max_epochs=10)
    result = attack_curve(models, X, y, [0, 0.1, 1.0], attack=["fgsm", "pgd"], groups=speakers)
    expected = evaluate(models, X, y, groups=speakers).predictions
    clean = result.predictions[result.predictions["condition"] == "clean"]
    keys = ["pipeline", "row"]
    assert_array_equal(clean.sort_values(keys)["y_pred"], expected.sort_values(keys)["y_pred"])
    assert len(result.curve) == 2 * (1 + 2 * 2)
    curve = result.curve.set_index(["pipeline", "condition", "epsilon"])["drop"]
    assert (curve.xs("clean", level="condition") == 0).all()
    assert (curve.xs(1.0, level="epsilon") > 0.3).all()
    # Features that were scaled before are the same to the net.
    assert_allclose(curve["scaled"], curve["bare"], atol=0.03)
    again = attack_curve(models, X, y, 1.0, attack="pgd", groups=speakers)
    part = result.predictions["condition"].eq("pgd") & result.predictions["epsilon"].eq(1.0)
    assert_array_equal(
        again.predictions[again.predictions["condition"] == "pgd"]["y_pred"],
        result.predictions[part]["y_pred"],
    )


def test_a_surrogate_misleads_models_without_gradient(tmp_path):
    X, y, speakers = _rows()
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(X.shape[1])])
    svc = make_pipeline(StandardScaler().set_output(transform="pandas"), SVC())
    models = {"SVC": svc, "regression": make_pipeline(StandardScaler(), LogisticRegression())}
    params = {"groups": speakers, "surrogate": MLPSER(max_epochs=10), "path": tmp_path}
    result = attack_curve(models, frame, y, [1.0], **params)
    assert result.curve["condition"].unique().tolist() == ["clean", "fgsm, transfer"]
    drops = result.curve[result.curve["epsilon"] == 1]["drop"]
    assert (drops > 0.2).all()
    # The first model as by hand, in the first fold.
    train, test = np.flatnonzero(speakers != 0), np.flatnonzero(speakers == 0)
    again = attack_curve(models, frame, y, [1.0], **params)
    pd.testing.assert_frame_equal(again.fits, result.fits)
    changed = params | {"surrogate": MLPSER(max_epochs=11)}
    assert len(list(tmp_path.glob("*.json"))) == 2 * 2 * 4
    attack_curve(models, frame, y, [1.0], **changed)
    assert len(list(tmp_path.glob("*.json"))) == 3 * 2 * 4
    assert len(train) + len(test) == len(y)


@pytest.mark.parametrize("surrogate", [None, MLPSER(max_epochs=3)])
def test_samplers_before_the_net_change_nothing_but_its_training(surrogate):
    X, y, speakers = _rows()
    net = MLPSER(max_epochs=3)
    sampled = make_sampling_pipeline(StandardScaler(), "passthrough", RandomOverSampler(), net)
    plain = make_pipeline(StandardScaler(), net)
    params = {"groups": speakers, "surrogate": surrogate}
    # As many rows of each class: the sampler adds none.
    result = attack_curve({"sampled": sampled, "plain": plain}, X, y, [0.5], **params)
    drops = result.curve.set_index(["pipeline", "epsilon"])["drop"]
    assert drops["plain", 0.5] > 0
    assert drops["sampled", 0.5] == drops["plain", 0.5]


def test_transfer_to_sequences():
    X, y, speakers = _sequences()
    result = attack_curve(
        {"DenseNet": DenseNetSER(max_epochs=2)},
        X,
        y,
        [0.5],
        surrogate=MLPSER(max_epochs=3),
        groups=speakers,
        cv=2,
    )
    assert result.curve["epsilon"].tolist() == [0, 0.5]


@pytest.mark.parametrize(
    ("model", "params", "message"),
    [
        (MLPSER(), {"attack": "deepfool"}, "attack='deepfool'"),
        (MLPSER(), {"attack": []}, r"attack=\[\]"),
        (MLPSER(), {"epsilons": [0.1, 0.1]}, r"\['fgsm'\] occur twice"),
        (MLPSER(), {"epsilons": []}, "one or more numbers"),
        (MLPSER(), {"epsilons": [-0.1]}, "not negative"),
        (MLPSER(), {"n_steps": 0}, "n_steps=0"),
        (SVC(), {}, "gradient of 'SVC', SVC, is not known"),
        (SVC(), {"surrogate": SVC()}, "gradient of 'surrogate', SVC"),
        (
            SVC(),
            {"surrogate": make_pipeline(StandardScaler(), MLPSER())},
            "net alone.*before any sampling",
        ),
    ],
)
def test_bad_arguments_are_refused(model, params, message):
    X, y, speakers = _rows()
    with pytest.raises(ValueError, match=message):
        attack_curve(model, X, y, groups=speakers, **params)
