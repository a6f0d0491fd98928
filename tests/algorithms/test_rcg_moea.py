"""RCG-MOEA: presets, controls, budgets, scales, seeds, copies, failing evaluations and what it refuses."""

from __future__ import annotations

import copy
import pickle

import cloudpickle
import numpy as np
import pytest
import torch
from bowls import Bowls, outcome, same, spoil_all, spoil_where
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.sampling import Sampling
from pymoo.optimize import minimize
from pymoo.problems import get_problem

from evogan.algorithms import GMOEA, RCGMOEA
from evogan.exceptions import TrainingDivergedError
from evogan.metrics import igd
from evogan.models import ConditionalGAN, FlowMatching, Gaussian, RelativisticCritic, RidgeCritic
from evogan.operators import (
    CentroidSource,
    CrossoverSource,
    DifferentialSource,
    HeadStart,
    ModelSource,
    NicheSurvival,
    ScreenedInfill,
    classic_mating,
)
from evogan.problems.imf import IMF1, IMF4

NAN, INF = float("nan"), float("inf")


def changed(change):
    """Return a function that replaces objectives by ``change(F)``."""
    return lambda X, out: out.update(F=change(out["F"]))


FEW = {"n_steps": 2, "n_first_steps": 4}
CLASSIC, BOTH = [DifferentialSource, CrossoverSource], [RelativisticCritic, RidgeCritic]
PARTS = {
    "default": ([*CLASSIC, ConditionalGAN], BOTH, True),
    "gan": ([*CLASSIC, ConditionalGAN], BOTH, True),
    "flow": ([*CLASSIC, FlowMatching], BOTH, True),
    "untrained": ([*CLASSIC, ConditionalGAN], BOTH, True),
    "gaussian": ([*CLASSIC, Gaussian], BOTH, True),
    "centroid": ([*CLASSIC, CentroidSource], BOTH, True),
    "head_start": ([*CLASSIC, HeadStart], BOTH, True),
    "no_generator": (CLASSIC, BOTH, True),
    "critic_only": (CLASSIC, [RelativisticCritic], True),
    "generator_only": ([*CLASSIC, ConditionalGAN], BOTH, False),
    "shell": (CLASSIC, BOTH, False),
    "ridge": (CLASSIC, [RidgeCritic], True),
}
KINDS = {name: RCGMOEA if name == "default" else getattr(RCGMOEA, name) for name in PARTS}
PRESETS = pytest.mark.parametrize("preset", KINDS)


def rcg(preset="default", pop_size=20, **options):
    """Return an algorithm with as many offspring as parents, whose networks train for a few steps only."""
    algorithm = KINDS[preset](pop_size, **{"n_offsprings": pop_size, **options})
    networks = [*algorithm.mating.critics, *(getattr(source, "model", None) for source in algorithm.mating.sources)]
    for network in networks:
        if getattr(network, "n_first_steps", 0):
            network.n_steps, network.n_first_steps = FEW["n_steps"], FEW["n_first_steps"]
    return algorithm


def kinds_of(sources):
    return [type(source.model if isinstance(source, ModelSource) else source) for source in sources]


def run(problem, algorithm, n_eval=150, seed=1, **options):
    result = minimize(problem, algorithm, ("n_eval", n_eval), seed=seed, **options)
    assert result.algorithm.evaluator.n_eval == n_eval
    return result


# Presets ---------------------------------------------------------------------------------------------------


@PRESETS
def test_what_presets_are_made_of(preset):
    algorithm = KINDS[preset]()
    kinds, critics, screens = PARTS[preset]
    sources = algorithm.mating.sources
    assert kinds_of(sources) == kinds
    assert [type(critic) for critic in algorithm.mating.critics] == critics
    assert (algorithm.mating.n_candidates > 1) == screens
    assert type(algorithm.survival) is NicheSurvival
    assert algorithm.pop_size == 100 and 1 <= algorithm.n_offsprings <= 100


