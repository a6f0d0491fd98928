"""SeqGAN's networks: an exact distribution over a tiny space, and a critic of tokens."""

import itertools

import pytest
import torch
from torch import nn

from evogan.nets import SequenceDiscriminator, SequenceGenerator, oracle

ALL = torch.tensor(list(itertools.product(range(3), repeat=3)))


def tiny(seed=0):
    return oracle(3, 3, seed=seed, n_embedding=4, n_hidden=5).double()


@pytest.mark.parametrize("seed", range(4))
def test_likelihoods_sum_to_one_over_all_sequences(seed):
    log_prob = tiny(seed).log_prob(ALL)
    assert log_prob.shape == (27, 3) and (log_prob < 0).all()
    torch.testing.assert_close(log_prob.sum(1).exp().sum(), torch.tensor(1.0, dtype=torch.double))
    torch.testing.assert_close(log_prob[::9, 0].exp().sum(), torch.tensor(1.0, dtype=torch.double))
    assert log_prob.sum(1).exp().std() > 0.01  # uniform would pass by any mistake


def test_samples_follow_the_likelihoods():
    torch.manual_seed(0)
    G, n = tiny(), 20_000
    p = G.log_prob(ALL).sum(1).exp()
    tokens = G.sample(n)
    assert tokens.shape == (n, 3) and tokens.dtype == torch.long
    counts = torch.bincount(tokens @ torch.tensor([9, 3, 1]), minlength=27)
    assert ((counts - n * p).abs() < 4 * (n * p * (1 - p)).sqrt() + 1).all()


def test_a_token_does_not_depend_on_later_ones():
    torch.manual_seed(0)
    G = SequenceGenerator(5, length=6)
    tokens = G.sample(4)
    before = G.log_prob(tokens)
    for t in range(6):
        changed = tokens.clone()
        changed[:, t] = (changed[:, t] + 1) % 5
        after = G.log_prob(changed)
        assert torch.equal(after[:, :t], before[:, :t]), t
        assert (after[:, t:] != before[:, t:]).all(), t  # but on itself and all earlier ones


def test_completion_keeps_the_prefix():
    torch.manual_seed(0)
    G = SequenceGenerator(4, length=5)
    tokens = G.sample(7)
    for t in range(6):
        completed = G.complete(tokens[:, :t])
        assert completed.shape == (7, 5)
        assert torch.equal(completed[:, :t], tokens[:, :t])
    for bad, message in [
        (torch.zeros(2, 6, dtype=torch.long), "at most 5 tokens"),
        (torch.full((2, 1), 4), r"\[0, 3\]"),
    ]:
        with pytest.raises(ValueError, match=f"prefix must .*{message}"):
            G.complete(bad)


def test_completion_goes_on_from_the_prefix_as_the_likelihoods_say():
    torch.manual_seed(0)
    G, n = tiny(4), 10_000
    p = G.log_prob(ALL)[:, 2].exp().view(9, 3)  # of the third token given the first two
    assert (p - p.mean(0)).abs().max() > 0.3
    for i in range(9):
        third = G.complete(ALL[3 * i : 3 * i + 1, :2].repeat(n, 1))[:, 2]
        counts = torch.bincount(third, minlength=3)
        assert ((counts - n * p[i]).abs() < 4 * (n * p[i] * (1 - p[i])).sqrt() + 1).all(), i


def test_nll_is_per_token():
    G = tiny()
    tokens = ALL[[3, 7, 20]]
    torch.testing.assert_close(G.nll(tokens), -G.log_prob(tokens).sum() / 9)
    with torch.no_grad():
        for p in G.output.parameters():
            p.zero_()
    torch.testing.assert_close(G.nll(ALL), torch.tensor(3.0, dtype=torch.double).log())


def test_oracle_is_fixed_normal_and_leaves_global_randomness_alone():
    state = torch.get_rng_state()
    first, same, other = (oracle(10, 8, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    tokens = first.sample(20)
    assert torch.equal(first.nll(tokens), same.nll(tokens)) and first.nll(tokens) < other.nll(tokens)
    assert not any(p.requires_grad for p in first.parameters())
    weights = torch.cat([p.flatten() for name, p in first.named_parameters() if name != "lstm.bias_hh_l0"])
    assert abs(weights.mean()) < 4 / len(weights) ** 0.5 and abs(weights.std() - 1) < 4 / (2 * len(weights)) ** 0.5
    assert not first.lstm.bias_hh_l0.any()


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    G, D = SequenceGenerator(5, length=6), SequenceDiscriminator(5, length=6)
    tokens = torch.randint(5, (20, 6))
    G.nll(tokens).backward()
    D(tokens).pow(3).sum().backward()
    for net in (G, D):
        for name, p in net.named_parameters():
            assert p.grad is not None and p.grad.abs().max() > 0, name


def test_windows_see_the_order_of_tokens_and_single_tokens_do_not():
    torch.manual_seed(0)
    tokens = torch.stack([torch.randperm(9)[:5] for _ in range(6)])
    alone = SequenceDiscriminator(9, length=5, windows=[1]).eval()
    assert alone(tokens).shape == (6, 1)
    torch.testing.assert_close(alone(tokens.flip(1)), alone(tokens))
    pairs = SequenceDiscriminator(9, length=5, windows=[2]).eval()
    assert ((pairs(tokens.flip(1)) - pairs(tokens)).abs() > 1e-6).all()
    assert [conv.kernel_size for conv in SequenceDiscriminator(9, length=3).convs] == [(1,), (2,), (3,)]


def test_the_highway_carries_its_input_or_transforms_it():
    torch.manual_seed(0)
    D = SequenceDiscriminator(4, length=3, windows=[3], dropout=0.0)
    tokens = torch.randint(4, (5, 3))
    x = D.convs[0](D.embedding(tokens).transpose(1, 2)).squeeze(2).relu()
    nn.init.zeros_(D.gate.weight)
    for gate, expected in [(-1e3, x), (1e3, D.transform(x).relu()), (0.0, (x + D.transform(x).relu()) / 2)]:
        nn.init.constant_(D.gate.bias, gate)
        torch.testing.assert_close(D(tokens), D.output(expected))


def test_dropout_is_on_in_training_only():
    torch.manual_seed(0)
    D = SequenceDiscriminator(4, length=3)
    tokens = torch.randint(4, (5, 3))
    assert not torch.equal(D(tokens), D(tokens))
    D.eval()
    assert torch.equal(D(tokens), D(tokens))


@pytest.mark.parametrize("net", [SequenceGenerator(4, length=3), SequenceDiscriminator(4, length=3)])
def test_wrong_tokens_are_refused(net):
    with pytest.raises(ValueError, match=r"tokens must have shape \(n, 3\), got \(2, 4\)"):
        net(torch.zeros(2, 4, dtype=torch.long))
    for bad in (4, -1):
        with pytest.raises(ValueError, match=rf"tokens must lie in \[0, 3\], got \[{bad}, {bad}\]"):
            net(torch.full((2, 3), bad))
    with pytest.raises(TypeError, match=r"tokens must be a tensor of torch.long, got torch.float32"):
        net(torch.zeros(2, 3))


@pytest.mark.parametrize(("windows", "message"), [([4], r"windows\[0\] must be in \[1, 3\]"), ([], "at least one")])
def test_windows_that_do_not_fit_are_refused(windows, message):
    with pytest.raises(ValueError, match=message):
        SequenceDiscriminator(4, length=3, windows=windows)
