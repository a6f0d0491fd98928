"""The distance functions: values worked by hand, and a transcription of their definitions term by term."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from evogan.problems.multitask import _functions as g
from evogan.problems.multitask import cec21

PI, E = math.pi, math.e


def waves(z, top=21):
    return sum(0.5**k * (math.cos(2 * PI * 3**k * (z + 0.5)) - math.cos(PI * 3**k)) for k in range(top))


def schwefel_term(y, k):
    if -500 <= y <= 500:
        return y * math.sin(math.sqrt(abs(y)))
    if y > 500:
        rest = 500 - y % 500
        return rest * math.sin(math.sqrt(abs(rest))) - (y - 500) ** 2 / (10000 * k)
    rest = (-y) % 500 - 500
    return rest * math.sin(math.sqrt(abs(rest))) - (y + 500) ** 2 / (10000 * k)


def katsuura(z):
    k, total, product = len(z), 0.0, 1.0
    for i, v in enumerate(z):
        for j in range(1, 33):
            total += abs(2**j * v - round(2**j * v)) / 2**j
        product *= (1 + i * total) ** (10 / k**1.2)
    return 10 / k**1.2 * (product - 1)


def bat(z, power_of):
    k = len(z)
    S, s = sum((v - 1) ** 2 for v in z), sum(v - 1 for v in z)
    return power_of(S, s, k) + (0.5 * S + s) / k + 0.5


def ring(z):
    return list(zip(z, [*z[1:], z[0]], strict=True))


def griewank_of_rosenbrock(z):
    t = [100 * ((a + 1) ** 2 - (b + 1)) ** 2 + a**2 for a, b in ring(z)]
    return sum(v * v / 4000 - math.cos(v) + 1 for v in t)


def schaffer(z):
    r = [a * a + b * b for a, b in ring(z)]
    return sum(0.5 + (math.sin(math.sqrt(v)) ** 2 - 0.5) / (1 + 0.001 * v) ** 2 for v in r)


SCALAR = {
    "sphere": lambda z: sum(v * v for v in z),
    "mean": lambda z: 9 * sum(map(abs, z)) / len(z),
    "rosenbrock": lambda z: sum(100 * (a * a - b) ** 2 + (1 - a) ** 2 for a, b in ring(z)[:-1]),
    "rosenbrock_steep": lambda z: sum(100 * ((a * a - b) ** 2 + (1 - a) ** 2) for a, b in ring(z)[:-1]),
    "rastrigin": lambda z: sum(v * v - 10 * math.cos(2 * PI * v) + 10 for v in z),
    "ackley": lambda z: (
        20
        + E
        - 20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in z) / len(z)))
        - math.exp(sum(math.cos(2 * PI * v) for v in z) / len(z))
    ),
    "griewank": lambda z: (
        1 + sum(v * v for v in z) / 4000 - math.prod(math.cos(v / math.sqrt(i)) for i, v in enumerate(z, start=1))
    ),
    "weierstrass": lambda z: sum(map(waves, z)),
    "elliptic": lambda z: sum(10 ** (6 * i / (len(z) - 1)) * v * v for i, v in enumerate(z)),
    "cigar": lambda z: z[0] ** 2 + 1e6 * sum(v * v for v in z[1:]),
    "discus": lambda z: 1e6 * z[0] ** 2 + sum(v * v for v in z[1:]),
    "hgbat": lambda z: bat(z, lambda S, s, k: abs(S * S - s * s) ** 0.5),
    "happycat": lambda z: bat(z, lambda S, s, k: abs(S - k) ** 0.25),
    "katsuura": katsuura,
    "schaffer6": schaffer,
    "griewank_rosenbrock": griewank_of_rosenbrock,
    "schwefel": lambda z: 418.9829 * len(z) - sum(schwefel_term(v + 420.9687462275036, len(z)) for v in z),
}
SPREAD = {"schwefel": 900.0, "weierstrass": 0.5}


@pytest.mark.parametrize("name", SCALAR)
@pytest.mark.parametrize("k", [2, 3, 10, 49])
def test_every_function_is_its_definition(name, k):
    rng = np.random.default_rng(k)
    z = np.vstack([SPREAD.get(name, 8.0) * rng.uniform(-1.0, 1.0, (40, k)), 0.01 * rng.standard_normal((5, k))])
    expected = [SCALAR[name](row) for row in z.tolist()]
    # the last bit of z moves Weierstrass's function by 1e-11; Schwefel's is a difference of numbers around 2e4
    tolerance = 1e-10 if name in ("weierstrass", "schwefel") else 1e-12
    np.testing.assert_allclose(getattr(g, name)(z), expected, rtol=tolerance, atol=tolerance)


def scaled(z, factor, name, offset=0.0):
    return SCALAR[name]([factor * v + offset for v in z])


def f8(z):
    return scaled(z, 5.12 / 100, "rastrigin")


def cut(z, *sizes):
    return [z[a:b] for a, b in pairwise([0, *np.cumsum(sizes).tolist(), len(z)])]


def f17(z):
    a, b, c = cut(z, 15, 15)
    assert len(c) == 19
    return scaled(a, 10, "schwefel") + f8(b) + SCALAR["elliptic"](c)


def f18(z):
    a, b, c = cut(z, 15, 15)
    return SCALAR["cigar"](a) + scaled(b, 0.05, "hgbat") + f8(c)


def f19(z):
    a, b, c, d = cut(z, 10, 10, 15)
    assert len(d) == 14
    rosenbrock = scaled(c, 2.048 / 100, "rosenbrock", 1.0)
    return scaled(a, 6, "griewank") + scaled(b, 0.005, "weierstrass") + rosenbrock + SCALAR["schaffer6"](d)


def f20(z):
    a, b, c, d = cut(z, 10, 10, 15)
    return scaled(a, 0.05, "hgbat") + SCALAR["discus"](b) + scaled(c, 0.05, "griewank_rosenbrock") + f8(d)


def f22(z):
    a, b, c, d, e = cut(z, 5, 10, 10, 10)
    assert len(e) == 14
    first = scaled(a, 0.05, "katsuura") + scaled(b, 0.05, "happycat") + scaled(c, 0.05, "griewank_rosenbrock")
    return first + scaled(d, 10, "schwefel") + SCALAR["ackley"](e)


HYBRIDS = {
    "f4": lambda z: scaled(z, 2.048 / 100, "rosenbrock", 1.0),
    "f8": f8,
    "f9": f8,
    "f11": lambda z: scaled(z, 10, "schwefel"),
    "f15": lambda z: scaled(z, 0.05, "griewank_rosenbrock"),
    "f17": f17,
    "f18": f18,
    "f19": f19,
    "f20": f20,
    "f22": f22,
}


@pytest.mark.parametrize("name", HYBRIDS)
def test_every_composition_of_cec21_is_its_definition(name):
    rng = np.random.default_rng(int(name[1:]))
    z = np.vstack([scale * rng.uniform(-1.0, 1.0, (30, 49)) for scale in (100.0, 1.0, 0.01)])
    expected = [HYBRIDS[name](row) for row in z.tolist()]
    np.testing.assert_allclose(getattr(cec21, name)(z), expected, rtol=1e-10, atol=1e-10)


ZERO_AT_ONE = {"rosenbrock", "rosenbrock_steep"}


@pytest.mark.parametrize("name", sorted(set(SCALAR) - {"schwefel"}))
def test_every_function_is_zero_at_its_optimum_and_positive_around_it(name):
    best = np.full((1, 15), float(name in ZERO_AT_ONE))
    assert getattr(g, name)(best)[0] == 0.0
    rng = np.random.default_rng(1)
    for radius in (1e-6, 1e-3, 0.1, 1.0, 30.0):
        around = best + radius * rng.standard_normal((200, 15))
        values = getattr(g, name)(around)
        # HGBat is flat to second order: near z = 0, rounding outweighs it
        assert (values > (-1e-12 if name == "hgbat" else 0.0)).all()


def test_the_modified_schwefel_function_misses_zero_by_its_rounded_constants():
    value = g.schwefel(np.zeros((1, 49)))[0]
    assert value == pytest.approx(49 * 1.2727566e-5, rel=1e-4)
    rng = np.random.default_rng(2)
    assert (g.schwefel(rng.uniform(-3000.0, 3000.0, (2000, 49))) > value).all()


@pytest.mark.parametrize(
    ("name", "z", "expected"),
    [
        ("sphere", [3.0, -4.0], 25.0),
        ("mean", [1.0, -2.0, 3.0], 18.0),
        ("rosenbrock", [2.0, 3.0, 5.0], 100 * 1 + 1 + 100 * 16 + 4),
        ("rosenbrock_steep", [2.0, 3.0, 5.0], 100 * (1 + 1 + 16 + 4)),
        ("rosenbrock", [0.0] * 5, 4.0),
        ("rastrigin", [1.0, 0.5], 1.0 + 0.25 + 20.0),
        ("ackley", [1.0, 1.0], 20 * (1 - math.exp(-0.2))),
        ("griewank", [PI, 0.0], 2 + PI**2 / 4000),
        ("griewank", [0.0, math.sqrt(2) * PI], 2 + 2 * PI**2 / 4000),
        ("weierstrass", [0.5], 2 * (2 - 0.5**20)),  # every wave is at its crest
        ("weierstrass", [1.0], 0.0),
        ("elliptic", [1.0, 1.0, 1.0], 1 + 1e3 + 1e6),
        ("cigar", [2.0, 1.0, 1.0], 4 + 2e6),
        ("discus", [2.0, 1.0, 1.0], 4e6 + 2),
        ("hgbat", [1.0, 2.0], 0 + 0.5 * (0.5 + 1) + 0.5),  # y = (0, 1): S = s = 1
        ("hgbat", [1.0, 3.0], math.sqrt(12) + 0.5 * (2 + 2) + 0.5),  # S = 4, s = 2
        ("happycat", [1.0, 1.0], 2**0.25 + 0.5),
        ("katsuura", [0.5, 0.25, 0.125], 0.0),  # nothing to round but 2 * 0.25 and 2, 4 * 0.125: see below
        ("schaffer6", [PI / 2, 0.0], 2 * (0.5 + 0.5 / (1 + 0.001 * PI**2 / 4) ** 2)),
        ("griewank_rosenbrock", [-1.0, -1.0], 2 * (1 / 4000 + 1 - math.cos(1.0))),  # t = 1
        ("schwefel", [-420.9687462275036], 418.9829),  # y = 0
        ("schwefel", [600 - 420.9687462275036], 418.9829 - (400 * math.sin(20) - 1)),
        ("schwefel", [-600 - 420.9687462275036], 418.9829 - (-400 * math.sin(20) - 1)),
        ("schwefel", [1100 - 420.9687462275036], 418.9829 - (400 * math.sin(20) - 36)),
        ("schwefel", [-300 - 420.9687462275036], 418.9829 + 300 * math.sin(math.sqrt(300))),
    ],
)
def test_values_worked_by_hand(name, z, expected):
    if name == "katsuura":
        # |2 z - round(2 z)| / 2 is 0 for 0.5, 1/4 for 0.25; for 0.125 it is 1/8, and |4 z - 0| / 4 another 1/8.
        # The sum runs on: A = 0, 1/4, 1/2, with weights 0, 1, 2.
        power = 10 / 3**1.2
        expected = power * ((1 + 1 / 4) ** power * (1 + 2 * 1 / 2) ** power - 1)
    assert getattr(g, name)(np.array([z]))[0] == pytest.approx(expected, rel=1e-11, abs=1e-11)
