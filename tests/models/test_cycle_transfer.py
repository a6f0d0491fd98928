"""CycleTransfer: the loss of eq. 3 by hand, directions, and a way back that gets better."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from evogan.exceptions import NotFittedError, TrainingDivergedError
from evogan.models import CycleTransfer, MomentMatching

FEW = {"n_steps_first": 6, "n_steps": 3, "batch_size": 4}


def rng(seed=0):
    return np.random.default_rng(seed)


def pair(seed=0, n=60, n_var=3):
    r = rng(seed)
    S, T = (
        r.normal([0.3, 0.6, 0.5], [0.05, 0.1, 0.1], (n, 3)),
        r.normal([0.7, 0.35, 0.4], [0.1, 0.04, 0.05], (n + 9, 3)),
    )
    return np.clip(S, 0, 1)[:, :n_var], np.clip(T, 0, 1)[:, :n_var]


def distance(A, B):
    """Energy distance."""
    return 2 * cdist(A, B).mean() - cdist(A, A).mean() - cdist(B, B).mean()


def there_and_back(model, S):
    """The mean distance of solutions to where they come back to, in spreads of their variables."""
    back = model.transfer_back(model.transfer(S, rng=rng()), rng=rng())
    return (abs(back - S) / S.std(axis=0)).mean()


class Affine(nn.Module):
    """``a z + b``, the same for every variable."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.tensor(float(value))) for value in (a, b))

    def forward(self, z):
        return self.a * z + self.b


@pytest.mark.parametrize("weight", [0.0, 10.0])
def test_both_players_descend_a_quarter_of_eq_3(weight):
    model = CycleTransfer(**FEW, weight=weight, standardise=False).fit(*pair(), rng=rng())
    trainer = model._trainer
    trainer.G.a_to_b, trainer.G.b_to_a = Affine(2.0, 1.0), Affine(0.5, 3.0)
    trainer.D.D_a, trainer.D.D_b = nn.Linear(2, 1), nn.Linear(2, 1)  # the optimizers hold others: nothing moves
    s, t = torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.tensor([[4.0, 0.0], [1.0, 1.0]])
    fake_t, fake_s = 2 * s + 1, 0.5 * t + 3
    with torch.no_grad():
        errors = [
            ((D(real) - 1) ** 2).mean() + (D(fake) ** 2).mean()
            for D, real, fake in [(trainer.D.D_a, s, fake_s), (trainer.D.D_b, t, fake_t)]
        ]
    assert trainer.d_step((s, t), condition=(s, t)).item() == pytest.approx(sum(errors).item() / 4, rel=1e-5)
    value = trainer.g_step((s, t), condition=(s, t))
    cycle = (0.5 * fake_t + 3 - s).abs().mean() + (2 * fake_s + 1 - t).abs().mean()
    judged = ((trainer.D.D_b(fake_t) - 1) ** 2).mean() + ((trainer.D.D_a(fake_s) - 1) ** 2).mean()
    assert value.item() == pytest.approx((judged + weight * cycle).item() / 4, rel=1e-5)


def test_the_discriminators_are_shown_each_its_own_population_and_fakes_of_it(monkeypatch):
    S, T = pair()
    model = CycleTransfer(**FEW, standardise=False)
    seen = []
    monkeypatch.setattr(
        "evogan.training.AdversarialTrainer.d_step", lambda self, real, *, condition: record(real, condition)
    )
    monkeypatch.setattr(
        "evogan.training.AdversarialTrainer.g_step", lambda self, real, *, condition: record(real, condition)
    )

    def record(real, condition):
        seen.append((real, condition))
        return torch.zeros(())

    model.fit(S, T, rng=rng())
    assert len(seen) == 12  # both players in each of 6 steps
    wanted = [{tuple(row) for row in X.astype(np.float32).tolist()} for X in (S, T)]
    for real, condition in seen:
        assert real is condition
        for part, rows in zip(real, wanted, strict=True):
            assert part.shape == (4, 3)
            assert {tuple(row) for row in part.tolist()} <= rows
    assert not torch.equal(seen[0][0][0], seen[2][0][0])


