"""E-GAN's mutations: eq. 3-5 in value and gradient, where they saturate, and which losses may be mutations."""

import math

import pytest
import torch

from evogan.losses import (
    AuxiliaryClassification,
    DiscriminatorOnly,
    FeatureMatching,
    Hinge,
    LabelSmoothing,
    MutualInformation,
    NonSaturating,
    RelativisticAverage,
    Wasserstein,
)
from evogan.neuroevolution import (
    HeuristicMutation,
    LeastSquaresMutation,
    MinimaxMutation,
    egan_mutations,
    named_mutations,
)

LOGITS = (-5.0, -1.0, -0.25, 0.0, 0.5, 3.0)


def sigmoid(d):
    return 1 / (1 + math.exp(-d))


# Value and derivative by the logit, written in probabilities as the paper does.
EQUATIONS = {
    "eq. 3": (MinimaxMutation(), lambda p: 0.5 * math.log(1 - p), lambda p: -0.5 * p),
    "eq. 4": (HeuristicMutation(), lambda p: -0.5 * math.log(p), lambda p: -0.5 * (1 - p)),
    "eq. 5": (LeastSquaresMutation(), lambda p: (p - 1) ** 2, lambda p: 2 * (p - 1) * p * (1 - p)),
}


def value_and_gradient(loss, logits, dtype=torch.float64):
    d = torch.tensor(logits, dtype=dtype, requires_grad=True)
    terms = loss.generator_term(d)
    (gradient,) = torch.autograd.grad(terms.sum(), d)
    return terms.detach(), gradient


@pytest.mark.parametrize("equation", EQUATIONS)
def test_values_and_gradients_are_those_of_the_paper(equation):
    loss, value, slope = EQUATIONS[equation]
    terms, gradient = value_and_gradient(loss, LOGITS)
    torch.testing.assert_close(terms, torch.tensor([value(sigmoid(d)) for d in LOGITS], dtype=torch.float64))
    torch.testing.assert_close(gradient, torch.tensor([slope(sigmoid(d)) for d in LOGITS], dtype=torch.float64))


def test_on_logits_least_squares_pulls_the_logit_itself_to_1():
    terms, gradient = value_and_gradient(LeastSquaresMutation(on_logits=True), [-40.0, 0.0, 1.0, 3.0])
    assert terms.tolist() == [41.0**2, 1.0, 0.0, 4.0]
    assert gradient.tolist() == [-82.0, -2.0, 0.0, 4.0]  # a good fake, D = sigmoid(3), is made worse


@pytest.mark.parametrize("equation", EQUATIONS)
def test_every_mutation_asks_for_a_higher_logit_and_stays_finite(equation):
    loss = EQUATIONS[equation][0]
    terms, gradient = value_and_gradient(loss, [-1e4, -40.0, *LOGITS, 40.0, 1e4], torch.float32)
    assert torch.isfinite(terms).all() and torch.isfinite(gradient).all()
    assert (gradient <= 0).all() and (gradient[2:-2] < 0).all()


def test_where_the_discriminator_wins_only_the_heuristic_mutation_keeps_its_gradient():
    wins, fooled = {}, {}
    for name, loss in egan_mutations().items():
        _, gradient = value_and_gradient(loss, [-40.0, 40.0])
        wins[name], fooled[name] = gradient.tolist()
    assert abs(wins["minimax"]) < 1e-15 and abs(wins["least_squares"]) < 1e-15
    assert wins["heuristic"] == pytest.approx(-0.5, abs=1e-15)
    # Where it is fooled, minimax is the one that goes on.
    assert fooled["minimax"] == pytest.approx(-0.5, abs=1e-15)
    assert abs(fooled["heuristic"]) < 1e-15 and abs(fooled["least_squares"]) < 1e-15


@pytest.mark.parametrize("shape", [(6,), (6, 1), (3, 1, 2, 1)])
@pytest.mark.parametrize("equation", EQUATIONS)
def test_the_loss_is_the_mean_over_logits_of_any_shape_and_needs_no_real_ones(equation, shape):
    loss, value, _ = EQUATIONS[equation]
    d_fake = torch.tensor(LOGITS, dtype=torch.float64).view(shape)
    got = loss.generator(None, d_fake, real=None, fake=None)
    assert got.item() == pytest.approx(sum(value(sigmoid(d)) for d in LOGITS) / 6, rel=1e-12)


@pytest.mark.parametrize("loss", [*egan_mutations().values(), *egan_mutations(on_logits=True).values()])
def test_for_the_discriminator_every_mutation_is_cross_entropy(loss):
    d_real, d_fake = torch.randn(2, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = -torch.log(torch.sigmoid(d_real)).mean() - torch.log(1 - torch.sigmoid(d_fake)).mean()
    torch.testing.assert_close(loss.discriminator(d_real, d_fake, real=None, fake=None), expected)


def test_the_three_are_known_by_name():
    assert egan_mutations() == {
        "minimax": MinimaxMutation(),
        "heuristic": HeuristicMutation(),
        "least_squares": LeastSquaresMutation(),
    }
    assert egan_mutations(on_logits=True)["least_squares"] == LeastSquaresMutation(on_logits=True)


# named_mutations


def test_mutations_in_a_row_are_called_by_their_classes_and_numbered_where_one_comes_again():
    losses = [Hinge(), Wasserstein(), Hinge(), RelativisticAverage(NonSaturating()), Hinge()]
    named = named_mutations(losses)
    assert list(named) == ["Hinge", "Wasserstein", "Hinge_2", "RelativisticAverage", "Hinge_4"]
    assert all(a is b for a, b in zip(named.values(), losses, strict=True))
    assert list(named_mutations(loss for loss in losses[:2])) == ["Hinge", "Wasserstein"]


def test_mutations_by_name_keep_their_names_and_the_callers_dictionary_is_not_kept():
    given = {"first": Hinge(), "second": LabelSmoothing(NonSaturating())}
    named = named_mutations(given)
    assert named == given and named is not given


@pytest.mark.parametrize("empty", [[], (), {}])
def test_at_least_one_mutation_is_needed(empty):
    with pytest.raises(ValueError, match="mutations must hold at least one adversarial loss"):
        named_mutations(empty)


@pytest.mark.parametrize(
    "bad",
    [
        AuxiliaryClassification(),
        FeatureMatching(),
        MutualInformation(10),
        HeuristicMutation,
        torch.nn.functional.softplus,
        "heuristic",
        None,
    ],
    ids=lambda bad: getattr(bad, "__name__", type(bad).__name__),
)
def test_what_is_no_adversarial_loss_is_refused_by_name(bad):
    # Auxiliary terms have methods of the same names: those take a step, not logits.
    with pytest.raises(TypeError, match=r"mutations must be adversarial losses such as .* odd is .*auxiliaries="):
        named_mutations({"fine": Hinge(), "odd": bad})


def test_a_loss_that_leaves_the_generator_to_auxiliary_terms_may_be_a_mutation():
    assert list(named_mutations([DiscriminatorOnly(NonSaturating())])) == ["DiscriminatorOnly"]


@pytest.mark.parametrize("bad", [HeuristicMutation(), "heuristic", 3])
def test_a_single_loss_is_refused_with_a_hint(bad):
    with pytest.raises(TypeError, match="mutations must be adversarial losses in a list, or by name in a dict, got"):
        named_mutations(bad)
