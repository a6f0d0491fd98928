"""Distance functions g(z) >= 0 of rows z ``(n, k)``, each row for itself; zero at z = 0, or where they say so.

Sources: B. Da et al., arXiv 1706.03470, and Y. Yuan et al., arXiv 1706.02766, for the classic ones; J. J. Liang,
B. Y. Qu, P. N. Suganthan, "Problem definitions and evaluation criteria for the CEC 2014 special session", 2013,
for the rest, in the variants of the MToP platform (docs/paper-versus-code.md).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sphere(z: Array) -> Array:
    """Return sum z_i^2."""
    g: Array = np.sum(z * z, axis=1)
    return g


def mean(z: Array) -> Array:
    """Return 9/k sum |z_i|."""
    g: Array = np.sum(np.abs(z), axis=1) * (9.0 / z.shape[1])
    return g


def rosenbrock(z: Array) -> Array:
    """Return sum 100 (z_i^2 - z_{i+1})^2 + (1 - z_i)^2; zero at z = 1."""
    valley, floor = z[:, :-1] * z[:, :-1] - z[:, 1:], 1.0 - z[:, :-1]
    g: Array = np.sum(100.0 * (valley * valley) + floor * floor, axis=1)
    return g


def rosenbrock_steep(z: Array) -> Array:
    """Return 100 sum (z_i^2 - z_{i+1})^2 + (1 - z_i)^2; zero at z = 1."""
    valley, floor = z[:, :-1] * z[:, :-1] - z[:, 1:], 1.0 - z[:, :-1]
    g: Array = np.sum(100.0 * (valley * valley + floor * floor), axis=1)
    return g


def rastrigin(z: Array) -> Array:
    """Return sum z_i^2 + 10 (1 - cos 2 pi z_i)."""
    g: Array = np.sum(z * z + 10.0 * (1.0 - np.cos(2.0 * np.pi * z)), axis=1)
    return g


def ackley(z: Array) -> Array:
    """Return 20 (1 - exp(-0.2 sqrt(mean z^2))) + e - exp(mean cos 2 pi z)."""
    k = z.shape[1]
    far = 20.0 * (1.0 - np.exp(-0.2 * np.sqrt(np.sum(z * z, axis=1) / k)))
    g: Array = np.add(far, math.e - np.exp(np.sum(np.cos(2.0 * np.pi * z), axis=1) / k))
    return g


def griewank(z: Array) -> Array:
    """Return 1 + sum z_i^2 / 4000 - prod cos(z_i / sqrt i), i from 1."""
    waves = np.cos(z / np.sqrt(np.arange(1.0, z.shape[1] + 1.0)))
    g: Array = np.sum(z * z, axis=1) / 4000.0 + (1.0 - np.prod(waves, axis=1))
    return g


def weierstrass(z: Array) -> Array:
    """Return sum_i sum_{k=0..20} 2^-k (1 - cos 2 pi 3^k z_i).

    That is the usual cos 2 pi 3^k (z_i + 1/2) - cos 3^k pi. Its slope reaches 1e5: the last bit of z moves it by
    1e-11. The waves follow from each other as powers of a complex number, as exactly as from 21 cosines.
    """
    c, s = np.cos(2.0 * np.pi * z), np.sin(2.0 * np.pi * z)
    total = 1.0 - c
    for k in range(1, 21):
        c2, s2 = c * c, s * s
        c, s = c * (c2 - 3.0 * s2), s * (3.0 * c2 - s2)  # cos 3a and sin 3a
        total = total + 0.5**k * (1.0 - c)
    g: Array = np.sum(total, axis=1)
    return g


def elliptic(z: Array) -> Array:
    """Return sum 10^(6 (i-1)/(k-1)) z_i^2."""
    g: Array = np.sum(1e6 ** np.linspace(0.0, 1.0, z.shape[1]) * (z * z), axis=1)
    return g


def cigar(z: Array) -> Array:
    """Return z_1^2 + 10^6 sum_{i>1} z_i^2."""
    squares = z * z
    g: Array = np.add(squares[:, 0], 1e6 * np.sum(squares[:, 1:], axis=1))
    return g


def discus(z: Array) -> Array:
    """Return 10^6 z_1^2 + sum_{i>1} z_i^2."""
    squares = z * z
    g: Array = np.add(1e6 * squares[:, 0], np.sum(squares[:, 1:], axis=1))
    return g


def hgbat(z: Array) -> Array:
    """Return sqrt|S^2 - s^2| + (S/2 + s)/k + 1/2 with S = sum y_i^2, s = sum y_i, y = z - 1."""
    S, s = _moments(z)
    g: Array = np.sqrt(np.abs(S * S - s * s)) + (0.5 * S + s) / z.shape[1] + 0.5
    return g


def happycat(z: Array) -> Array:
    """Return |S - k|^(1/4) + (S/2 + s)/k + 1/2 with S = sum y_i^2, s = sum y_i, y = z - 1."""
    S, s = _moments(z)
    g: Array = np.sqrt(np.sqrt(np.abs(S - z.shape[1]))) + (0.5 * S + s) / z.shape[1] + 0.5
    return g


def _moments(z: Array) -> tuple[Array, Array]:
    y = z - 1.0
    return np.sum(y * y, axis=1), np.sum(y, axis=1)


def katsuura(z: Array) -> Array:
    """Return 10/k^2 (prod_i (1 + (i-1) A_i)^(10/k^1.2) - 1), with 10/k^1.2 for 10/k^2 as in MToP.

    A_i = sum_{l<=i} sum_{j=1..32} |2^j z_l - round(2^j z_l)| / 2^j. The CEC 2014 definition has the inner sum of
    i alone and the weight i; here it runs on from variable to variable, and z_1 counts through its successors.
    """
    k = z.shape[1]
    powers = 2.0 ** np.arange(1.0, 33.0)
    scaled = z[:, :, None] * powers
    rough = np.cumsum(np.sum(np.abs(scaled - np.round(scaled)) / powers, axis=2), axis=1)
    exponent = 10.0 / k**1.2
    g: Array = exponent * (np.prod((1.0 + np.arange(k) * rough) ** exponent, axis=1) - 1.0)
    return g


def schaffer6(z: Array) -> Array:
    """Return the sum of 1/2 + (sin^2 r - 1/2) / (1 + r^2/1000)^2, r^2 = z_i^2 + z_{i+1}^2, around the ring."""
    squares = z * z
    r2 = squares + np.roll(squares, -1, axis=1)
    g: Array = np.sum(0.5 + (np.sin(np.sqrt(r2)) ** 2 - 0.5) / (1.0 + 0.001 * r2) ** 2, axis=1)
    return g


def griewank_rosenbrock(z: Array) -> Array:
    """Return the sum of t^2/4000 - cos t + 1, t = 100 (y_i^2 - y_{i+1})^2 + (y_i - 1)^2, around the ring; y = z + 1."""
    y = z + 1.0
    valley, floor = y * y - np.roll(y, -1, axis=1), y - 1.0
    t = 100.0 * (valley * valley) + floor * floor
    g: Array = np.sum(t * t / 4000.0 + (1.0 - np.cos(t)), axis=1)
    return g


def schwefel(z: Array) -> Array:
    """Return 418.9829 k - sum h(z_i + 420.9687462275036), Schwefel's function bent back outside [-500, 500].

    The constants are rounded: at z = 0 it is 1.3e-5 k, not zero.
    """
    y, k = z + 420.9687462275036, z.shape[1]
    size = np.abs(y)
    folded = 500.0 - np.mod(size, 500.0)
    inside = size <= 500.0
    wave = np.where(inside, size, folded)
    bent = np.sign(y) * wave * np.sin(np.sqrt(wave))
    over = np.where(inside, 0.0, size - 500.0)
    g: Array = 418.9829 * k - np.sum(bent - over * over / (10000.0 * k), axis=1)
    return g
