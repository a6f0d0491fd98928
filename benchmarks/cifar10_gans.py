"""DCGAN, SNGAN, WGAN-GP and E-GAN on CIFAR-10 with published settings, scored with Inception: made for a GPU.

Every cell has a folder with checkpoints; the same command goes on where it was stopped. See docs/training-gans.md for
the data set's files and Inception's weights.

    python benchmarks/cifar10_gans.py --inception inception-2015.npz --device cuda
    python benchmarks/cifar10_gans.py --inception inception-2015.npz --device cuda --egan   # its comparison, batch 32
    python benchmarks/cifar10_gans.py --inception inception-2015.npz --systems dcgan --steps 20 --n-samples 2100
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from evogan import gans
from evogan._internal.devices import resolve_device
from evogan._internal.rng import torch_seeded
from evogan.algorithms import EGAN
from evogan.datasets import load
from evogan.experiments import ImageScorer, TrainProgress, train
from evogan.experiments._train_folder import CHECKPOINT
from evogan.features import inception_features
from evogan.gans import Recipe
from evogan.losses import NonSaturating
from evogan.nets import DCGANNetworks, ResNetNetworks
from evogan.neuroevolution import EGANFitness
from evogan.training import Adam, GANSystem, LinearDecay

SHAPE = (3, 32, 32)
BETAS = Adam((0.0, 0.9))
RESNET = ResNetNetworks(width_G=256, width_D=128)


def dcgan(steps: int) -> GANSystem:
    return gans.dcgan(SHAPE, networks=DCGANNetworks(width=64))


def sngan(steps: int) -> GANSystem:
    recipe = Recipe(optimizer=BETAS, n_critic=5, schedule=LinearDecay(0, steps))
    return gans.sngan(SHAPE, networks=RESNET, recipe=recipe)


def wgan_gp(steps: int) -> GANSystem:
    recipe = Recipe(optimizer=BETAS, n_critic=5, schedule=LinearDecay(0, steps))
    return gans.wgan_gp(SHAPE, networks=RESNET, recipe=recipe)


# The networks and settings of E-GAN's program for CIFAR-10, and its two peers with the same networks.
EGAN_NETS = DCGANNetworks(width=128, batch_norm_G=False)


def egan(steps: int) -> EGAN:
    recipe = Recipe(n_critic=3, ema=None)
    make = partial(gans.assemble, SHAPE, EGAN_NETS, recipe, loss=NonSaturating())
    return EGAN(make, fitness=EGANFitness(0.004), n_eval=256)


def egan_dcgan(steps: int) -> GANSystem:
    return gans.dcgan(SHAPE, networks=EGAN_NETS, recipe=Recipe(ema=None))


def egan_wgan_gp(steps: int) -> GANSystem:
    return gans.wgan_gp(SHAPE, networks=EGAN_NETS, recipe=Recipe(optimizer=BETAS, n_critic=5, ema=None))


# Published FIDs and their sample counts (generated / real) of other implementations; the target, not our result.
SYSTEMS = {
    "dcgan": (dcgan, "28.1 to 29.0 (10k / 10k)"),
    "sngan": (sngan, "21.7 to 23.9 (10k / 5k)"),
    "wgan-gp": (wgan_gp, "26 to 29 (50k / 50k)"),
    # Inception scores, read off fig. 4 of arXiv 1803.00657 at 90 to 100 thousand steps of 32 samples.
    "egan": (egan, "IS 6.98"),
    "egan-dcgan": (egan_dcgan, "IS 6.89"),
    "egan-wgan-gp": (egan_wgan_gp, "IS 6.60"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inception", required=True, help="file of Inception's weights")
    parser.add_argument("--systems", nargs="+", default=["dcgan", "sngan", "wgan-gp"], choices=list(SYSTEMS))
    parser.add_argument("--steps", type=int, default=100_000, help="generator steps (100000)")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-samples", type=int, default=10_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--root", help="folder of the data set's files")
    parser.add_argument("--out", default="cifar10_gans", help="folder")
    parser.add_argument("--egan", action="store_true", help="E-GAN and its peers with its networks, batches of 32")
    options = parser.parse_args()
    if options.egan:
        options.systems, options.batch_size = ["egan", "egan-dcgan", "egan-wgan-gp"], 32
    data = load("cifar10", root=options.root)
    features = inception_features(options.inception, device=str(resolve_device(options.device)))
    scorer = ImageScorer(data, features, n=options.n_samples)
    for seed in range(1, options.seeds + 1):
        for name in options.systems:
            make, published = SYSTEMS[name]
            out = Path(options.out) / f"{name}-{seed}"
            if (out / "result.json").exists():
                print(f"{name}, seed {seed}: done before, see {out / 'result.json'}")
                continue
            with torch_seeded(np.random.default_rng(seed)):
                system = make(options.steps)
            resume = (out / CHECKPOINT).exists()
            result = train(
                system,
                data,
                n_steps=options.steps,
                batch_size=options.batch_size,
                seed=seed,
                device=options.device,
                out=out,
                resume=resume,
                scorer=scorer,
                score_every=max(1, options.steps // 5),
                progress=TrainProgress(f"{name}, seed {seed}"),
                config={"system": name, "n_steps": options.steps, "n_samples": options.n_samples},
            )
            scores = f"{result.scores['FID']}, {result.scores['IS']}"
            print(f"{name}, seed {seed}: {scores}, {result.wall_seconds:.0f} s; published: {published}")


if __name__ == "__main__":
    main()
