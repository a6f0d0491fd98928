"""The systems that ``evogan train`` knows, with the tests that show what each paper's method must show."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from evogan import gans
from evogan.training import System


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
        return self._paragraphs()[1]

    @property
    def departures(self) -> str:
        """How the function differs from its paper; empty where it does not."""
        prefix = "Departs from the paper: "
        return " ".join(p.removeprefix(prefix) for p in self._paragraphs() if p.startswith(prefix))

    def _paragraphs(self) -> list[str]:
        return [" ".join(p.split()) for p in inspect.cleandoc(self.make.__doc__ or "").split("\n\n")]


def systems() -> dict[str, SystemEntry]:
    """Return the table of systems, from ``systems.toml``."""
    rows = tomllib.loads(resources.files("evogan.cli").joinpath("systems.toml").read_text(encoding="utf-8"))
    return {
        name: SystemEntry(getattr(gans, name.replace("-", "_")), row["family"], row["verified"], tuple(row["tests"]))
        for name, row in rows.items()
    }


def systems_markdown() -> str:
    """Return the table as Markdown, for docs/systems.md."""
    lines = ["| system | family | paper | departs from it | shown by |", "|---|---|---|---|---|"]
    for name, entry in systems().items():
        tests = ", ".join(f"`{test}`" for test in entry.tests)
        lines.append(f"| `{name}` | {entry.family} | {entry.paper} | {entry.departures} | {entry.verified}: {tests} |")
    return "\n".join(lines).replace("``", "`") + "\n"
