"""docs/systems.md is what the table of systems says."""

from pathlib import Path

from evogan.cli import main
from evogan.cli.system_table import systems, systems_markdown

PAGE = Path(__file__).parents[2] / "docs" / "systems.md"


def test_the_page_is_generated_from_the_table():
    assert PAGE.read_text().endswith(systems_markdown()), "evogan list gans --markdown, below the page's first lines"


def test_every_system_has_a_row_with_a_test(capsys):
    assert main(["list", "gans", "--markdown"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(systems())
    assert all(".py::test_" in row for row in rows)
