"""Auxiliary terms by hand: perfect answers, wrong answers, answers that are missing, states."""

import copy
import math

import pytest
import torch
from torch import nn

from evogan.losses import (
    AuxiliaryClassification,
    FeatureMatching,
    HistoricalAveraging,
    MutualInformation,
    NonSaturating,
    Step,
)
from evogan.nets import Critic


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def step_with(d_real=None, d_fake=None, **fields):
    """Build a step in which only what a test is about exists."""
    known = {"G": nn.Identity(), "D": nn.Identity(), "real": None, "fake": None, "latent": None, **fields}
    return Step(loss=NonSaturating(), d_real=d_real, d_fake=d_fake, **known)


def critic(**fields):
    return Critic(torch.zeros(2), **{name: double(values) for name, values in fields.items()})


def cross_entropy(logits, label):
    return math.log(sum(math.exp(x) for x in logits)) - logits[label]


# Auxiliary classification.


def test_classification_costs_by_hand():
    real, fake, labels = [[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]], [[0.1, 0.2, 0.3], [2.0, 0.0, 1.0]], [1, 2]
    of_real, of_fake = (
        sum(cross_entropy(x, y) for x, y in zip(rows, labels, strict=True)) / 2 for rows in (real, fake)
    )
    step = step_with(critic(classes=real), critic(classes=fake), condition=torch.tensor(labels))
    term = AuxiliaryClassification(3.0)
    assert term.discriminator(step).item() == pytest.approx(3 * (of_real + of_fake), rel=1e-12)
    assert term.generator(step).item() == pytest.approx(3 * of_fake, rel=1e-12)


def test_perfect_classification_costs_nothing_and_wrong_one_much():
    said = critic(classes=[[40.0, 0.0], [0.0, 40.0]])
    right, wrong = (step_with(said, said, condition=torch.tensor(labels)) for labels in ([0, 1], [1, 0]))
    assert AuxiliaryClassification().discriminator(right).item() == pytest.approx(0.0, abs=1e-15)
    assert AuxiliaryClassification().discriminator(wrong).item() == pytest.approx(80.0, rel=1e-12)


@pytest.mark.parametrize("condition", [None, 3, torch.tensor([0.0, 1.0]), torch.tensor([[0, 1]])])
def test_classification_needs_labels(condition):
    said = critic(classes=[[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(TypeError, match=r"condition must be a LongTensor of labels \(n,\) for AuxiliaryClassification"):
        AuxiliaryClassification().generator(step_with(said, said, condition=condition))


@pytest.mark.parametrize(
    ("term", "field"),
    [(AuxiliaryClassification(), "classes"), (MutualInformation(2), "code"), (FeatureMatching(), "features")],
    ids=lambda part: part if isinstance(part, str) else "",
)
@pytest.mark.parametrize(("said", "got"), [(torch.zeros(2, 1), "a Tensor"), (critic(), "a Critic without {}")])
def test_a_discriminator_that_does_not_tell_is_refused(term, field, said, got):
    step = step_with(said, said, latent=torch.eye(2), condition=torch.tensor([0, 1]))
    message = rf"{type(term).__name__} needs a discriminator that returns Critic\(\.\.\., {field}=\.\.\.\), got "
    with pytest.raises(TypeError, match=message + got.format(field)):
        term.generator(step)


# Mutual information.


def test_mutual_information_by_hand():
    said = [[0.5, -1.0, 0.25, 1.0], [2.0, 0.0, -0.5, 0.0]]
    latent = double([[9.0, 0.0, 1.0, 0.75, -1.0], [9.0, 1.0, 0.0, -0.5, 2.0]])
    categories = (cross_entropy(said[0][:2], 1) + cross_entropy(said[1][:2], 0)) / 2
    squares = ((0.25 - 0.75) ** 2 + (1.0 + 1.0) ** 2 + 0.0 + 2.0**2) / 2
    term = MutualInformation(2, 2, weight=3.0, continuous_weight=0.4)
    by_hand = pytest.approx(3 * categories + 0.4 * squares / 2, rel=1e-12)
    step = step_with(d_fake=critic(code=said), latent=latent)
    assert term.discriminator(step).item() == by_hand
    assert term.generator(step).item() == by_hand


def test_either_kind_of_code_may_be_missing():
    latent = double([[5.0, 0.0, 1.0], [5.0, 1.0, 0.0]])
    step = step_with(d_fake=critic(code=[[0.0, 1.0], [2.0, 0.0]]), latent=latent)
    categories = (cross_entropy([0.0, 1.0], 1) + cross_entropy([2.0, 0.0], 0)) / 2
    assert MutualInformation(2).generator(step).item() == pytest.approx(categories, rel=1e-12)
    assert MutualInformation(0, 2).generator(step).item() == pytest.approx(0.1 * (1.0 / 2) / 2, rel=1e-12)


def test_a_code_read_perfectly_costs_nothing():
    latent = double([[0.0, 1.0, 0.75], [1.0, 0.0, -0.5]])
    said = critic(code=[[0.0, 40.0, 0.75], [40.0, 0.0, -0.5]])
    step = step_with(d_fake=said, latent=latent)
    assert MutualInformation(2, 1).generator(step).item() == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    ("code", "latent"),
    [
        ([[0.0, 1.0, 2.0]] * 2, torch.zeros(2, 6)),
        ([[0.0, 1.0]] * 2, torch.zeros(2, 1)),
        ([[0.0, 1.0]] * 2, torch.zeros(2, 2, 1, 1)),
        ([[0.0, 1.0]] * 2, None),
    ],
)
def test_codes_of_another_width_are_refused(code, latent):
    with pytest.raises(ValueError, match=r"MutualInformation needs a code \(n, 2\) of the critic and at the end of"):
        MutualInformation(2).discriminator(step_with(d_fake=critic(code=code), latent=latent))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((-1,), "n_categories"), ((0,), "n_continuous"), ((2, -1), "n_continuous"), ((2, 0, -1.0), "weight")],
)
def test_bad_codes_are_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=rf"MutualInformation\.{name} must"):
        MutualInformation(*arguments)


