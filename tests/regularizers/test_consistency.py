"""The consistency term: two passes of one critic at the same samples."""

import pytest
import torch
from torch import nn

from evogan.nets import Critic
from evogan.regularizers import ConsistencyTerm


class Drifting(nn.Module):
    """Logits that grow by 1 and features that grow by 2 from one pass to the next."""

    def __init__(self, *, features):
        super().__init__()
        self.with_features, self.passes = features, 0

    def forward(self, x):
        self.passes += 1
        logits = x.sum(dim=1, keepdim=True) + self.passes
        return Critic(logits, features=x + 2.0 * self.passes) if self.with_features else logits


@pytest.mark.parametrize("n", [1, 7])
def test_the_term_in_closed_form(n):
    x = torch.rand(n, 5)
    assert ConsistencyTerm(2.0)(Drifting(features=False), x, x).item() == pytest.approx(2.0, rel=1e-5)
    assert ConsistencyTerm(2.0)(Drifting(features=True), x, x).item() == pytest.approx(2 * (1 + 0.1 * 4), rel=1e-5)
    term = ConsistencyTerm(3.0, margin=0.5, feature_weight=0.0)
    assert term(Drifting(features=True), x, x).item() == pytest.approx(3 * (1 - 0.5), rel=1e-5)
    assert ConsistencyTerm(margin=1.5)(Drifting(features=True), x, x).item() == 0.0


def test_the_margin_is_taken_per_sample():
    class HalfMoves(Drifting):
        def forward(self, x):
            logits = super().forward(x)
            return torch.cat([torch.zeros_like(logits[:2]), logits[2:]])

    x = torch.zeros(4, 3)  # squared differences 0, 0, 1, 1
    assert ConsistencyTerm(1.0, margin=0.6)(HalfMoves(features=False), x, x).item() == pytest.approx(0.2, rel=1e-6)


def test_only_dropout_makes_a_difference():
    torch.manual_seed(0)
    D = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
    x, other = torch.rand(32, 4), torch.full((32, 4), torch.nan)
    value = ConsistencyTerm()(D, x, other)  # fake samples are not looked at
    assert value.item() > 1e-3
    grads = torch.autograd.grad(value, list(D.parameters()), allow_unused=True)
    assert all(grad.abs().max() > 0 for grad in grads[:3])
    assert grads[3] is None or grads[3].abs().max() == 0  # the last bias moves both passes alike
    assert ConsistencyTerm()(D.eval(), x, other).item() == 0.0


def test_pairs_are_samples_too():
    class OfPairs(Drifting):
        def forward(self, pair):
            return super().forward(torch.cat(pair, dim=1))

    pair = torch.rand(3, 2), torch.rand(3, 4)
    assert ConsistencyTerm(2.0)(OfPairs(features=False), pair, pair).item() == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize("name", ["weight", "margin", "feature_weight"])
def test_bad_settings_are_refused_by_name(name):
    with pytest.raises(ValueError, match=f"ConsistencyTerm.{name} must lie in"):
        ConsistencyTerm(**{name: -0.1})
