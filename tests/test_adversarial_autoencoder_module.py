"""The adversarial autoencoder: what its losses are, and what they move."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from sklearn_ser.modules import AdversarialAutoencoder, ConvolutionalFront
from sklearn_ser.modules._autoencoder import reversal_strength
from sklearn_ser.modules.functional import mixup, mixup_share, reverse_gradient

N_FEATURES, N_CLASSES = 6, 3
NO_DROPOUT: dict[str, Any] = {"input_dropout": 0.0, "dropout": 0.0}


def _module(**params):
    torch.manual_seed(0)
    small: dict[str, Any] = {"hidden_sizes": (8,), "code_size": 4, "discriminator_sizes": (5,)}
    return AdversarialAutoencoder(N_FEATURES, N_CLASSES, **small, **NO_DROPOUT, **params)


def _batch(n=8, n_labelled=4):
    rng = torch.Generator().manual_seed(1)
    target = torch.eye(N_CLASSES)[torch.arange(n) % N_CLASSES]
    weight = (torch.arange(n) < n_labelled).float()
    return {
        "X": torch.randn(n, 1, N_FEATURES, generator=rng),
        "lengths": torch.ones(n, dtype=torch.int64),
        "target": target * weight[:, None],
        "weight": weight,
        "emotional": torch.ones(n),
        "gender": torch.tensor([0.0, 1.0, -1.0, 1.0] * (n // 4)),
    }


def _optimizers(module, lr=0.1):
    groups = module.optimizer_parameters()
    return {name: torch.optim.SGD(parameters, lr=lr) for name, parameters in groups.items()}


def _step(module, batch, lr=0.1):
    return module.training_step(batch, _optimizers(module, lr))


def test_reversed_gradient_is_the_gradient_times_minus_the_strength():
    X = torch.randn(3, 2, requires_grad=True)
    weight = torch.randn(3, 2)
    reversed_ = reverse_gradient(X, 0.25)
    assert torch.equal(reversed_, X)
    (reversed_ * weight).sum().backward()
    torch.testing.assert_close(X.grad, -0.25 * weight)


@pytest.mark.parametrize("progress", [0.0, 0.1, 0.5, 1.0])
def test_reversal_sets_in_as_published(progress):
    assert reversal_strength(progress) == pytest.approx(2 / (1 + np.exp(-10 * progress)) - 1)


def test_front_does_not_depend_on_padding():
    torch.manual_seed(0)
    front = ConvolutionalFront(3, channels=(4, 5)).eval()
    X, lengths = torch.randn(2, 9, 3), torch.tensor([9, 4])
    X[1, 4:] = 1e3
    together = front(X, lengths)
    alone = torch.cat([front(X[:1], lengths[:1]), front(X[1:, :4], lengths[1:])])
    torch.testing.assert_close(together, alone)
    assert together.shape == (2, 5)


def test_emotion_loss_is_cross_entropy_of_the_labelled_rows():
    module, batch = _module(), _batch()
    logits = module(batch["X"], batch["lengths"])
    expected = cross_entropy(logits[:4], batch["target"][:4].argmax(1))
    torch.testing.assert_close(_step(module, batch)["emotion_loss"], expected.detach())


def test_auxiliary_loss_is_cross_entropy_of_the_known_rows():
    module, batch = _module(auxiliary={"gender": 2}), _batch()
    scores = module.score_auxiliary(batch["X"], batch["lengths"], task="gender")
    known = batch["gender"] >= 0
    expected = cross_entropy(scores[known], batch["gender"][known].long())
    torch.testing.assert_close(_step(module, batch)["gender_loss"], expected.detach())


def test_batches_without_any_label_have_losses_of_zero():
    batch = _batch(n_labelled=0)
    batch["gender"][:] = -1
    losses = _step(_module(auxiliary={"gender": 2}), batch)
    assert losses["emotion_loss"] == losses["gender_loss"] == 0
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_loss_is_the_weighted_sum():
    weights = {
        "reconstruction": 0.5,
        "adversarial": 0.25,
        "categorical": 0.125,
        "consistency": 2.0,
    }
    arguments = {f"{name}_weight": weight for name, weight in weights.items()}
    module = _module(auxiliary={"gender": 2}, auxiliary_weights={"gender": 3.0}, **arguments)
    module.progress = 1.0  # all losses have set in
    losses = _step(module, _batch())
    weights |= {"emotion": 1.0, "gender": 3.0}
    expected = sum(weight * losses[f"{name}_loss"] for name, weight in weights.items())
    torch.testing.assert_close(losses["loss"], expected)


def test_consistency_without_confidence_is_mixup_of_the_labelled_rows():
    module, batch = _module(confidence_threshold=1.0), _batch()
    torch.manual_seed(3)
    loss = module._inconsistency(batch)
    torch.manual_seed(3)
    share, partner = mixup_share(1.0, 4), torch.randperm(4)
    X, target = (mixup(batch[name][:4], partner, share) for name in ("X", "target"))
    log_proba = module(X, batch["lengths"][:4]).log_softmax(1)
    torch.testing.assert_close(loss, -(target * log_proba).sum(1).mean())


def test_consistency_without_mixup_is_cross_entropy_against_confident_predictions():
    module, batch = _module(confidence_threshold=0.0, mixup_alpha=0.0), _batch(n_labelled=0)
    batch["emotional"][:2] = 0  # nothing is assumed of these
    logits = module(batch["X"], batch["lengths"])[2:]
    mean = torch.full((3,), 1 / 3).lerp(logits.softmax(1).mean(0), 0.05)
    expected = cross_entropy(logits, (logits.softmax(1) / mean).argmax(1))
    torch.testing.assert_close(module._inconsistency(batch), expected)


def test_predictions_are_aligned_with_the_class_prior():
    module = _module(class_prior=[1.0, 0.0, 0.0])
    assumed, confidence = module._assume_labels(_batch(), torch.zeros(8, dtype=torch.bool))
    assert assumed.argmax(1).tolist() == [0] * 8
    assert confidence.tolist() == [1] * 8


def test_only_emotional_rows_are_matched_to_the_class_prior():
    module, batch = _module(adversarial_weight=0.0), _batch()
    batch["emotional"][3:] = 0
    shown = []
    module.discriminators["class"].register_forward_hook(lambda _, args, __: shown.append(args[0]))
    _step(module, batch)
    assert [len(rows) for rows in shown] == [3, 3, 3]


@pytest.mark.parametrize("progress", [0.05, 1.0])
def test_reversal_turns_the_gradient_of_the_encoder_but_not_of_the_head(progress):
    gradients = {}
    for reversed_tasks in [(), ("gender",)]:
        module = _module(auxiliary={"gender": 2}, reversed_tasks=reversed_tasks)
        module.progress = progress
        batch = _batch()
        code = module.encode(batch["X"], batch["lengths"])
        head = module.auxiliary_heads["gender"]
        module._auxiliary_loss("gender", head, code, batch["gender"]).backward()
        gradients[reversed_tasks] = module.encoder[0].weight.grad, head[-1].weight.grad
    (encoder, head), (turned, same) = gradients.values()
    torch.testing.assert_close(turned, -np.tanh(5 * progress) * encoder, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(head, same)


def test_discriminators_learn_to_tell_codes_from_draws():
    torch.manual_seed(0)
    module = _module(reconstruction_weight=0.0, consistency_weight=0.0)
    batch = _batch(n=64, n_labelled=0)
    optimizers = _optimizers(module, lr=0.0)  # the encoder stands still
    optimizers["discriminator"] = torch.optim.Adam(module.discriminators.parameters(), lr=1e-2)
    losses = [module.training_step(batch, optimizers)["discriminator_loss"] for _ in range(80)]
    assert losses[-1] < 0.85 * losses[0]


@pytest.mark.parametrize(("prior", "largest"), [("gaussian", np.inf), ("uniform", 1.0)])
def test_discriminator_is_shown_draws_of_the_prior(prior, largest):
    module = _module(prior=prior, categorical_weight=0.0)
    shown = []
    module.discriminators["code"].register_forward_hook(lambda _, args, __: shown.append(args[0]))
    _step(module, _batch(n=400, n_labelled=100))
    real = shown[0]
    assert real.abs().max() <= largest
    assert real.std() == pytest.approx(1.0 if prior == "gaussian" else 3**-0.5, rel=0.1)


def test_class_discriminator_is_shown_draws_of_the_class_prior():
    module = _module(class_prior=[0.0, 0.25, 0.75], adversarial_weight=0.0)
    shown = []
    module.discriminators["class"].register_forward_hook(lambda _, args, __: shown.append(args[0]))
    _step(module, _batch(n=400, n_labelled=100))
    np.testing.assert_allclose(shown[0].mean(0), [0.0, 0.25, 0.75], atol=0.08)


def test_what_is_switched_off_is_not_built():
    off = {"reconstruction_weight": 0, "adversarial_weight": 0, "categorical_weight": 0}
    module = _module(consistency_weight=0, **off)
    assert module.decoder is None
    assert set(module.optimizer_parameters()) == {"autoencoder", "heads"}
    assert set(_step(module, _batch())) == {"emotion_loss", "loss"}


def test_every_parameter_has_one_optimiser():
    module = _module(auxiliary={"gender": 2}, conv_channels=(4,))
    grouped = [p for group in module.optimizer_parameters().values() for p in group]
    assert sorted(map(id, grouped)) == sorted(map(id, module.parameters()))


def test_sequences_are_restored_by_mean_and_deviation():
    module = _module(conv_channels=(4,))
    X, lengths = torch.randn(8, 5, N_FEATURES), torch.full((8,), 5)
    losses = _step(module, _batch() | {"X": X, "lengths": lengths})
    assert module.decoder[-1].out_features == 2 * N_FEATURES
    assert torch.isfinite(losses["reconstruction_loss"])