def test_transfer_is_g_and_the_way_back_is_f():
    S, T = pair()
    model = CycleTransfer(**FEW).fit(S, T, rng=rng())
    model._trainer.G.a_to_b, model._trainer.G.b_to_a = Affine(1.0, 0.5), Affine(1.0, -0.5)
    there = T.mean(axis=0) + T.std(axis=0) * ((S - S.mean(axis=0)) / S.std(axis=0) + 0.5)
    np.testing.assert_allclose(model.transfer(S, rng=rng()), np.clip(there, 0, 1), atol=1e-6)
    back = S.mean(axis=0) + S.std(axis=0) * ((T - T.mean(axis=0)) / T.std(axis=0) - 0.5)
    np.testing.assert_allclose(model.transfer_back(T, rng=rng()), np.clip(back, 0, 1), atol=1e-6)


def test_residual_generators_begin_as_moment_matching_there_and_back():
    S, T = pair()
    model = CycleTransfer(n_steps_first=0, residual=True).fit(S, T, rng=rng())
    np.testing.assert_array_equal(
        model.transfer(S, rng=rng()), MomentMatching().fit(S, T, rng=rng()).transfer(S, rng=rng())
    )
    np.testing.assert_array_equal(
        model.transfer_back(T, rng=rng()), MomentMatching().fit(T, S, rng=rng()).transfer(T, rng=rng())
    )


def test_the_way_back_gets_better_with_training_and_because_of_the_cycle_terms():
    for seed in range(3):
        S, T = pair(seed)
        errors = {}
        for name, options in {
            "untrained": {"n_steps_first": 0},
            "trained": {"n_steps_first": 200},
            "without cycles": {"n_steps_first": 200, "weight": 0.0},
        }.items():
            errors[name] = there_and_back(CycleTransfer(**options).fit(S, T, rng=rng(seed)), S)
        assert errors["trained"] < 0.4 * errors["untrained"], f"seed {seed}"
        assert errors["trained"] < 0.4 * errors["without cycles"], f"seed {seed}"


def test_what_is_transferred_comes_to_resemble_the_target_and_the_way_back_the_source():
    for seed in range(3):
        S, T = pair(seed)
        model, untrained = (CycleTransfer(n_steps_first=n).fit(S, T, rng=rng(seed)) for n in (200, 0))
        there, nowhere = (m.transfer(S, rng=rng()) for m in (model, untrained))
        assert distance(there, T) < 0.5 * distance(nowhere, T), f"seed {seed}"
        back, nowhere = (m.transfer_back(T, rng=rng()) for m in (model, untrained))
        assert distance(back, S) < 0.5 * distance(nowhere, S), f"seed {seed}"


def test_fits_after_the_first_go_on():
    model = CycleTransfer(**FEW)
    assert [model.fit(*pair(n_var=n), rng=rng()).report.n_steps for n in (3, 3, 2, 2)] == [6, 3, 6, 3]


def test_settings_reach_the_trainer():
    model = CycleTransfer(n_steps_first=1, lr_generator=0.1, lr_discriminator=0.2, betas=(0.3, 0.4), hidden=[5])
    trainer = model.fit(*pair(), rng=rng())._trainer
    groups = [o.param_groups[0] for o in (trainer.optimizer_G, trainer.optimizer_D)]
    assert [(g["lr"], g["betas"]) for g in groups] == [(0.1, (0.3, 0.4)), (0.2, (0.3, 0.4))]
    assert trainer.G.a_to_b[0].out_features == trainer.D.D_a[0].out_features == 5


def test_divergence_is_told_and_drops_the_networks():
    model = CycleTransfer(n_steps_first=20, lr_generator=1e30, lr_discriminator=1e30)
    with pytest.raises(TrainingDivergedError, match="became non-finite at step"):
        model.fit(*pair(), rng=rng())
    with pytest.raises(NotFittedError, match=r"CycleTransfer must be fitted before transfer_back\(X_target\)"):
        model.transfer_back(pair()[1], rng=rng())


def test_the_way_back_refuses_what_transfer_refuses():
    S, T = pair()
    model = CycleTransfer(**FEW).fit(S, T, rng=rng())
    with pytest.raises(ValueError, match="X_target must have 3 columns"):
        model.transfer_back(T[:, :2], rng=rng())
    with pytest.raises(ValueError, match="X_target must lie in the unit box"):
        model.transfer_back(T + 1, rng=rng())
    with pytest.raises(TypeError, match="rng must be"):
        model.transfer_back(T, rng=0)
