"""Each loss at its optimal discriminator equals the divergence that its paper says, by quadrature in float64."""

import math

import pytest
import torch
from scipy.optimize import minimize_scalar

from evogan.losses import (
    FGAN,
    KL,
    GANDivergence,
    Hellinger,
    Jeffreys,
    JensenShannon,
    LeastSquares,
    Minimax,
    Neyman,
    Pearson,
    ReverseKL,
)

DIVERGENCES = (KL(), ReverseKL(), Pearson(), Neyman(), Hellinger(), Jeffreys(), JensenShannon(), GANDivergence())

# Two normal densities of different means and widths. The trapezium rule is exact to rounding for them.
SP, SQ, GAP = 1.0, 1.2, 0.5
X = torch.linspace(-25, 25, 20_001, dtype=torch.float64)


def normal(x, mean, scale):
    return (-0.5 * ((x - mean) / scale) ** 2).exp() / (scale * math.sqrt(2 * math.pi))


P, Q = normal(X, GAP, SP), normal(X, 0.0, SQ)
# In closed form: the quotient of densities that underflow in the tails would be 0 / 0.
LOG_RATIO = math.log(SQ / SP) - 0.5 * ((X - GAP) / SP) ** 2 + 0.5 * (X / SQ) ** 2


def integral(values):
    return torch.trapezoid(values, X).item()


def kl(gap, s, t):
    return math.log(t / s) + (s**2 + gap**2) / (2 * t**2) - 0.5


def chi_squared(gap, s, t):
    """The integral of p^2 / q, less 1."""
    return t**2 / (s * math.sqrt(2 * t**2 - s**2)) * math.exp(gap**2 / (2 * t**2 - s**2)) - 1


def jensen_shannon():
    log_m = torch.logaddexp(LOG_RATIO, torch.zeros_like(X)) - math.log(2)  # log(m / q)
    return integral(P * (LOG_RATIO - log_m) - Q * log_m)


def bhattacharyya():
    return math.sqrt(2 * SP * SQ / (SP**2 + SQ**2)) * math.exp(-(GAP**2) / (4 * (SP**2 + SQ**2)))


def closed_form(divergence):
    match divergence:
        case KL():
            return kl(GAP, SP, SQ)
        case ReverseKL():
            return kl(GAP, SQ, SP)
        case Jeffreys():
            return kl(GAP, SP, SQ) + kl(GAP, SQ, SP)
        case Pearson():
            return chi_squared(GAP, SP, SQ)
        case Neyman():
            return chi_squared(GAP, SQ, SP)
        case Hellinger():
            return 2 - 2 * bhattacharyya()
        case JensenShannon():
            return jensen_shannon()
        case GANDivergence():
            return jensen_shannon() - math.log(4)


def best_logits(divergence, r=LOG_RATIO):
    """Logits v with g_f(v) = f'(p / q), worked out by hand from log ratios r."""
    match divergence:
        case KL():
            return r + 1
        case Pearson():
            return 2 * torch.expm1(r)
        case Neyman():
            return 2 * r
        case Hellinger():
            return r / 2
        case Jeffreys():
            return r + 1 - (-r).exp()
        case ReverseKL() | JensenShannon() | GANDivergence():
            return r


def bound(loss, v):
    return -integral(P * loss.real_term(v) + Q * loss.fake_term(v))


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_the_bound_is_tight_at_the_optimal_discriminator_and_only_there(divergence):
    loss, best = FGAN(divergence), best_logits(divergence)
    exact = closed_form(divergence)
    assert bound(loss, best) == pytest.approx(exact, rel=1e-11)
    inside = X.abs() < 3
    for shift in (-0.1, 0.1):
        assert bound(loss, torch.where(inside, best + shift, best)) < exact - 1e-4


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_f_of_density_ratios_gives_the_divergence(divergence):
    inside = X.abs() < 15
    by_definition = torch.where(inside, Q * divergence.f(LOG_RATIO.exp()), 0.0)
    assert integral(by_definition) == pytest.approx(closed_form(divergence), rel=1e-9)


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_the_optimal_activation_is_the_derivative_of_f(divergence):
    r = torch.linspace(-3, 3, 13, dtype=torch.float64)
    u = r.exp().requires_grad_()
    (slope,) = torch.autograd.grad(divergence.f(u).sum(), u)
    torch.testing.assert_close(divergence.activation(best_logits(divergence, r)), slope, rtol=1e-12, atol=1e-12)


# Pearson's conjugate in the paper is that of the whole parabola: below T = -2 its supremum lies at u < 0.
@pytest.mark.parametrize("logit", [-1.9, -1.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("divergence", DIVERGENCES, ids=lambda d: d.name)
def test_the_conjugate_is_the_supremum(divergence, logit):
    v = torch.tensor(logit, dtype=torch.float64)
    T = divergence.activation(v).item()

    def minus_gain(log_u):
        u = torch.tensor(math.exp(log_u), dtype=torch.float64)
        return divergence.f(u).item() - T * u.item()

    best = minimize_scalar(minus_gain, bounds=(-30, 8), method="bounded", options={"xatol": 1e-9})
    assert divergence.conjugate(v).item() == pytest.approx(-best.fun, rel=1e-9, abs=1e-9)


def test_minimax_bounds_twice_the_jensen_shannon_divergence_less_log_4():
    # Goodfellow et al. 2014, theorem 1; the optimal logit is log(p / q).
    assert bound(Minimax(), LOG_RATIO) == pytest.approx(jensen_shannon() - math.log(4), rel=1e-12)


def test_least_squares_with_labels_minus_1_1_0_is_pearsons_chi_squared_of_the_mixture():
    # Mao et al. 2017, eq. 8: with b - c = 1 and b - a = 2, twice the generator's loss over both densities at the
    # optimal discriminator is the chi squared of p + q against 2q.
    loss = LeastSquares(-1.0, 1.0, 0.0)
    best = (loss.b * P + loss.a * Q) / (P + Q)
    best = torch.where(X.abs() < 20, best, torch.tanh(LOG_RATIO / 2))
    chi = integral((2 * Q - (P + Q)) ** 2 / (P + Q))
    assert 2 * integral((P + Q) * loss.generator_term(best)) == pytest.approx(chi, rel=1e-12)
    # The discriminator's own loss there is what is left of 1.
    assert -bound(loss, best) == pytest.approx(1 - chi / 2, rel=1e-12)
    assert bound(loss, best + 0.1) < bound(loss, best)
