"""``evogan list``."""

from __future__ import annotations

import argparse
import textwrap

from evogan.cli.names import algorithms, problem_names


def list_command(options: argparse.Namespace) -> int:
    """Print the tables of names."""
    print("Algorithms")
    for name, entry in algorithms().items():
        print(f"  {name:<18}{entry.about}")
    print("\nProblems (also with shifted- or rotated- before the name)")
    print(textwrap.fill("  ".join(problem_names()), 100, initial_indent="  ", subsequent_indent="  "))
    return 0
