"""Progress: one line on a terminal, plain lines elsewhere."""

import io

from evogan.experiments import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


ROW = {"n_evals": 50, "igd": 0.25, "hv": 0.5, "d_loss": 1.2, "g_loss": 0.7, "fit_seconds": 2.0}


def test_plain_lines_are_few_and_whole():
    stream = io.StringIO()
    progress = Progress("gmoea imf1", stream=stream, every=3600)
    for n in (20, 40, 60, 100):
        progress.update({**ROW, "n_evals": n}, 100)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert "100/100 evaluations" in lines[0] and "igd 0.25" in lines[0] and "GAN fit 2.0 s" in lines[0]
    assert "loss D 1.200 G 0.700" in lines[0]


def test_every_line_is_shown_where_time_allows():
    stream = io.StringIO()
    progress = Progress("x", stream=stream, every=0)
    for n in (20, 40):
        progress.update({**ROW, "n_evals": n}, 100)
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["20%", "40%"]


def test_a_terminal_sees_one_line_rewritten():
    stream = Terminal()
    progress = Progress("x", stream=stream)
    progress.update({"n_evals": 100, "igd": None}, 100)
    assert stream.getvalue().startswith("\r") and stream.getvalue().endswith("\n")
    assert stream.getvalue().count("\n") == 1
