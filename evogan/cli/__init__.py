"""The command ``evogan``: the only place where names become objects.

Nothing heavy is imported before a sub-command runs, so ``evogan --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from evogan import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 2 wrong input, 130 stopped by Ctrl-C."""
    options = _parser().parse_args(argv)
    try:
        return int(_run_command(options))
    except BrokenPipeError:  # `evogan list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, TypeError, ImportError, OSError) as error:
        if options.traceback:
            raise
        print(f"evogan {options.command}: {_one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"evogan {options.command}: stopped", file=sys.stderr)
        return 130
    except Exception as error:  # a fault of evogan's or of the problem's own code
        if options.traceback:
            raise
        where = "--traceback shows where"
        print(f"evogan {options.command}: {type(error).__name__}: {_one_line(error)} ({where})", file=sys.stderr)
        return 1


def _run_command(options: argparse.Namespace) -> int:
    if options.command == "run":
        from evogan.cli._run import run_command

        return run_command(options)
    if options.command == "train":
        from evogan.cli._train import train_command

        return train_command(options)
    if options.command == "bench":
        from evogan.cli._bench import bench_command

        return bench_command(options)
    if options.command in ("table", "plot", "export"):
        from evogan.cli import _report

        commands = {"table": _report.table_command, "plot": _report.plot_command, "export": _report.export_command}
        return commands[options.command](options)
    if options.command == "list":
        from evogan.cli._list import list_command

        return list_command(options)
    from evogan.cli._doctor import doctor_command

    return doctor_command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evogan", description="Generative models as variation operators of evolutionary algorithms."
    )
    parser.add_argument("--version", action="version", version=f"evogan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_train(commands)
    _add_bench(commands)
    _add_reports(commands)
    shown = _add(commands, "list", "show the names that `evogan run` and `evogan train` know")
    shown.add_argument("what", nargs="?", choices=("algorithms", "problems", "gans", "data"), help="only these (all)")
    shown.add_argument("--markdown", action="store_true", help="the table of `gans` with departures and tests")
    _add(commands, "doctor", "show versions, devices, threads and compiled modules")
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", allow_abbrev=False)
    parser.add_argument("--traceback", action="store_true", help="show where an error comes from")
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = _add(commands, "run", "run one algorithm on one problem")
    run.epilog = (
        "examples: evogan run gmoea imf1 --n-var 30 --n-evals 5000 --seed 1 --out out | "
        "evogan run gmoea-code shifted-imf4 --pop-size 105 --set model.n_steps=500 | "
        "evogan run emt-gs cec17-mtmo-1 --n-evals 50000 | evogan run --resume out"
    )
    run.add_argument("algorithm", nargs="?", metavar="ALGORITHM", help="a name from `evogan list`")
    run.add_argument(
        "problem",
        nargs="?",
        metavar="PROBLEM",
        help="a name from `evogan list`, with shifted- or rotated- before it, or some joined by +",
    )
    run.add_argument("--n-var", type=int, metavar="D", help="decision variables (the problem's own default)")
    run.add_argument("--n-obj", type=int, metavar="M", help="objectives (the problem's own default)")
    run.add_argument("--pop-size", type=int, metavar="N", help="population size, of each task (100, or the suite's)")
    run.add_argument(
        "--n-evals", type=int, metavar="E", help="evaluation budget, never overshot (10000, or the suite's)"
    )
    run.add_argument("--seed", type=int, metavar="S", help="random seed (drawn and recorded)")
    run.add_argument("--device", metavar="DEVICE", help="auto, cpu or cuda (auto)")
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an argument of the algorithm, of its model (model.KEY) or of the problem (problem.KEY); repeatable",
    )
    run.add_argument("--out", metavar="DIR", help="folder for results, pictures and checkpoints")
    run.add_argument(
        "--checkpoint-every", type=int, metavar="E", help="evaluations between checkpoints in DIR (1000 a task)"
    )
    run.add_argument("--quiet", action="store_true", help="no progress, no table")
    run.add_argument("--resume", metavar="DIR", help="continue the run in DIR; takes no other argument but --quiet")


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = _add(commands, "train", "train a generative adversarial network on a data set")
    train.epilog = (
        "examples: evogan train gan --data digits --steps 2000 --out out | evogan train dcgan --data fashion-mnist "
        "--image-size 32 --set networks.width=32 --set lr_D=1e-4 | evogan train egan --data ring8 --set mu=2 "
        "--set gamma=0.1 --set mutations=heuristic,hinge | evogan train --resume out"
    )
    train.add_argument("system", nargs="?", metavar="SYSTEM", help="a name from `evogan list gans`")
    train.add_argument("--data", metavar="NAME", help="a name from `evogan list data`, or a folder of images")
    train.add_argument("--root", metavar="DIR", help="where the data set's files lie")
    train.add_argument("--steps", type=int, metavar="N", help="generator updates in all (1000)")
    train.add_argument("--image-size", type=int, metavar="S", help="pixels of a side (the data's own)")
    train.add_argument("--batch-size", type=int, metavar="B", help="samples per minibatch and process (64)")
    train.add_argument("--seed", type=int, metavar="S", help="random seed (drawn and recorded)")
    train.add_argument("--device", metavar="DEVICE", help="auto, cpu or cuda (auto)")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of the system or its recipe (lr_G, lr_D, n_critic, ema, bf16 ...), networks=dcgan, mlp or "
        "resnet, or networks.KEY; of egan also mutations, policy and selection by name; repeatable",
    )
    train.add_argument("--features", metavar="NAME|FILE", help="feature network of the scores (the data set's own)")
    train.add_argument("--n-samples", type=int, metavar="N", help="generated samples per score (2000)")
    train.add_argument("--score-every", type=int, metavar="N", help="steps between scores and pictures (a tenth)")
    train.add_argument("--checkpoint-every", type=int, metavar="N", help="steps between checkpoints (a minute)")
    train.add_argument("--out", metavar="DIR", help="folder for results, pictures and checkpoints")
    train.add_argument("--quiet", action="store_true", help="no progress, no table")
    train.add_argument("--resume", metavar="DIR", help="continue the run in DIR, up to --steps in all if given")


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bench = _add(commands, "bench", "run a campaign: algorithms x problems x seeds, from a TOML file")
    bench.add_argument("campaign", metavar="CAMPAIGN.toml", help="see docs/campaigns.md")
    bench.add_argument("--out", required=True, metavar="DIR", help="its folder; the same command continues in it")
    bench.add_argument("--workers", type=int, metavar="N", help="processes (1)")
    bench.add_argument("--executor", choices=("serial", "process", "dask"), help="where (serial; process for N > 1)")
    bench.add_argument("--dask-scheduler", metavar="ADDRESS", help="a running scheduler, e.g. tcp://node:8786")
    bench.add_argument("--device", default="auto", metavar="DEVICE", help="auto, cpu or cuda (auto)")
    bench.add_argument("--quick", action="store_true", help="the campaign's [quick] sizes")
    bench.add_argument("--retry-failed", action="store_true", help="run failed cells again")
    bench.add_argument("--quiet", dest="silent", action="store_true", help="no progress")


