"""CPU time of one GAN fit at GMOEA's official setting, beside a straightforward eager loop.

The setting: 100 solutions, 10 of them elite, 200 epochs of 13 batches of 8 = 2600 steps, networks as in
``mlp_generator`` and ``mlp_discriminator``. The straightforward loop is what the paper's text suggests when
written down directly: noise from ``numpy.random.multivariate_normal`` in every step, default Adam, binary cross
entropy on sigmoid outputs, gradients of both networks in both steps. Both run interleaved in one process on one
thread; the ratio of the fastest rounds is what counts.

    python benchmarks/micro/gan_fit.py [--rounds 3] [--n-var 30 100 200]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from evogan.algorithms import GMOEA
from evogan.nets import mlp_discriminator, mlp_generator

N, N_ELITE, EPOCHS, BATCH = 100, 10, 200, 8


def straightforward_fit(elite: np.ndarray, poor: np.ndarray, n_steps: int, rng: np.random.Generator) -> None:
    """Train the same networks as directly as the method's description reads."""
    n_var = elite.shape[1]
    G = mlp_generator(n_var, n_var)
    D = nn.Sequential(mlp_discriminator(n_var), nn.Sigmoid())
    optimizer_G = torch.optim.Adam(G.parameters(), lr=4e-4)
    optimizer_D = torch.optim.Adam(D.parameters(), lr=1e-4)
    bce = nn.BCELoss()
    mean, covariance = elite.mean(axis=0), np.cov(elite, rowvar=False)
    X = np.vstack([elite, poor])
    labels = np.vstack([np.ones((len(elite), 1)), np.zeros((len(poor), 1))])

    def noise() -> torch.Tensor:
        z = rng.multivariate_normal(mean, covariance, BATCH, check_valid="ignore")
        return torch.from_numpy(np.clip(z, 0, 1)).float()

    order = rng.permutation(len(X))
    for step in range(n_steps):
        rows = order[np.arange(step * BATCH, (step + 1) * BATCH) % len(X)]
        optimizer_D.zero_grad()
        d_given, d_fake = D(torch.from_numpy(X[rows]).float()), D(G(noise()))
        loss = bce(d_given, torch.from_numpy(labels[rows]).float()) + bce(d_fake, torch.zeros(BATCH, 1))
        loss.backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        loss = bce(D(G(noise())), torch.ones(BATCH, 1))
        loss.backward()
        optimizer_G.step()


def cpu_seconds(function, *arguments, **options) -> float:
    """Return the CPU seconds of one call."""
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-var", type=int, nargs="+", default=[30, 100, 200])
    parser.add_argument("--n-steps", type=int, default=EPOCHS * -(-N // BATCH))
    options = parser.parse_args()
    torch.set_num_threads(1)
    threadpool_limits(1)  # NumPy's BLAS too: its idle threads burn CPU time on small matrices
    print(f"{options.n_steps} steps, best of {options.rounds} interleaved rounds, 1 thread, torch {torch.__version__}")
    print(f"{'n_var':>6} {'straightforward':>16} {'evogan':>9} {'ratio':>7}")
    for n_var in options.n_var:
        rng = np.random.default_rng(1)
        elite, poor = 0.3 * rng.random((N_ELITE, n_var)), rng.random((N - N_ELITE, n_var))
        gan = GMOEA.code().model
        gan.n_steps = options.n_steps
        gan.fit(elite, poor, rng=rng)  # warm-up: imports, caches
        slow, fast = [], []
        for _ in range(options.rounds):
            slow.append(cpu_seconds(straightforward_fit, elite, poor, options.n_steps, rng))
            fast.append(cpu_seconds(gan.fit, elite, poor, rng=rng))
        print(f"{n_var:>6} {min(slow):>14.2f} s {min(fast):>7.2f} s {min(slow) / min(fast):>6.1f}x")


if __name__ == "__main__":
    main()