@PRESETS
def test_presets_run_and_count_what_they_did(preset):
    counters = run(IMF1(n_var=5), rcg(preset), 130).algorithm.mating.counters
    _, critics, screens = PARTS[preset]
    assert counters["fits"] == (6 * len(critics) if screens else 0)
    assert (counters["screened"] > 0) == screens
    assert counters["topped_up"] == counters["diverged"] == counters["nonfinite"] == 0


def test_presets_differ():
    kinds = set(KINDS) - {"gan", "head_start"}  # the default's with few variables, the centroid's for ten generations
    results = [run(IMF1(n_var=5), rcg(preset), 130).algorithm.pop.get("X") for preset in kinds]
    for i, one in enumerate(results):
        for other in results[:i]:
            assert not np.array_equal(one, other)


def test_presets_take_the_keywords_of_the_class():
    critic, sources = RidgeCritic(), [CrossoverSource(eta=3.0)]
    for name in list(KINDS)[1:]:
        algorithm = KINDS[name](30, critic=critic, sources=sources, n_candidates=4, n_offsprings=7)
        assert algorithm.mating.critics == [critic] and algorithm.mating.sources == sources
        assert (algorithm.pop_size, algorithm.n_offsprings, algorithm.mating.n_candidates) == (30, 7, 4)


def test_presets_share_no_networks():
    one, other = RCGMOEA(), RCGMOEA()
    assert one.mating.critics[0] is not other.mating.critics[0]
    assert one.mating.sources[2].model is not other.mating.sources[2].model


# Many variables --------------------------------------------------------------------------------------------

MANY = [*CLASSIC, FlowMatching, HeadStart]


@pytest.mark.parametrize(("n_var", "kinds"), [(20, [*CLASSIC, ConditionalGAN]), (21, MANY)])
def test_with_more_variables_than_solutions_flow_matching_takes_the_gans_place(n_var, kinds):
    algorithm = RCGMOEA(20, n_candidates=3, critic=RidgeCritic(), repair=Round())
    algorithm.mating.eta_mutation = 7.0
    before = algorithm.mating
    algorithm.setup(IMF1(n_var=n_var), termination=("n_eval", 100), seed=1)
    assert algorithm.mating is before and before.eta_mutation == 7.0
    assert kinds_of(before.sources) == kinds and len(before.probabilities) == len(kinds)
    for preset, same_always in (("gan", [*CLASSIC, ConditionalGAN]), ("flow", [*CLASSIC, FlowMatching])):
        chosen = KINDS[preset](20).setup(IMF1(n_var=n_var), termination=("n_eval", 100), seed=1)
        assert kinds_of(chosen.mating.sources) == same_always


@pytest.mark.parametrize("make", [RCGMOEA, RCGMOEA.flow, GMOEA])
def test_the_users_default_precision_changes_nothing(make):
    def bits():
        algorithm = make(20).setup(IMF1(n_var=5), termination=("n_eval", 80), seed=1)
        while algorithm.has_next():
            algorithm.next()
            algorithm = pickle.loads(pickle.dumps(algorithm))
        return algorithm.pop.get("X")

    single = bits()
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(bits(), single)
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_one_objective_is_displayed_as_one(capsys):
    for n_obj, column in ((1, "f_min"), (2, "n_nds")):
        minimize(Bowls(n_obj=n_obj), RCGMOEA(20), ("n_eval", 40), seed=1, verbose=True)
        assert column in capsys.readouterr().out


def test_an_algorithm_set_up_again_takes_the_sources_of_its_new_problem():
    algorithm = RCGMOEA(20)
    for n_var, kinds in ((21, MANY), (20, [*CLASSIC, ConditionalGAN]), (21, MANY)):
        algorithm.setup(IMF1(n_var=n_var), termination=("n_eval", 100), seed=1)
        assert kinds_of(algorithm.mating.sources) == kinds


