"""The networks of SeqGAN: an LSTM that writes sequences of tokens, a convolutional network that judges them.

L. Yu, W. Zhang, J. Wang, Y. Yu, "SeqGAN: sequence generative adversarial nets with policy gradient", AAAI 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evogan._internal.checks import check_float, check_int


class SequenceGenerator(nn.Module):
    """An LSTM over tokens ``0 .. n_tokens - 1``; every sequence is written after a start token, which is 0.

    Its distribution is that of the weights alone (there is no dropout), so it is the same in ``train`` and ``eval``.

    Args:
        n_tokens: size of the vocabulary.
        length: tokens of every sequence.
        n_embedding: length of the vectors that stand for tokens.
        n_hidden: units of the LSTM.

    Example:
        >>> G = SequenceGenerator(3, length=4)
        >>> tokens = G.sample(2)
        >>> tokens.shape, G.log_prob(tokens).shape
        (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    def __init__(self, n_tokens: int, *, length: int, n_embedding: int = 32, n_hidden: int = 32) -> None:
        super().__init__()
        self.n_tokens = check_int(n_tokens, "n_tokens", low=2)
        self.length = check_int(length, "length", low=1)
        n_hidden = check_int(n_hidden, "n_hidden", low=1)
        self.embedding = nn.Embedding(self.n_tokens, check_int(n_embedding, "n_embedding", low=1))
        self.lstm = nn.LSTM(self.embedding.embedding_dim, n_hidden, batch_first=True)
        self.output = nn.Linear(n_hidden, self.n_tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits ``(n, length, n_tokens)`` of every token given those before it."""
        check_tokens(tokens, "tokens", self.n_tokens, length=self.length)
        hidden, _ = self.lstm(self.embedding(F.pad(tokens[:, :-1], (1, 0))))  # pads with 0, the start token
        out: Tensor = self.output(hidden)
        return out

    def log_prob(self, tokens: Tensor) -> Tensor:
        """Return ``(n, length)``, the log-likelihood in nats of every token given those before it."""
        return F.log_softmax(self(tokens), -1).gather(2, tokens[..., None]).squeeze(2)

    def nll(self, tokens: Tensor) -> Tensor:
        """Return the mean negative log-likelihood per token, in nats, as a scalar.

        The paper's NLL_oracle is this number of generated sequences under the oracle: its formula sums over a
        sequence, its tables are per token.
        """
        return -self.log_prob(tokens).mean()

    def sample(self, n: int) -> Tensor:
        """Return ``n`` sequences, a LongTensor ``(n, length)``."""
        n = check_int(n, "n", low=1)
        return self.complete(torch.empty(n, 0, dtype=torch.long, device=self.output.weight.device))

    def complete(self, prefix: Tensor) -> Tensor:
        """Return sequences ``(n, length)`` that begin with ``prefix``, ``(n, t)`` with ``t`` in ``[0, length]``."""
        check_tokens(prefix, "prefix", self.n_tokens)
        if prefix.shape[1] > self.length:
            raise ValueError(f"prefix must have at most {self.length} tokens, got shape {tuple(prefix.shape)}")
        tokens, unread, state = prefix, F.pad(prefix, (1, 0)), None
        with torch.no_grad():
            while tokens.shape[1] < self.length:
                hidden, state = self.lstm(self.embedding(unread), state)
                unread = torch.multinomial(self.output(hidden[:, -1]).softmax(-1), 1)
                tokens = torch.cat([tokens, unread], 1)
        return tokens


def oracle(n_tokens: int, length: int, *, seed: int, n_embedding: int = 32, n_hidden: int = 32) -> SequenceGenerator:
    """Return a generator with fixed N(0, 1) weights: a true distribution whose likelihoods are known (sec. 4.1).

    PyTorch's LSTM has two biases where the paper's has one: the second is zero. Global random states are not touched.
    """
    rng = torch.Generator().manual_seed(check_int(seed, "seed"))
    with torch.random.fork_rng(devices=[]):
        net = SequenceGenerator(n_tokens, length=length, n_embedding=n_embedding, n_hidden=n_hidden)
    for p in net.parameters():
        nn.init.normal_(p, generator=rng)
    nn.init.zeros_(net.lstm.get_parameter("bias_hh_l0"))
    return net.requires_grad_(False)


class SequenceDiscriminator(nn.Module):
    """Judge sequences by convolutions over windows of several lengths, pooled over time, and a highway layer.

    Sec. 3.3 and the appendix of SeqGAN; the form is that of Y. Kim, "Convolutional neural networks for sentence
    classification", EMNLP 2014.

    Args:
        n_tokens: size of the vocabulary.
        length: tokens of every sequence.
        n_embedding: length of the vectors that stand for tokens.
        n_filters: filters of every window.
        windows: lengths of the windows; None: those of 1, 2, 3, 4 that fit.
        dropout: probability, before the last layer; the default is the paper's.
    """

    def __init__(
        self,
        n_tokens: int,
        *,
        length: int,
        n_embedding: int = 32,
        n_filters: int = 32,
        windows: Sequence[int] | None = None,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.n_tokens = check_int(n_tokens, "n_tokens", low=2)
        self.length = check_int(length, "length", low=1)
        n_filters = check_int(n_filters, "n_filters", low=1)
        windows = range(1, min(4, self.length) + 1) if windows is None else windows
        windows = [check_int(w, f"windows[{i}]", low=1, high=self.length) for i, w in enumerate(windows)]
        if not windows:
            raise ValueError("windows must hold at least one length, got none")
        self.embedding = nn.Embedding(self.n_tokens, check_int(n_embedding, "n_embedding", low=1))
        self.convs = nn.ModuleList(nn.Conv1d(self.embedding.embedding_dim, n_filters, w) for w in windows)
        n_features = n_filters * len(windows)
        self.transform = nn.Linear(n_features, n_features)
        self.gate = nn.Linear(n_features, n_features)
        nn.init.constant_(self.gate.bias, -2.0)  # the highway carries its input at first
        self.output = nn.Sequential(nn.Dropout(check_float(dropout, "dropout", low=0.0, high=1.0)))
        self.output.append(nn.Linear(n_features, 1))

    def forward(self, tokens: Tensor, condition: Any = None) -> Tensor:
        """Return logits ``(n, 1)`` of sequences ``(n, length)``."""
        check_tokens(tokens, "tokens", self.n_tokens, length=self.length)
        embedded = self.embedding(tokens).transpose(1, 2)
        x = torch.cat([F.relu(conv(embedded)).amax(2) for conv in self.convs], 1)
        gate = torch.sigmoid(self.gate(x))
        out: Tensor = self.output(gate * F.relu(self.transform(x)) + (1.0 - gate) * x)
        return out


def check_tokens(value: Any, name: str, n_tokens: int, *, length: int | None = None) -> None:
    """Refuse what is not a LongTensor ``(n, length)`` of tokens below ``n_tokens``; None: of any length.

    Raises:
        ValueError: another shape, or tokens outside the vocabulary.
        TypeError: not a tensor of integers.
    """
    if not isinstance(value, Tensor) or value.dtype != torch.long:
        got = value.dtype if isinstance(value, Tensor) else type(value).__name__
        raise TypeError(f"{name} must be a tensor of torch.long, got {got}")
    if value.ndim != 2 or (length is not None and value.shape[1] != length):
        raise ValueError(f"{name} must have shape (n, {length or 't'}), got {tuple(value.shape)}")
    if value.numel() and not 0 <= int(value.min()) <= int(value.max()) < n_tokens:
        raise ValueError(f"{name} must lie in [0, {n_tokens - 1}], got [{int(value.min())}, {int(value.max())}]")