# Feature matching.


def test_feature_matching_is_the_squared_distance_of_means():
    real, fake = [[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [2.0, 3.0]]
    step = step_with(critic(features=real), critic(features=fake))
    assert FeatureMatching(2.0).generator(step).item() == pytest.approx(2 * (1.0**2 + 1.5**2), rel=1e-14)
    equal_means = step_with(critic(features=real), critic(features=[[2.5, 3.5], [1.5, 2.5]]))
    assert FeatureMatching().generator(equal_means).item() == 0.0


def test_feature_matching_moves_fakes_only():
    features = [double([[1.0, 2.0], [3.0, 4.0]]).requires_grad_(), double([[0.0, 0.0]]).requires_grad_()]
    value = FeatureMatching().generator(step_with(*(Critic(torch.zeros(2), h) for h in features)))
    of_real, of_fake = torch.autograd.grad(value, features, allow_unused=True)
    assert of_real is None
    assert of_fake.tolist() == [[-4.0, -6.0]]


def test_half_precision_is_read_in_float32():
    h = torch.full((3, 2), 1 / 3, dtype=torch.bfloat16)
    value = FeatureMatching().generator(step_with(Critic(h, h), Critic(h, 0 * h)))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(2 * h[0, 0].item() ** 2, rel=1e-6)


# Historical averaging.


def line(value):
    net = nn.Linear(1, 1).double()
    for param in net.parameters():
        nn.init.constant_(param, value)
    return net


def test_the_past_is_the_mean_of_parameters_after_each_update():
    part, G, D = HistoricalAveraging(0.5), line(1.0), line(-1.0)
    step = step_with(G=G, D=D)
    assert part.generator(step) is None
    assert part.discriminator(step) is None
    for of_G, of_D in ((1.0, -1.0), (3.0, 0.0), (5.0, 4.0)):
        for net, value in ((G, of_G), (D, of_D)):
            for param in net.parameters():
                nn.init.constant_(param, value)
        part.update(step)
    # Means 3 and 1, two parameters each.
    assert part.generator(step).item() == pytest.approx(0.5 * 2 * (5.0 - 3.0) ** 2, rel=1e-12)
    assert part.discriminator(step).item() == pytest.approx(0.5 * 2 * (4.0 - 1.0) ** 2, rel=1e-12)


@pytest.mark.parametrize("n_updates", [0, 1, 2])
def test_the_past_survives_a_round_trip(n_updates):
    part, G, D = HistoricalAveraging(), line(1.0), line(2.0)
    step = step_with(G=G, D=D)

    def advance(*parts):
        for one in parts:
            one.update(step)
        with torch.no_grad():
            for param in (*G.parameters(), *D.parameters()):
                param.mul_(2)

    for _ in range(n_updates):
        advance(part)
    state, other, late = part.state_dict(), HistoricalAveraging(), HistoricalAveraging()
    before = copy.deepcopy(state)
    other.load_state_dict(state)
    advance(part, other)
    assert other.generator(step) == part.generator(step)
    assert other.discriminator(step) == part.discriminator(step) > 0
    # That left the handed-out state as it was.
    costs = []
    for stored in (state, before):
        late.load_state_dict(stored)
        costs.append((late.generator(step), late.discriminator(step)))
    assert costs[0] == costs[1]
    assert (costs[0] == (None, None)) == (n_updates == 0)


def test_a_loaded_past_replaces_a_longer_one():
    part, step = HistoricalAveraging(), step_with(G=line(1.0), D=line(2.0))
    fresh = HistoricalAveraging().state_dict()
    part.update(step)
    part.load_state_dict(fresh)
    assert part.generator(step) is None