def test_sources_and_mating_of_ones_own_stay_however_many_variables_there_are():
    cross = CrossoverSource()
    for change in (
        lambda algorithm: setattr(algorithm.mating, "sources", [cross]),
        lambda algorithm: setattr(algorithm, "mating", ScreenedInfill([cross])),
        lambda algorithm: algorithm.__init__(20, sources=[cross]),
    ):
        algorithm = RCGMOEA(20)
        change(algorithm)
        algorithm = copy.deepcopy(algorithm).setup(IMF1(n_var=21), termination=("n_eval", 100), seed=1)
        assert kinds_of(algorithm.mating.sources) == [CrossoverSource]
    algorithm = RCGMOEA(20)
    algorithm.mating = plain = classic_mating()
    assert algorithm.setup(IMF1(n_var=21), termination=("n_eval", 100), seed=1).mating is plain


def test_the_choice_is_the_same_as_the_sources_by_hand_to_the_bit():
    def bits(n_var, sources=None):
        algorithm = RCGMOEA(20, sources=sources, critic=RidgeCritic())
        return outcome(run(IMF1(n_var=n_var), algorithm, 60).algorithm)

    classic = [DifferentialSource(), CrossoverSource()]
    assert same(bits(20), bits(20, [*classic, ConditionalGAN()]))
    assert same(bits(21), bits(21, [*classic, FlowMatching(), HeadStart(CentroidSource(), 10)]))


def test_the_default_for_many_variables_can_be_copied_and_crosses_with_the_mean_at_first_only():
    algorithm = pickle.loads(pickle.dumps(RCGMOEA(20, critic=RidgeCritic(), n_offsprings=20)))
    algorithm = run(IMF1(n_var=21), algorithm, 260).algorithm
    assert algorithm.mating.probabilities[3] == 0.0 and algorithm.mating.counters["diverged"] == 0
    assert 3 not in algorithm.mating._last.get("source")


# Controls --------------------------------------------------------------------------------------------------


class Diverging(RidgeCritic):
    """Diverges in every fit, and draws nothing."""

    def fit(self, X, F, CV=None, *, rng):
        raise TrainingDivergedError("the weights became non-finite")


@pytest.mark.parametrize("critic", [None, RidgeCritic(), Diverging()], ids=["networks", "ridge", "diverging"])
def test_one_candidate_is_the_shell_to_the_bit_whatever_the_critic(critic):
    shell = outcome(run(IMF1(n_var=5), rcg("shell")).algorithm)
    assert same(shell, outcome(run(IMF1(n_var=5), rcg("critic_only", critic=critic, n_candidates=1)).algorithm))


def test_a_critic_that_always_diverges_is_the_shell_to_the_bit():
    shell = outcome(run(IMF1(n_var=5), rcg("shell")).algorithm)
    with pytest.warns(RuntimeWarning, match="critic 0 screens nothing until the next fit") as caught:
        algorithm = run(IMF1(n_var=5), rcg("critic_only", critic=Diverging())).algorithm
    assert len(caught) == 1
    assert same(shell, outcome(algorithm)) and algorithm.mating.counters["diverged"] == 7


def test_generator_only_is_the_default_with_one_candidate():
    one, other = (run(IMF1(n_var=5), rcg(p, n_candidates=1)).algorithm for p in ("default", "generator_only"))
    assert same(outcome(one), outcome(other))


@pytest.mark.parametrize("preset", ["default", "untrained"])
def test_untrained_networks_stay_as_they_were_made(preset):
    def weights(n_eval):
        model = run(IMF1(n_var=5), rcg(preset), n_eval).algorithm.mating.sources[2].model
        return model.report.n_steps, model._learner.G.state_dict()

    (_, early), (n_steps, late) = weights(40), weights(150)
    assert (n_steps == 0) == (preset == "untrained")
    assert all(torch.equal(early[name], late[name]) for name in early) == (preset == "untrained")


def test_a_generator_that_diverges_leaves_the_run_alive():
    class Explodes(Gaussian):
        def fit(self, X, X_poor=None, *, rng):
            raise TrainingDivergedError("non-finite")

    with pytest.warns(RuntimeWarning, match="source 1 could not be prepared") as caught:
        algorithm = run(IMF1(n_var=5), rcg("critic_only", sources=[CrossoverSource(), Explodes()])).algorithm
    assert len(caught) == 1 and algorithm.mating.counters["diverged"] == 7
    assert set(algorithm.mating._last.get("source")) == {0}