def _add_reports(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    table = _add(commands, "table", "compare algorithms: medians, tests, effect sizes, ranks")
    plot = _add(commands, "plot", "draw a campaign")
    export = _add(commands, "export", "write results for other programs")
    for parser in (table, plot, export):
        parser.add_argument("results", metavar="DIR|FILE.csv", help="a campaign's folder, or a table of your own")
        parser.add_argument("--metric", default="igd", help="indicator (igd)")
    for parser in (table, plot):
        parser.add_argument("--algorithms", nargs="+", metavar="NAME", help="only these, in this order")
        parser.add_argument("--problems", nargs="+", metavar="NAME", help="only these, in this order")
    table.add_argument("--control", metavar="NAME", help="algorithm that the others are tested against")
    table.add_argument(
        "--style", choices=("evogan", "platemo"), default="evogan", help="whose rules and print (evogan)"
    )
    table.add_argument("--test", choices=("rank-sum", "signed-rank"), default="rank-sum", help="(rank-sum)")
    table.add_argument("--correction", choices=("holm", "none"), help="for many tests (holm; platemo: none)")
    table.add_argument("--statistic", choices=("median", "mean"), help="(median; platemo: mean)")
    table.add_argument("--alpha", type=float, default=0.05, help="significance level (0.05)")
    table.add_argument("--effect-sizes", action="store_true", help="A12 against the control in every cell")
    table.add_argument("--mss", action="store_true", help="mean standardised score of all tasks, and of each problem's")
    table.add_argument("--format", choices=("md", "tex", "csv"), default="md", help="(md)")
    table.add_argument("--out", metavar="FILE", help="write there instead of printing")
    kinds = ("convergence", "ecdf", "front", "attainment", "cd", "box")
    plot.add_argument("--kind", choices=kinds, default="convergence", help="(convergence)")
    plot.add_argument("--against", choices=("evaluations", "seconds"), default="evaluations", help="(evaluations)")
    plot.add_argument("--out", metavar="FILE", help="ends in .png, .pdf or .svg (<kind>.png, in the folder DIR)")
    export.add_argument("--format", choices=("long", "npz", "iohanalyzer"), default="long", help="(long: CSV)")
    export.add_argument("--out", required=True, metavar="FILE")


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    return " ".join(str(error).split()) or type(error).__name__
