"""The systems that ``evogan train`` knows, with the tests that show what each paper's method must show."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from evogan import gans
from evogan.training import System

EXACT = "exact tests"
TRAINED = "exact tests, trained"


@dataclass(frozen=True)
class SystemEntry:
    """A named system.

    Attributes:
        make: the function of :mod:`evogan.gans`.
        family: what kind of idea it is.
        verified: how far it has been checked against its paper.
        tests: what shows it, ``file::test`` below ``tests/``.
    """

    make: Callable[..., System]
    family: str
    verified: str
    tests: tuple[str, ...]

    @property
    def paper(self) -> str:
        """The paper's authors, title, venue and year: the second paragraph of the function's docstring."""
        paragraphs = inspect.cleandoc(self.make.__doc__ or "").split("\n\n")
        return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""


def systems() -> dict[str, SystemEntry]:
    """Return the table of systems."""
    ring = "gans/test_ring.py::test_covers_the_ring"
    rows: list[tuple[str, Callable[..., System], str, str, tuple[str, ...]]] = [
        ("gan", gans.gan, "loss", TRAINED, (ring,)),
        ("dcgan", gans.dcgan, "architecture", TRAINED, ()),
        ("lsgan", gans.lsgan, "loss", TRAINED, (ring,)),
        ("hinge-gan", gans.hinge_gan, "loss", TRAINED, (ring,)),
        ("wgan", gans.wgan, "wasserstein", TRAINED, (ring,)),
        ("wgan-gp", gans.wgan_gp, "wasserstein", TRAINED, (ring,)),
        ("wgan-div", gans.wgan_div, "wasserstein", TRAINED, (ring,)),
        ("ct-gan", gans.ct_gan, "wasserstein", TRAINED, (ring,)),
        ("f-gan", gans.f_gan, "loss", TRAINED, (ring,)),
        ("rsgan", gans.rsgan, "loss", TRAINED, (ring,)),
        ("ragan", gans.ragan, "loss", TRAINED, (ring,)),
        ("gan-qp", gans.gan_qp, "loss", TRAINED, (ring,)),
        ("t-gan", gans.t_gan, "loss", TRAINED, (ring,)),
        ("began", gans.began, "loss", TRAINED, ()),
        ("sngan", gans.sngan, "stability", TRAINED, (ring,)),
        ("gan-r1", gans.gan_r1, "stability", TRAINED, (ring,)),
        ("dragan", gans.dragan, "stability", TRAINED, (ring,)),
        ("roth-gan", gans.roth_gan, "stability", TRAINED, (ring,)),
        ("consensus-gan", gans.consensus_gan, "stability", TRAINED, (ring,)),
        ("locally-stable-gan", gans.locally_stable_gan, "stability", TRAINED, (ring,)),
        ("vdb-gan", gans.vdb_gan, "stability", TRAINED, (ring,)),
        ("ttur-gan", gans.ttur_gan, "stability", TRAINED, (ring,)),
        ("unrolled-gan", gans.unrolled_gan, "stability", TRAINED, (ring,)),
        ("pacgan", gans.pacgan, "diversity", TRAINED, (ring,)),
        ("improved-gan", gans.improved_gan, "diversity", TRAINED, (ring,)),
        ("mix-gan", gans.mix_gan, "diversity", TRAINED, (ring,)),
        ("pggan", gans.pggan, "growth", EXACT, ()),
        ("stylegan", gans.stylegan, "style", EXACT, ()),
    ]
    return {name: SystemEntry(*row) for name, *row in rows}  # type: ignore[arg-type]
