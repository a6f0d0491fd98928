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
    from evogan.cli.names import algorithms

    return "\n".join(["Algorithms", *(f"  {name:<18}{entry.about}" for name, entry in algorithms().items())])


def _problems() -> str:
    from evogan.cli.names import problem_names

    names = textwrap.fill("  ".join(problem_names()), 100, initial_indent="  ", subsequent_indent="  ")
    return f"Problems (also with shifted- or rotated- before the name)\n{names}"


def _gans() -> str:
    from evogan.cli.system_table import systems

    lines = ["Systems of `evogan train`: name, family, paper, what was verified"]
    for name, entry in systems().items():
        lines.append(f"  {name:<20}{entry.family:<14}{entry.verified}")
        lines.append(textwrap.fill(entry.paper, 100, initial_indent=" " * 6, subsequent_indent=" " * 6))
    return "\n".join(lines)


def _data() -> str:
    from evogan.datasets import names

    lines = ["Data sets of `evogan train` (a folder of images serves too)"]
    for known in names():
        where = "bundled" if known.bundled else "local files, see `make data`"
        lines.append(f"  {known.name:<18}{known.description} ({where})")
    return "\n".join(lines)
