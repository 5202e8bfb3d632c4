"""ConditionalGAN and CycleGAN as torch modules, and what the GANs are built of."""

import math

import pytest
import torch
from torch import Tensor, nn

from sklearn_ser.modules import ConditionalGAN, CycleGAN, MixupGAN
from sklearn_ser.modules._adversarial import (
    ConditionalDiscriminator,
    deception_loss,
    discriminator_loss,
    fully_connected,
    verdict_loss,
)
from sklearn_ser.modules._cycle_gan import _each_by_its_class


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def _batch(n: int = 32, n_features: int = 5, n_classes: int = 3) -> dict[str, Tensor]:
    y = torch.eye(n_classes)[torch.arange(n) % n_classes]
    source = torch.randn(n, n_features)
    return {"X": torch.randn(n, 1, n_features), "y": y, "source": source}


def _optimizers(gan, lr: float = 1e-3) -> dict[str, torch.optim.Optimizer]:
    return {name: torch.optim.Adam(p, lr=lr) for name, p in gan.optimizer_parameters().items()}


each_module = pytest.mark.parametrize("cls", [ConditionalGAN, CycleGAN])


@each_module
@pytest.mark.parametrize("pretrains", [True, False])
def test_each_step_moves_its_own_networks_only(cls, pretrains):
    gan, batch = cls(5, 3), _batch()
    gan.pretrains = pretrains
    groups = gan.optimizer_parameters()
    for moving in groups:
        optimizers = _optimizers(gan, lr=0.0)
        for group in optimizers[moving].param_groups:
            group["lr"] = 1e-2
        before = {id(p): p.detach().clone() for p in gan.parameters()}
        losses = gan.training_step(batch, optimizers)
        moved = {id(p) for p in gan.parameters() if not torch.equal(p, before[id(p)])}
        assert moved <= {id(p) for p in groups[moving]}
        assert "loss" in losses
        assert all(torch.isfinite(loss) and not loss.requires_grad for loss in losses.values())


def test_generator_is_begun_as_the_decoder():
    gan = ConditionalGAN(5, 3)
    gan.pretrains = True
    weight = next(gan.generator.parameters())
    before = weight.detach().clone()
    first = gan.training_step(_batch(), _optimizers(gan, lr=1e-2))["reconstruction_loss"]
    assert not torch.equal(weight, before)
    optimizers = _optimizers(gan, lr=1e-2)
    for _ in range(50):
        last = gan.training_step(_batch(), optimizers)["reconstruction_loss"]
    assert last < first


def test_codes_look_like_noise():
    gan = ConditionalGAN(5, 3, noise_size=4)
    code = gan.encoder(100 + 9 * torch.randn(200, 5))
    torch.testing.assert_close(code.mean(dim=0), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(code.var(dim=0, correction=0), torch.ones(4), atol=1e-3, rtol=0)


def test_noise_and_class_move_the_vector():
    gan = ConditionalGAN(5, 3).eval()
    code = torch.randn(2, gan.noise_size)
    y = torch.eye(3)[[0, 1]]
    assert not torch.allclose(*gan.decode(code, y[[0, 0]]))
    assert not torch.allclose(*gan.decode(code[[0, 0]], y))
    assert gan.sample(y).shape == (2, 5)


def test_each_row_goes_through_the_network_of_its_class():
    networks = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
    owner = [2, 0, 2, 2, 0]  # none of class 1
    X, y = torch.randn(5, 4), torch.eye(3)[owner]
    alone = torch.cat([networks[k](X[i : i + 1]) for i, k in enumerate(owner)])
    torch.testing.assert_close(_each_by_its_class(networks, X, y), alone)
    gan = CycleGAN(4, 3).eval()
    torch.testing.assert_close(gan.sample(X, y), _each_by_its_class(gan.there, X, y))


def test_cycle_gan_learns_to_move_a_source_to_its_class():
    torch.manual_seed(0)
    gan = CycleGAN(2, 2, dropout=0.0, cycle_weight=1.0)
    optimizers = _optimizers(gan, lr=3e-3)
    y = torch.eye(2)[torch.arange(64) % 2]
    for _ in range(150):
        X = torch.randn(64, 2) / 4 + 2 * (y - 0.5) * 2
        gan.training_step({"X": X, "y": y, "source": torch.randn(64, 2) / 4}, optimizers)
    moved = gan.eval().sample(torch.randn(64, 2) / 4, y)
    assert (moved.argmax(dim=1) == y.argmax(dim=1)).float().mean() > 0.9


def test_losses_of_the_game():
    undecided = torch.zeros(4)
    torch.testing.assert_close(discriminator_loss(undecided, undecided), torch.tensor(math.log(2)))
    assert deception_loss(torch.full((3,), 20.0)) < 1e-6
    # The smoothing: a sure verdict costs more than one of 90 %.
    sure, right = torch.full((1,), 9.0), torch.full((1,), math.log(9))
    assert verdict_loss(right, torch.ones(1)) < verdict_loss(sure, torch.ones(1))


def test_layers_and_their_widths():
    layers = fully_connected([6, 5, 4, 3], dropout=0.5)
    widths = [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]
    assert widths == [5, 4, 3]
    assert isinstance(layers[-1], nn.Linear)
    assert ConditionalDiscriminator(6, 3, [5], 0.1)(torch.randn(2, 6), torch.eye(3)[:2]).shape == (
        2,
    )


def test_encoder_meets_the_generator_half_way_on_demand():
    batch = _batch()
    for weight in (0.0, 1.0):
        gan = MixupGAN(5, 3, encoder_adversarial_weight=weight)
        losses = gan.training_step(batch, _optimizers(gan))
        assert ("encoder_adversarial_loss" in losses) == bool(weight)


def test_generator_without_a_loss_stands_still():
    gan = MixupGAN(5, 3, adversarial_weight=0, classifier_weight=0, energy_weight=0)
    before = [p.detach().clone() for p in gan.generator.parameters()]
    losses = gan.training_step(_batch(), _optimizers(gan))
    assert "generator_loss" not in losses
    assert all(map(torch.equal, before, gan.generator.parameters()))


def test_codes_of_all_sizes_reach_the_classifier_as_long():
    for size in (2, 100):
        gan = MixupGAN(5, 3, code_size=size).eval()
        gan.classifier = nn.Sequential()
        length = gan.classify(torch.ones(1, size)).norm()
        torch.testing.assert_close(length, torch.tensor(10.0))


def test_hidden_features_are_restored_too():
    gan = MixupGAN(400, 3, input_dropout=0.5, mixup_mode="none")
    seen = []
    gan.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    gan._autoencoder_losses(torch.ones(8, 400), torch.eye(3)[[0] * 8])
    assert 0.4 < (seen[0] == 0).float().mean() < 0.6
