"""What a GAN trains on and when: labels, batches, blocks, warm and cold starts, divergence, the report."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.losses import LeastSquares, NonSaturating, SourceWeights
from evogan.models import GAN, Untrained
from evogan.models._gan import _batches


def rng(seed=0):
    return np.random.default_rng(seed)


def elites(n=20, n_var=3, seed=0):
    return rng(seed).uniform(0.2, 0.4, (n, n_var))


def poors(n=30, n_var=3, seed=1):
    return rng(seed).uniform(0.45, 0.55, (n, n_var))


@pytest.fixture
def blocks(monkeypatch):
    """Replace training by a record of what it is given."""
    seen = []

    def spy(trainer, real, poor, latents, n_critic):
        seen.append((real, poor, latents, n_critic))
        first = sum(len(block[2]) for block in seen) - len(latents)
        return np.column_stack([np.arange(first, first + len(latents)), -np.ones(len(latents))]).astype(float)

    monkeypatch.setattr("evogan.models._gan.fastest_engine", lambda trainer: spy)
    return seen


def rows(x):
    return {tuple(row) for row in x.reshape(-1, x.shape[-1]).tolist()}


def test_labels_stay_with_their_rows(blocks):
    # Shuffling solutions apart from their labels, as the published code does, mixes the two sets after one epoch.
    X, P = elites(), poors()
    GAN(n_steps=250, batch_size=8).fit(X, P, rng=rng())
    for real, poor, _, _ in blocks:
        assert rows(real) == rows(X.astype(np.float32))
        assert rows(poor) == rows(P.astype(np.float32))


def test_without_poor_solutions_none_are_made_up(blocks):
    GAN(n_steps=3).fit(elites(), rng=rng())
    assert blocks[0][1] is None


def test_the_discriminator_learns_to_prefer_elites_to_poor_solutions():
    X, P = elites(), poors()
    for seed in range(3):
        gan = GAN(n_steps=200, lr_discriminator=0.01).fit(X, P, rng=rng(seed))
        with torch.no_grad():
            good, bad = (gan._trainer.D(torch.from_numpy(x.astype(np.float32))) for x in (X, P))
        assert good.min() > bad.max(), f"seed {seed}"


@pytest.mark.parametrize("n_critic", [1, 3])
def test_steps_come_in_blocks_of_fixed_shapes(blocks, n_critic):
    GAN(n_steps=250, batch_size=7, n_critic=n_critic, latent=2).fit(elites(), poors(), rng=rng())
    assert [len(latents) for _, _, latents, _ in blocks] == [100, 100, 50]
    for real, poor, latents, k in blocks:
        n = len(latents)
        assert real.shape == poor.shape == (n * n_critic, 7, 3)
        assert latents.shape == (n, n_critic + 1, 7, 2)
        assert k == n_critic


def test_batches_differ_between_steps_and_between_fits(blocks):
    gan = GAN(n_steps=200, batch_size=8)
    gan.fit(elites(), poors(), rng=rng(0)).fit(elites(), poors(), rng=rng(1))
    for part in range(3):
        firsts = [block[part] for block in blocks]
        for k in range(1, 4):
            assert not torch.equal(firsts[0], firsts[k])
        assert not torch.equal(firsts[0][0], firsts[0][1])


@pytest.mark.parametrize(
    ("n_rows", "n", "batch_size"),
    [(1, 5, 4), (7, 10, 3), (33, 4, 32), (32, 3, 32), (105, 9, 8), (50, 1, 2), (3, 2, 32)],
)
def test_batches_use_each_row_equally_often_up_to_one(n_rows, n, batch_size):
    for seed in range(5):
        torch.manual_seed(seed)
        x = torch.arange(n_rows).float().unsqueeze(1)
        batches = _batches(x, n, batch_size)
        assert batches.shape == (n, batch_size, 1)
        counts = torch.bincount(batches.flatten().long(), minlength=n_rows)
        assert counts.sum() == n * batch_size
        assert counts.max() - counts.min() <= 1, f"seed {seed}"


@pytest.mark.parametrize("n", [1, 2, 33, 65, 105])
@pytest.mark.parametrize("engine", ["auto", "autograd"])
def test_no_number_of_elites_leaves_a_batch_of_one(n, engine):
    # 105 solutions in batches of 8 end the published code: batch normalization refuses the last batch, a single one.
    gan = GAN(n_steps=20, batch_size=8 if n == 105 else 32, engine=engine)
    samples = gan.fit(elites(n), poors(n), rng=rng()).sample(5, rng=rng())
    assert samples.shape == (5, 3)
    assert np.isfinite(samples).all()


def optimizer_steps(gan):
    trainer = gan._trainer
    return {int(s["step"]) for o in (trainer.optimizer_G, trainer.optimizer_D) for s in o.state.values()}


def test_a_warm_start_goes_on_and_a_cold_one_begins_anew():
    for warm, expected in ((True, {25}), (False, {15})):
        gan = GAN(n_steps=10, warm_start=warm).fit(elites(), rng=rng(1))
        gan.n_steps = 15
        gan.fit(elites(seed=5), poors(), rng=rng(2))
        assert optimizer_steps(gan) == expected


def test_a_cold_start_forgets_the_fit_before():
    fresh = GAN(n_steps=10).fit(elites(seed=5), rng=rng(2)).sample(6, rng=rng(3))
    for warm in (True, False):
        gan = GAN(n_steps=10, warm_start=warm).fit(elites(), rng=rng(1)).fit(elites(seed=5), rng=rng(2))
        assert np.array_equal(gan.sample(6, rng=rng(3)), fresh) != warm


def test_another_number_of_variables_builds_other_networks():
    gan = GAN(n_steps=5).fit(elites(), rng=rng(1)).fit(elites(n_var=5), rng=rng(2))
    assert optimizer_steps(gan) == {5}
    fresh = GAN(n_steps=5).fit(elites(n_var=5), rng=rng(2))
    np.testing.assert_array_equal(gan.sample(4, rng=rng(3)), fresh.sample(4, rng=rng(3)))


def test_networks_come_from_the_given_factories():
    asked = []

    def generator(n_latent, n_var):
        asked.append(("G", n_latent, n_var))
        return nn.Sequential(nn.Linear(n_latent, n_var), nn.Sigmoid())

    def discriminator(n_var):
        asked.append(("D", n_var))
        return nn.Linear(n_var, 1)

    GAN(generator=generator, discriminator=discriminator, latent=7, n_steps=2).fit(elites(), rng=rng())
    GAN(generator=generator, discriminator=discriminator, n_steps=2).fit(elites(), rng=rng())
    assert asked == [("G", 7, 3), ("D", 3), ("G", 3, 3), ("D", 3)]


def test_either_network_has_its_rate_and_both_have_the_betas():
    gan = GAN(lr_generator=0.03, lr_discriminator=0.02, betas=(0.5, 0.9), n_steps=1).fit(elites(), rng=rng())
    groups = [o.param_groups[0] for o in (gan._trainer.optimizer_G, gan._trainer.optimizer_D)]
    assert [(group["lr"], group["betas"]) for group in groups] == [(0.03, (0.5, 0.9)), (0.02, (0.5, 0.9))]


def test_outputs_beyond_the_box_are_clipped():
    def far(n_latent, n_var):
        net = nn.Linear(n_latent, n_var)
        nn.init.zeros_(net.weight)
        with torch.no_grad():
            net.bias.copy_(torch.tensor([-3.0, 0.25, 3.0]))
        return net

    samples = Untrained(generator=far).fit(elites(), rng=rng()).sample(2, rng=rng())
    np.testing.assert_array_equal(samples, [[0.0, 0.25, 1.0]] * 2)


def test_the_report_averages_the_last_hundred_steps(blocks):
    gan = GAN(n_steps=250)
    assert gan.report is None
    gan.fit(elites(), rng=rng())
    assert gan.report.n_steps == 250
    assert gan.report.d_loss == pytest.approx(np.arange(150, 250).mean())
    assert gan.report.g_loss == pytest.approx(-1.0)
    assert gan.report.seconds > 0


def test_the_report_of_a_first_step_is_the_loss_of_the_networks_as_built():
    zero = nn.Linear(3, 1)
    nn.init.zeros_(zero.weight)
    nn.init.zeros_(zero.bias)
    gan = GAN(n_steps=1, loss=LeastSquares(a=-1.0), discriminator=lambda n_var: zero, weights=SourceWeights(3, 1, 4))
    gan.fit(elites(), poors(), rng=rng())
    assert gan.report.d_loss == pytest.approx((3 + 1 + 4) / 2)  # every logit is 0, at distance 1 from every label


def test_no_steps_give_a_report_without_losses():
    report = Untrained().fit(elites(), rng=rng()).report
    assert report.n_steps == 0
    assert math.isnan(report.d_loss)
    assert math.isnan(report.g_loss)


@pytest.mark.parametrize("n_var", [30, 300])
def test_an_untrained_generator_knows_the_centre_of_the_box_alone(n_var):
    """Whatever solutions it is shown; so it is no fair control where optima lie there."""
    for seed in range(5):
        for place in (0.0, 0.1, 0.9):
            X = place + 0.1 * rng(seed).random((40, n_var))
            samples = Untrained().fit(X, rng=rng(seed)).sample(50, rng=rng(9))
            assert np.abs(samples - 0.5).max() < 0.25 and np.abs(samples - 0.5).mean() < 0.05
            assert samples.std(axis=0).max() < 0.05


def test_both_engines_report_the_same_losses():
    reports = [
        GAN(n_steps=60, engine=engine).fit(elites(), poors(), rng=rng()).report for engine in ("auto", "autograd")
    ]
    assert reports[0].d_loss == pytest.approx(reports[1].d_loss, abs=1e-4)
    assert reports[0].g_loss == pytest.approx(reports[1].g_loss, abs=1e-4)


def test_engine_autograd_never_picks_another(monkeypatch):
    def refuse(trainer):
        raise AssertionError("another engine was asked for")

    monkeypatch.setattr("evogan.models._gan.fastest_engine", refuse)
    GAN(n_steps=2, engine="autograd").fit(elites(), rng=rng())


class Poisoned(NonSaturating):
    """Returns NaN from the given call on."""

    calls = 0
    first_bad = 10**9
    who = "discriminator"

    def count(self, value, who):
        if who != Poisoned.who:
            return value
        Poisoned.calls += 1
        return value * float("nan") if Poisoned.calls > Poisoned.first_bad else value

    def discriminator(self, *args, **sources):
        return self.count(super().discriminator(*args, **sources), "discriminator")

    def generator(self, *args, **sources):
        return self.count(super().generator(*args, **sources), "generator")


@pytest.mark.parametrize("step", [3, 120])
@pytest.mark.parametrize("who", ["discriminator", "generator"])
def test_a_loss_that_is_not_a_number_ends_the_fit_and_drops_the_networks(monkeypatch, who, step):
    monkeypatch.setattr(Poisoned, "calls", 0)
    monkeypatch.setattr(Poisoned, "first_bad", step)
    monkeypatch.setattr(Poisoned, "who", who)
    gan = GAN(n_steps=150, loss=Poisoned())
    with pytest.raises(TrainingDivergedError, match=rf"the {who}'s loss \(Poisoned\) .* at step {step} of 150"):
        gan.fit(elites(), rng=rng())
    with pytest.raises(NotFittedError):
        gan.sample(1, rng=rng())
    monkeypatch.setattr(Poisoned, "first_bad", 10**9)
    fresh = GAN(n_steps=150, loss=Poisoned()).fit(elites(), rng=rng(1)).sample(3, rng=rng(2))
    np.testing.assert_array_equal(gan.fit(elites(), rng=rng(1)).sample(3, rng=rng(2)), fresh)


@pytest.mark.parametrize("engine", ["auto", "autograd"])
def test_absurd_learning_rates_are_noticed(engine):
    gan = GAN(n_steps=20, loss=LeastSquares(), lr_generator=1e30, lr_discriminator=1e30, engine=engine)
    with pytest.raises(TrainingDivergedError, match="smaller learning rate"):
        gan.fit(elites(), poors(), rng=rng())
    assert issubclass(TrainingDivergedError, ArithmeticError)