@pytest.mark.parametrize("preset", ["critic_only", "ridge", "shell"])
def test_it_approaches_the_front(preset):
    """Much nearer than random search with the same evaluations, in the median of three seeds."""
    problem = IMF1(n_var=10)
    front = problem.pareto_front(n_points=500)
    ours = [float(igd(run(problem, KINDS[preset](40), 800, seed).F, front)) for seed in range(3)]
    rivals = [float(igd(problem.evaluate(np.random.default_rng(seed).random((800, 10))), front)) for seed in range(3)]
    assert np.median(ours) < np.median(rivals) / 3, (ours, rivals)


@pytest.mark.slow
def test_the_critic_is_worth_its_while():
    problem = IMF1(n_var=20)
    front = problem.pareto_front(n_points=500)
    screened, shell = (
        np.median([float(igd(run(problem, KINDS[preset](50), 3000, seed).F, front)) for seed in range(3)])
        for preset in ("critic_only", "shell")
    )
    assert screened < shell


# It runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pop_size", "n_eval"), [(20, 150), (20, 111), (20, 20), (20, 21), (33, 100), (4, 29), (7, 50)]
)
def test_budgets_are_exact(pop_size, n_eval):
    problem = Bowls()
    result = run(problem, rcg("default", pop_size), n_eval)
    assert sum(map(len, problem.seen)) == n_eval
    assert len(result.pop) == pop_size


@pytest.mark.parametrize("n_offsprings", [1, 7, 60])
def test_any_number_of_offspring(n_offsprings):
    algorithm = run(IMF1(n_var=5), rcg("critic_only", n_offsprings=n_offsprings), 95).algorithm
    assert algorithm.n_iter - 1 == 1 + -(-75 // n_offsprings)


@pytest.mark.parametrize("n_obj", [1, 2, 3, 5, 9])
def test_any_number_of_objectives(n_obj):
    result = run(Bowls(n_obj=n_obj), rcg(), 150)
    assert np.isfinite(result.F).all() and len(result.pop) == 20
    assert len(run(Bowls(n_obj=n_obj), rcg(pop_size=4), 30).pop) == 4


def test_one_objective_is_minimised():
    """The centre of the bowl, 0.3 of the way along each variable that is free."""
    result = run(Bowls(n_obj=1, xl=[0.0] * 3, xu=[1.0] * 3), RCGMOEA.critic_only(20), 400)
    assert np.abs(result.X - 0.3).max() < 0.05


def test_the_smallest_problem():
    assert len(run(Bowls([0.0], [1.0], n_obj=3), rcg(), 150).F) > 1


def test_every_solution_lies_in_the_box():
    problem = Bowls()
    run(problem, rcg(), 200)
    X = np.vstack(problem.seen)
    assert (X >= problem.xl).all() and (X <= problem.xu).all()
    assert (X[:, 3] == 3.0).all() and (X[:, :3].std(axis=0) > 0.01).all()
    assert len(np.unique(X, axis=0)) == 200  # nothing is evaluated twice


def test_a_box_without_room_ends_early():
    with pytest.warns(RuntimeWarning, match="0 new solutions"):
        result = minimize(Bowls([0.5, 2.0], [0.5, 2.0]), rcg(), ("n_eval", 100), seed=1)
    assert (result.pop.get("X") == [0.5, 2.0]).all()


def test_an_initial_population_of_ones_own():
    class Corner(Sampling):
        def _do(self, problem, n_samples, *args, random_state=None, **kwargs):
            return np.tile(problem.xl, (n_samples, 1)) + 1e-3 * random_state.random((n_samples, problem.n_var))

    problem = Bowls([0.0] * 4, [1.0] * 4)
    run(problem, rcg(sampling=Corner()), 40)
    assert np.vstack(problem.seen)[:20].max() <= 1e-3


class Round(Repair):
    """Round the first variable to a multiple of 1/8."""

    def _do(self, problem, X, **kwargs):
        X = X.copy()
        X[:, 0] = np.round(8 * X[:, 0]) / 8
        return X


def test_repair_reaches_every_solution():
    problem = Bowls()
    run(problem, rcg(repair=Round()), 90)
    X = np.vstack(problem.seen)
    assert (8 * X[:, 0] % 1 == 0).all() and (8 * X[:, 1] % 1 != 0).any()


def test_display_and_history(capsys):
    result = run(IMF1(n_var=5), rcg(), 70, verbose=True, save_history=True)
    evaluations = [int(line.split("|")[1]) for line in capsys.readouterr().out.splitlines()[3:]]
    assert evaluations == [20, 40, 60, 70] == [entry.evaluator.n_eval for entry in result.history]
    assert same(outcome(result.algorithm), outcome(run(IMF1(n_var=5), rcg(), 70).algorithm))


# Scales ----------------------------------------------------------------------------------------------------


def on_a_grid(F):
    return np.round(2**20 * F) / 2**20


@PRESETS
def test_the_scale_of_objectives_does_not_matter(preset):
    """To the bit, for factors that are powers of two and sums without rounding."""

    def X(change):
        return run(Bowls(spoil=changed(lambda F: change(on_a_grid(F)))), rcg(preset), 150).pop.get("X")

    plain = X(lambda F: F)
    for factor, shift in ((2.0**20, 0), (1, 1000), ([2.0**-20, 2.0**20], [-64, 3])):
        assert np.array_equal(plain, X(lambda F, factor=factor, shift=shift: factor * (F + shift)))


@pytest.mark.parametrize("preset", ["critic_only", "ridge", "shell"])
@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0.0), (1e6, 0.0), ([1e-6, 1e6], [-1.0, 1e3])])
def test_other_scales_change_nothing_but_rounding(preset, factor, shift):
    """Conditions and densities differ in their last bits; choices, and so solutions, stay the same."""
    plain = run(Bowls(), rcg(preset), 100).pop.get("X")
    other = run(Bowls(spoil=changed(lambda F: factor * (F + np.array(shift)))), rcg(preset), 100).pop.get("X")
    assert np.array_equal(np.sort(plain, axis=0), np.sort(other, axis=0))


