"""``evogan list``."""

from __future__ import annotations

import argparse
import textwrap


def list_command(options: argparse.Namespace) -> int:
    """Print the tables of names."""
    if options.markdown:
        from evogan.cli.system_table import systems_markdown

        if options.what != "gans":
            raise ValueError("--markdown goes with `evogan list gans`")
        print(systems_markdown(), end="")
        return 0
    shown = {"algorithms": _algorithms, "problems": _problems, "gans": _gans, "data": _data}
    parts = shown.values() if options.what is None else [shown[options.what]]
    print("\n\n".join(part() for part in parts))
    return 0


def _algorithms() -> str:
    from evogan.cli.algorithm_names import algorithms
    from evogan.cli.multitask_names import ALGORITHMS

    one = _columns({name: entry.about for name, entry in algorithms().items()})
    several = _columns({name: entry.about for name, entry in ALGORITHMS.items()})
    head = "Algorithms for several tasks (the others run on each task apart)"
    return "\n".join(["Algorithms", *one, "", head, *several])


def _problems() -> str:
    from evogan.cli.problem_names import problem_names
    from evogan.problems.multitask import SUITES

    names = textwrap.fill("  ".join(problem_names()), 100, initial_indent="  ", subsequent_indent="  ")
    several = _columns(
        {
            f"{suite.name}-1 ... {suite.n_problems}": f"{suite.n_tasks} tasks"
            + (" or fewer (--set problem.n_tasks=N)" if suite.many else "")
            for suite in SUITES.values()
        }
    )
    head = "Problems of several tasks (also single problems joined by +, e.g. zdt1+zdt2)"
    return "\n".join(["Problems (also with shifted- or rotated- before the name)", names, "", head, *several])


def _gans() -> str:
    from evogan.cli.system_table import systems

    lines = ["Systems of `evogan train`: name, family, paper, what was verified"]
    for name, entry in systems().items():
        lines.append(f"  {name:<20}{entry.family:<14}{entry.verified}")
        lines.append(textwrap.fill(entry.paper, 100, initial_indent=" " * 6, subsequent_indent=" " * 6))
    return "\n".join(lines)


def _data() -> str:
    from evogan.datasets import names

    where = {True: "bundled", False: "local files, see `make data`"}
    known = _columns({one.name: f"{one.description} ({where[one.bundled]})" for one in names()})
    return "\n".join(["Data sets of `evogan train` (a folder of images serves too)", *known])


def _columns(table: dict[str, str]) -> list[str]:
    """Return a line for each name, indented, what is said of it in a second column."""
    width = max(map(len, table)) + 2
    return [f"  {name:<{width}}{about}" for name, about in table.items()]
