"""Campaigns that train: every system, every seed, scored at every budget; resumed cell by cell."""

from functools import partial

import numpy as np
import pytest

from evogan import gans
from evogan.algorithms import egan
from evogan.datasets import ring
from evogan.experiments import (
    Processes,
    TrainingCampaign,
    VectorScorer,
    comparison_table,
    load_results,
    run_campaign,
)
from evogan.metrics import larger_is_better
from evogan.nets import MLPNetworks

NETS = MLPNetworks(2, (8,))
DATA = ring(200, rng=np.random.default_rng(0))
SYSTEMS = {"gan": partial(gans.gan, networks=NETS), "egan": partial(egan, networks=NETS)}
BUDGETS = {"steps": 4, "cost": {"gan": 7, "egan": 4}}


def campaign(**changes):
    options = {"n_steps": BUDGETS, "seeds": 2, "scorer": VectorScorer(DATA, n=100), "batch_size": 16}
    return TrainingCampaign("toy", **({"systems": SYSTEMS, "data": DATA} | options | changes))


def test_every_run_is_scored_at_every_budget(tmp_path):
    results = run_campaign(campaign(), tmp_path)
    assert not results.failures
    assert [(r.algorithm, r.seed, r.n_evals) for r in results.records] == [
        ("gan", 1, 7),
        ("egan", 1, 4),
        ("gan", 2, 7),
        ("egan", 2, 4),
    ]
    gan, egan_run = results.records[:2]
    names = {"sliced_wasserstein", "modes", "high_quality", "cpu_seconds"}
    assert set(gan.metrics) == {f"{name}@{budget}" for name in names for budget in BUDGETS}
    assert gan.metrics["sliced_wasserstein@steps"] != gan.metrics["sliced_wasserstein@cost"]
    assert egan_run.metrics["sliced_wasserstein@steps"] == egan_run.metrics["sliced_wasserstein@cost"]
    assert gan.metrics["cpu_seconds@steps"] <= gan.metrics["cpu_seconds@cost"]
    assert egan_run.details["counters"]["n_g_steps"] == 12
    assert len(gan.load()["convergence_discriminator"]) == 7
    table = comparison_table(results, "high_quality@cost", control="egan")
    assert table.larger_is_better and larger_is_better("modes@steps") and not larger_is_better("FID@cost")


def test_a_score_on_the_way_is_that_of_a_run_that_ends_there(tmp_path):
    on_the_way = run_campaign(campaign(seeds=[5]), tmp_path / "a").records[0]
    ended = run_campaign(campaign(seeds=[5], n_steps={"steps": 4}), tmp_path / "b").records[0]
    assert on_the_way.metrics["sliced_wasserstein@steps"] == ended.metrics["sliced_wasserstein@steps"]


def test_finished_cells_are_not_run_again_and_changed_ones_are(tmp_path):
    run_campaign(campaign(seeds=1), tmp_path)
    before = (tmp_path / "records.jsonl").read_text()
    run_campaign(campaign(seeds=2), tmp_path)
    after = (tmp_path / "records.jsonl").read_text()
    assert after.startswith(before) and len(after.splitlines()) == 4
    other = {**SYSTEMS, "gan": partial(gans.gan, networks=MLPNetworks(2, (9,)))}
    run_campaign(campaign(systems=other), tmp_path)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 6
    assert len(load_results(tmp_path).records) == 4


def test_processes_give_the_same_numbers(tmp_path):
    serial = run_campaign(campaign(seeds=1), tmp_path / "serial")
    with Processes(2) as executor:
        parallel = run_campaign(campaign(seeds=1), tmp_path / "parallel", executor=executor)
    for one, other in zip(serial.records, parallel.records, strict=True):
        assert one.metrics["sliced_wasserstein@cost"] == other.metrics["sliced_wasserstein@cost"]


def test_a_run_that_fails_is_recorded_and_the_others_go_on(tmp_path):
    systems = {"broken": partial(gans.gan, networks=MLPNetworks(2, (8,)), nonsense=1), **SYSTEMS}
    results = run_campaign(campaign(systems=systems, n_steps={"steps": 2}, seeds=1), tmp_path)
    assert [r.algorithm for r in results.failures] == ["broken"]
    assert "nonsense" in results.failures[0].error
    assert len(results.records) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_steps": {}}, "n_steps must hold at least one budget"),
        ({"n_steps": {"steps": 0}}, r"n_steps\['steps'\] of gan must be at least 1"),
        ({"n_steps": {"cost": {"gan": 3}}}, r"n_steps\['cost'\] must give steps for every system, 'egan' has none"),
        ({"systems": {}}, "systems must map labels to functions"),
        ({"seeds": [1, 1]}, "seeds must be different integers"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_what_is_wrong_is_named(changes, said):
    with pytest.raises(ValueError, match=said):
        campaign(**changes)