def test_the_scale_of_a_variable_does_not_matter():
    """To the bit, for factors that are powers of two."""
    scale = np.array([1.0, 1024.0, 2.0**-20, 8.0, 2.0])
    plain, stretched = (run(Bowls(np.zeros(5), s), rcg(), 150).pop for s in (np.ones(5), scale))
    assert np.array_equal(plain.get("F"), stretched.get("F"))
    assert np.array_equal(plain.get("X") * scale, stretched.get("X"))


# Same seed, same bits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["default", "flow", "ridge"])
def test_the_seed_decides_alone_and_global_generators_stay_as_they_are(preset):
    np.random.seed(7)
    torch.manual_seed(7)
    before = np.random.get_state()[1].copy(), np.random.get_state()[2], torch.get_rng_state()
    threads = torch.get_num_threads()
    first = outcome(run(IMF1(n_var=5), rcg(preset)).algorithm)
    assert np.array_equal(np.random.get_state()[1], before[0]) and np.random.get_state()[2] == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])
    assert torch.get_num_threads() == threads
    np.random.seed(8)
    torch.manual_seed(8)
    assert same(first, outcome(run(IMF1(n_var=5), rcg(preset)).algorithm))
    assert not np.array_equal(first[0], outcome(run(IMF1(n_var=5), rcg(preset), seed=2).algorithm)[0])


def test_one_object_serves_two_runs_and_two_problems():
    algorithm = rcg()
    first = outcome(run(IMF1(n_var=5), algorithm).algorithm)
    run(Bowls(n_obj=3), algorithm)
    assert same(first, outcome(run(IMF1(n_var=5), algorithm).algorithm))


WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda algorithm: pickle.loads(pickle.dumps(algorithm)),
    "cloudpickle": lambda algorithm: pickle.loads(cloudpickle.dumps(algorithm)),
}


