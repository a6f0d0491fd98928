"""The bidirectional GAN: who sees what, and an encoder that undoes the generator."""

import numpy as np
import pytest
import torch

from evogan.exceptions import NotFittedError
from evogan.losses import NonSaturating, RolesSwapped
from evogan.models import BiGAN


def rng(seed=1):
    return np.random.default_rng(seed)


def fitted(n_first_steps=1, **options):
    X, C = rng().random((30, 3)), rng(2).random((30, 2))
    return BiGAN(n_latent=4, n_first_steps=n_first_steps, **options).fit(X, condition=C, rng=rng()), X, C


def test_the_encoder_is_deterministic_and_sees_solution_and_condition():
    model, X, C = fitted()
    latents = model.encode(X, condition=C)
    assert latents.shape == (30, 4)
    assert latents.dtype == np.float64
    np.testing.assert_array_equal(latents, model.encode(X, condition=C))
    assert not np.array_equal(latents, model.encode(X, condition=1 - C))
    assert not np.array_equal(latents, model.encode(1 - X, condition=C))
    np.testing.assert_allclose(latents[:5], model.encode(X[:5], condition=C[:5]), atol=1e-6)


class Recorder(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.seen = net, []

    def forward(self, rows):
        self.seen.append(rows.detach().numpy())
        return self.net(rows)


def test_the_encoder_sees_the_same_rows_in_training_as_later():
    model, X, C = fitted(n_steps=3)
    encoder = model._learner.encoder = Recorder(model._learner.encoder)
    model.encode(X, condition=C)
    rows = np.hstack([(X - X.mean(axis=0)) / X.std(axis=0), 2 * C - 1])
    np.testing.assert_allclose(encoder.seen.pop(), rows, atol=1e-5)
    model.fit(X, condition=C, rng=rng())
    seen = np.concatenate(encoder.seen)
    assert len(encoder.seen) == 6  # both players' steps
    assert np.abs(seen[:, None] - rows).max(axis=2).min(axis=1).max() < 1e-5


def test_the_encoder_works_in_the_coordinates_of_the_last_fit():
    model, X, C = fitted(n_steps=0)
    before = model.encode(X, condition=C)
    model.fit(0.5 * X, condition=C, rng=rng())
    np.testing.assert_allclose(model.encode(0.5 * X, condition=C), before, atol=1e-5)


def test_the_discriminator_judges_pairs_and_generated_samples_carry_their_condition():
    model, _, _ = fitted()
    trainer, c = model._learner, torch.rand(5, 2)
    assert trainer.loss == RolesSwapped(NonSaturating())
    pair, latent = trainer.generate(5, c)
    assert pair[1] is latent
    assert pair[0].shape == (5, 5)
    torch.testing.assert_close(pair[0][:, 3:], c)
    logits = trainer.D(pair, c)
    assert logits.shape == (5, 1)
    for other in ((-pair[0], latent), (pair[0], -latent)):
        assert not torch.equal(trainer.D(other, c), logits)


def test_training_moves_all_three_networks():
    model, X, C = fitted(n_steps=1)
    nets = [model._learner.G, model._learner.encoder, model._learner.D]
    before = [[p.detach().clone() for p in net.parameters()] for net in nets]
    model.fit(X, condition=C, rng=rng())
    for net, old in zip(nets, before, strict=True):
        assert not any(torch.equal(p, q) for p, q in zip(net.parameters(), old, strict=True) if p.dim() == 2)


def test_the_encoder_comes_to_undo_the_generator():
    t = rng().normal(size=(200, 1))
    X = np.clip(0.5 + 0.1 * t @ [[1.0, -1.0, 0.5]], 0, 1)
    correlations = []
    for n_steps in (0, 600):
        model = BiGAN(n_latent=1, n_first_steps=n_steps).fit(X, rng=rng())
        z = torch.randn(300, 1, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            rows = model._learner.G(z, torch.empty(300, 0))
            back = model._learner.encoder(rows)
        correlations.append(np.corrcoef(z.numpy().T, back.numpy().T)[0, 1])
    assert correlations[1] > 0.9


def test_encode_refuses_what_sample_refuses():
    with pytest.raises(NotFittedError, match="BiGAN must be fitted before encode"):
        BiGAN().encode([[0.5]])
    model, X, C = fitted()
    with pytest.raises(ValueError, match="X must have 3 columns"):
        model.encode(X[:, :2], condition=C)
    with pytest.raises(ValueError, match=r"condition must have shape \(30, 2\), got None"):
        model.encode(X)
    with pytest.raises(ValueError, match="condition must have shape"):
        model.encode(X, condition=C[:4])
