"""Sequences of tokens whose true distribution is known."""

from __future__ import annotations

import numpy as np

from evogan._internal.checks import check_int, check_rng
from evogan._internal.rng import torch_seeded
from evogan.datasets._dataset import Dataset
from evogan.nets._sequence import oracle


def oracle_sequences(
    n: int = 10_000, *, n_tokens: int = 10, length: int = 8, seed: int = 0, rng: np.random.Generator
) -> Dataset:
    """Return ``n`` sequences ``(n, length)`` of dtype int64, written by ``evogan.nets.oracle(n_tokens, length, seed)``.

    L. Yu, W. Zhang, J. Wang, Y. Yu, "SeqGAN: sequence generative adversarial nets with policy gradient", AAAI 2017,
    sec. 4.1, where ``n`` is 10 000, ``n_tokens`` 5000 and ``length`` 20.

    Args:
        n: number of sequences.
        n_tokens: size of the vocabulary.
        length: tokens of every sequence.
        seed: of the oracle's weights, hence of the true distribution.
        rng: draws the sequences.

    Example:
        >>> import numpy as np
        >>> from evogan.nets import oracle
        >>> data = oracle_sequences(rng=np.random.default_rng(1))
        >>> data
        Dataset('oracle', n=10000, shape=(8,), n_classes=0)
        >>> round(oracle(10, 8, seed=0).nll(data.x).item(), 1)  # nats per token; log 10 is 2.3
        1.1
    """
    net = oracle(n_tokens, length, seed=seed)
    with torch_seeded(check_rng(rng)):
        return Dataset("oracle", net.sample(check_int(n, "n", low=1)))
