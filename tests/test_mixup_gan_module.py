"""The mixup-GAN as a torch module."""

import math

import pytest
import torch

from sklearn_ser.modules import MixupGAN
from sklearn_ser.modules._mixup_gan import energy_distance


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def _batch(n: int = 32, n_features: int = 5, n_classes: int = 3) -> dict[str, torch.Tensor]:
    y = torch.eye(n_classes)[torch.arange(n) % n_classes]
    return {"X": torch.randn(n, 1, n_features), "y": y}


def _optimizers(gan: MixupGAN, lr: float = 1e-3) -> dict[str, torch.optim.Optimizer]:
    return {name: torch.optim.Adam(p, lr=lr) for name, p in gan.optimizer_parameters().items()}


def test_energy_distance_is_the_formula():
    first, second = torch.randn(7, 3), torch.randn(5, 3) + 1
    across = torch.stack([(a - b).norm() for a in first for b in second]).mean()
    within = [
        torch.stack([(a - b).norm() for a in x for b in x]).sum() / (len(x) * (len(x) - 1))
        for x in (first, second)
    ]
    torch.testing.assert_close(energy_distance(first, second), 2 * across - within[0] - within[1])


def test_energy_distance_is_unbiased_and_sees_a_collapse():
    same = torch.stack([energy_distance(*torch.randn(2, 20, 3)) for _ in range(500)])
    assert abs(same.mean()) < 4 * same.std() / math.sqrt(500)
    spread, collapsed = torch.randn(200, 3), torch.zeros(200, 3)
    assert energy_distance(spread, collapsed) > 0.5


def test_energy_distance_has_finite_gradients_at_equal_rows():
    first = torch.zeros(4, 3, requires_grad=True)
    energy_distance(first, torch.zeros(3, 3)).backward()
    assert first.grad is not None
    assert torch.isfinite(first.grad).all()


def test_every_parameter_belongs_to_one_optimizer():
    gan = MixupGAN(5, 3)
    grouped = [id(p) for group in gan.optimizer_parameters().values() for p in group]
    assert sorted(grouped) == sorted(id(p) for p in gan.parameters())


def test_each_step_moves_its_own_network_only():
    gan, batch = MixupGAN(5, 3), _batch()
    for moving in ("autoencoder", "discriminator", "generator"):
        optimizers = _optimizers(gan, lr=0.0)
        for group in optimizers[moving].param_groups:
            group["lr"] = 1e-2
        before = {name: p.detach().clone() for name, p in gan.named_parameters()}
        gan.training_step(batch, optimizers)
        moved = {name for name, p in gan.named_parameters() if not torch.equal(p, before[name])}
        own = {id(p) for p in gan.optimizer_parameters()[moving]}
        assert moved
        assert moved <= {name for name, p in gan.named_parameters() if id(p) in own}


@pytest.mark.parametrize("mode", ["real", "real_fake", "both", "none"])
def test_training_step_returns_detached_finite_losses(mode):
    gan = MixupGAN(5, 3, mixup_mode=mode)
    losses = gan.training_step(_batch(), _optimizers(gan))
    assert "loss" in losses
    assert all(loss.ndim == 0 and not loss.requires_grad for loss in losses.values())
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_mixing_needs_alpha():
    gan, batch = MixupGAN(5, 3, mixup_alpha=0.0), _batch()
    X, y = gan._mix(batch["X"].flatten(1), batch["y"])
    torch.testing.assert_close(X, batch["X"].flatten(1))
    torch.testing.assert_close(y, batch["y"])


def test_mixed_rows_lie_between_their_parents_as_their_labels_do():
    gan = MixupGAN(3, 3, mixup_alpha=1.0)
    X = torch.eye(3)[torch.arange(30) % 3]
    mixed, y = gan._mix(X, X)
    torch.testing.assert_close(mixed, y)
    torch.testing.assert_close(y.sum(dim=1), torch.ones(30))
    assert ((y > 0) & (y < 1)).any()


def test_sample_depends_on_noise_and_class():
    gan = MixupGAN(5, 3).eval()
    y = torch.eye(3)[[0, 0, 1]]
    first = gan.sample(y)
    assert first.shape == (3, 5)
    assert not torch.allclose(first[0], first[1])
    torch.manual_seed(1)
    one = gan.sample(torch.eye(3)[[0]])
    torch.manual_seed(1)
    other = gan.sample(torch.eye(3)[[1]])
    assert not torch.allclose(one, other)


def test_codes_are_bounded_and_forward_restores_the_shape():
    gan = MixupGAN(5, 3, code_size=2, hidden_sizes=(8, 4))
    X = 100 * torch.randn(6, 1, 5)
    assert gan.encode(X.flatten(1)).abs().max() <= 1
    assert gan(X).shape == (6, 5)
