"""The systems that ``evogan train`` knows, with the tests that show what each paper's method must show."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from evogan.training import System

_YEAR = re.compile(r"\b(19|20)\d\d\b")
_DEPARTS = re.compile(r"Departs from the (paper|authors' programs?): ")


@dataclass(frozen=True)
class SystemEntry:
    """A named system.

    Attributes:
        name: that of its function, with - for _.
        module: the folder of evogan that holds the function; imported when it is asked for.
        family: what kind of idea it is.
        verified: how far it has been checked against its paper.
        tests: what shows it, ``file::test`` below ``tests/``.
    """

    name: str
    module: str
    family: str
    verified: str
    tests: tuple[str, ...]

    @property
    def make(self) -> Callable[..., System]:
        """The function that makes the system."""
        made: Callable[..., System] = getattr(
            importlib.import_module(f"evogan.{self.module}"), self.name.replace("-", "_")
        )
        return made

    @property
    def paper(self) -> str:
        """The paper's authors, title, venue and year: the second paragraph of the docstring of function or file."""
        of_function, of_file = _paragraphs(self.make), _paragraphs(inspect.getmodule(self.make))
        return next(text[1] for text in (of_function, of_file) if len(text) > 1 and _YEAR.search(text[1]))

    @property
    def departures(self) -> str:
        """How the function, or the class that it makes, differs from the paper; empty where neither does."""
        made = getattr(inspect.getmodule(self.make), str(inspect.signature(self.make).return_annotation), None)
        texts = [*_paragraphs(self.make), *([] if self.module == "gans" else _paragraphs(made))]
        return " ".join(_DEPARTS.sub("", text) for text in texts if _DEPARTS.match(text))


def _paragraphs(documented: object) -> list[str]:
    return [" ".join(text.split()) for text in inspect.cleandoc(documented.__doc__ or "").split("\n\n")]


def systems() -> dict[str, SystemEntry]:
    """Return the table of systems, from ``systems.toml``."""
    rows = tomllib.loads(resources.files("evogan.cli").joinpath("systems.toml").read_text(encoding="utf-8"))
    return {
        name: SystemEntry(name, row.get("module", "gans"), row["family"], row["verified"], tuple(row["tests"]))
        for name, row in rows.items()
    }


def systems_markdown() -> str:
    """Return the table as Markdown, for docs/systems.md."""
    lines = ["| system | family | paper | departs from it | shown by |", "|---|---|---|---|---|"]
    for name, entry in systems().items():
        tests = ", ".join(f"`{test}`" for test in entry.tests)
        lines.append(f"| `{name}` | {entry.family} | {entry.paper} | {entry.departures} | {entry.verified}: {tests} |")
    return "\n".join(lines).replace("``", "`") + "\n"