@pytest.mark.parametrize(
    ("preset", "way"), [*(("default", way) for way in WAYS), ("flow", "pickle"), ("ridge", "pickle")]
)
def test_a_copy_of_a_running_algorithm_goes_on_alike(preset, way):
    for n_generations in (0, 1, 4):
        algorithm = rcg(preset).setup(IMF1(n_var=5), termination=("n_eval", 150), seed=5)
        for _ in range(n_generations):
            algorithm.next()
        twin = WAYS[way](algorithm)
        before = outcome(twin) if n_generations else []
        for one in (algorithm, twin):
            assert one is algorithm or not n_generations or same(before, outcome(twin))  # they share nothing
            while one.has_next():
                one.next()
            assert one.evaluator.n_eval == 150
        assert same(outcome(algorithm), outcome(twin)), f"copied after {n_generations} generations"
        assert algorithm.mating.screened_share == twin.mating.screened_share


def test_asking_and_telling_is_the_same_as_minimising():
    problem = IMF1(n_var=5)
    algorithm = rcg().setup(problem, termination=("n_eval", 150), seed=1)
    while algorithm.has_next():
        infills = algorithm.ask()
        algorithm.evaluator.eval(problem, infills)
        algorithm.tell(infills=infills)
    assert same(outcome(algorithm), outcome(run(problem, rcg()).algorithm))


# Failing evaluations, degenerate problems, constraints -----------------------------------------------------


@pytest.mark.parametrize("preset", ["default", "ridge"])
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_failed_evaluations_are_driven_out_and_not_reported(preset, value):
    result = run(Bowls(spoil=spoil_where(lambda X: X[:, 0] > 0.2, value)), rcg(preset), 240)
    assert np.isfinite(result.F).all() and len(result.F) > 1
    assert np.isfinite(result.pop.get("F")).all()
    assert result.algorithm.mating.counters["nonfinite"] > 0


@pytest.mark.filterwarnings("ignore:0 new solutions:RuntimeWarning")
@pytest.mark.parametrize("n_good", [0, 1, 3])
def test_a_first_generation_that_fails_is_no_end(n_good):
    problem = Bowls()

    def spoil(X, out):
        if len(problem.seen) == 1:
            out["F"][n_good:] = NAN

    problem.spoil = spoil
    result = run(problem, rcg(), 200)
    assert np.isfinite(result.F).all() and np.isfinite(result.pop.get("F")).all()


def test_a_problem_that_always_fails_gives_no_result():
    with pytest.warns(RuntimeWarning, match="0 new solutions of 20 could be bred"):
        result = run(Bowls(spoil=spoil_all()), rcg(), 111)
    assert result.F is None and result.algorithm.mating.counters["topped_up"] == 91


