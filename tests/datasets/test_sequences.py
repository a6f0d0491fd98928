"""Tokens of a known distribution."""

import numpy as np
import pytest
import torch

from evogan.datasets import oracle_sequences
from evogan.nets import oracle


def rng(seed=0):
    return np.random.default_rng(seed)


def test_sequences_are_those_of_the_oracle_that_the_seed_names():
    data, again = oracle_sequences(2000, seed=1, rng=rng()), oracle_sequences(2000, seed=1, rng=rng())
    assert data.shape == (8,) and data.x.dtype == torch.int64 and torch.equal(data.x, again.x)
    fresh = oracle_sequences(2000, seed=1, rng=rng(5))
    assert not torch.equal(data.x, fresh.x)
    own, other = oracle(10, 8, seed=1), oracle(10, 8, seed=2)
    assert own.nll(data.x).item() == pytest.approx(own.nll(fresh.x).item(), abs=0.05)
    assert other.nll(data.x).item() > own.nll(data.x).item() + 1


def test_sizes_and_the_global_random_state():
    state = torch.get_rng_state()
    data = oracle_sequences(300, n_tokens=4, length=5, rng=rng())
    assert torch.equal(torch.get_rng_state(), state)
    assert data.x.shape == (300, 5) and set(data.x.unique().tolist()) == {0, 1, 2, 3}
    x, y = data.batch(torch.tensor([2, 1]))
    assert torch.equal(x, data.x[[2, 1]]) and y is None
    with pytest.raises(TypeError, match="rng must be"):
        oracle_sequences(rng=3)
    with pytest.raises(ValueError, match="n_tokens must be at least 2"):
        oracle_sequences(n_tokens=1, rng=rng())