DEGENERATE = {
    "constant objectives": {"spoil": changed(lambda F: 0 * F)},
    "one constant objective": {"spoil": changed(lambda F: F * [1, 0] + 3)},
    "one point of the front": {"spoil": changed(lambda F: F[:, [0, 0]])},
    "two objective vectors": {"spoil": changed(lambda F: (F > 0.3).astype(float))},
    "huge": {"spoil": changed(lambda F: 1e300 * F)},
    "both signs": {"spoil": changed(lambda F: 1e308 * (F.clip(0, 1.9) - 0.95))},
    "tiny": {"spoil": changed(lambda F: 1e-300 * F)},
    "half huge": {"spoil": spoil_where(lambda X: X[:, 0] > 0.0, 1e300)},
    "infeasible everywhere": {"spoil": lambda X, out: out.update(G=out["G"] + 9.0), "n_ieq": 1},
    "equal violations": {"spoil": spoil_where(lambda X: X[:, 0] < INF, 1.0, "G"), "n_ieq": 1},
    "one free variable": {"xl": [0.0, 1.0, 1.0], "xu": [1.0, 1.0, 1.0]},
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_problems_do_no_harm(case):
    for pop_size in (4, 20):
        for preset in ("default", "ridge"):
            result = run(Bowls(**DEGENERATE[case]), rcg(preset, pop_size), 10 * pop_size // 4)
            assert len(result.pop) == pop_size
            assert np.isfinite(result.pop.get("X")).all()
            assert result.algorithm.mating.counters["topped_up"] == 0


@pytest.mark.parametrize("preset", ["default", "ridge"])
def test_constraints_are_met(preset):
    result = run(Bowls(n_ieq=1), rcg(preset), 200)
    assert (result.CV == 0.0).all() and len(result.F) > 3
    assert (result.pop.get("CV") > 0.0).sum() <= 0.2 * len(result.pop)  # places for infeasible solutions
    assert (result.X[:, 0] >= -1.0 + 0.4 * 2.0 - 1e-9).all()
    assert (run(get_problem("bnh"), rcg(preset), 200).CV <= 0).all()


def test_where_nothing_is_feasible_the_violation_falls():
    problem = Bowls(**DEGENERATE["infeasible everywhere"])
    early, late = (run(problem, rcg(), n).pop.get("CV") for n in (20, 400))
    assert np.median(late) < early.min() + 1e-9 and (late > 0).all()


def test_a_constraint_that_is_not_a_number_is_a_failure():
    result = run(Bowls(n_ieq=1, spoil=spoil_where(lambda X: X[:, 1] > 4.0, NAN, "G")), rcg(), 300)
    assert np.isfinite(result.pop.get("G")).all() and (result.X[:, 1] <= 4.0).all()


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pop_size", [3, 0, -5])
def test_a_tiny_population_is_refused(pop_size):
    with pytest.raises(ValueError, match=f"pop_size must be at least 4, got {pop_size}"):
        RCGMOEA(pop_size)


@pytest.mark.parametrize("pop_size", [20.0, "20", None, True])
def test_a_population_size_must_be_an_integer(pop_size):
    with pytest.raises(TypeError, match="pop_size must be an integer"):
        RCGMOEA(pop_size)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_candidates": 0}, ValueError, "n_candidates must be at least 1, got 0"),
        ({"n_candidates": "ten"}, TypeError, "n_candidates must be an integer"),
        ({"n_offsprings": 0}, ValueError, "n_offsprings must be at least 1"),
        ({"n_offsprings": 1.5}, TypeError, "n_offsprings must be an integer"),
        ({"critic": object()}, TypeError, r"critic must be an object with the method observe\(\)"),
        ({"critic": RidgeCritic}, TypeError, "critic must be an object with the method"),
        ({"sources": FlowMatching()}, TypeError, "sources must be a sequence such as"),
        ({"sources": []}, TypeError, "sources must be a sequence such as"),
        ({"sources": [FlowMatching]}, TypeError, r"got the class FlowMatching: write FlowMatching\(\)"),
        ({"sampling": [[0.0, 1.0]]}, TypeError, "sampling must be an object such as"),
        ({"repair": Round}, TypeError, "repair must be an object such as"),
        ({"n_candidate": 5}, TypeError, "n_candidate"),
    ],
    ids=str,
)
def test_bad_settings_are_named(options, error, message):
    for preset in KINDS.values():
        with pytest.raises(error, match=message):
            preset(20, **options)


def test_unknown_keywords_of_a_run_are_refused():
    with pytest.raises(TypeError, match="unknown keyword 'sead'"):
        minimize(IMF1(n_var=5), RCGMOEA(20), ("n_eval", 50), sead=1)


@pytest.mark.parametrize("n_eval", [1, 19])
def test_a_budget_below_the_population_is_refused(n_eval):
    with pytest.raises(ValueError, match=f"n_evals must be at least the population size 20, got {n_eval}"):
        minimize(IMF1(n_var=5), RCGMOEA(20), ("n_eval", n_eval))


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (Problem(n_var=3, n_obj=2), ValueError, "lower and upper bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=np.inf), ValueError, "finite bounds"),
        (Problem(n_var=3, n_obj=2, xl=0, xu=9, vtype=int), TypeError, "real-valued"),
    ],
    ids=["no bounds", "infinite", "integer"],
)
def test_problems_it_cannot_serve_are_refused(problem, error, message):
    with pytest.raises(error, match=f"problem Problem must have .*{message}"):
        minimize(problem, RCGMOEA(20), ("n_eval", 50))


def test_three_objectives():
    result = run(IMF4(n_var=5), rcg(), 150)
    assert result.F.shape[1] == 3 and len(result.F) > 3
