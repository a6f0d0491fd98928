"""The settings that MO-MFEA, MO-MFEA-II, EMEA and EMT-PD share, and their own."""

from __future__ import annotations

import inspect

import pytest

from evogan.algorithms import EMEA, EMTPD, MOMFEA, MOMFEAII
from evogan.experiments import describe
from evogan.multitask import minimize_multitask
from evogan.problems.imf import IMF1, IMF4

PEERS = [MOMFEA, MOMFEAII, EMEA, EMTPD]
every_peer = pytest.mark.parametrize("cls", PEERS)


def bits(result):
    return [(task.pop.get("X").tobytes(), task.pop.get("F").tobytes()) for task in result]


@every_peer
def test_every_setting_is_described(cls):
    described = describe(cls())
    settings = {k: p.default for k, p in inspect.signature(cls.__init__).parameters.items() if k != "self"}
    survivals = settings.pop("survivals", None)
    assert {k: described[k] for k in settings} == settings
    assert described["type"] == cls.__name__
    if survivals is not None:
        assert described["survivals"] == [one.__qualname__ for one in survivals]
    changed = {k: v for k, v in describe(cls(12, eta_c=3, eta_m=4, p_var=0.7, p_m=0.2)).items() if v != described[k]}
    assert changed == {"pop_size": 12, "eta_c": 3.0, "eta_m": 4.0, "p_var": 0.7, "p_m": 0.2}


@every_peer
def test_the_operators_settings_reach_the_operators(cls):
    tasks, budget = [IMF1(5), IMF4(6)], ("n_eval", 120)
    usual = bits(minimize_multitask(tasks, cls(10), budget, seed=1))
    for option in ({"eta_c": 2.0}, {"eta_m": 2.0}, {"p_var": 0.9}, {"p_m": 0.9}):
        assert bits(minimize_multitask(tasks, cls(10, **option), budget, seed=1)) != usual


BAD = [
    ({"eta_c": -1.0}, ValueError, "eta_c must lie in"),
    ({"eta_m": "15"}, TypeError, "eta_m must be a number"),
    ({"p_var": 1.1}, ValueError, "p_var must lie in"),
    ({"p_m": -0.1}, ValueError, "p_m must lie in"),
    ({"pop_size": 3}, ValueError, "pop_size must be at least 4"),
    ({"etac": 2.0}, TypeError, "etac"),
]
OWN = [
    (MOMFEA, {"rmp": 1.5}, ValueError, "rmp must lie in"),
    (MOMFEA, {"mutate_crossed": 1}, TypeError, "mutate_crossed must be True or False"),
    (MOMFEAII, {"p_swap": 2}, ValueError, "p_swap must lie in"),
    (MOMFEAII, {"rmp_noise": -1}, ValueError, "rmp_noise must lie in"),
    (MOMFEAII, {"mutate_crossed": "no"}, TypeError, "mutate_crossed must be True or False"),
    (EMEA, {"s_num": -1}, ValueError, "s_num must be at least 0"),
    (EMEA, {"t_gap": 0}, ValueError, "t_gap must be at least 1"),
    (EMEA, {"ridge": -1.0}, ValueError, "ridge must lie in"),
    (EMEA, {"bias": "some"}, ValueError, "bias must be one of 'none', 'learnt', 'dropped'"),
    (EMEA, {"survivals": []}, TypeError, "survivals must be functions"),
    (EMEA, {"survivals": ["spea2"]}, TypeError, "survivals must be functions"),
    (EMTPD, {"gap": 0}, ValueError, "gap must be at least 1"),
    (EMTPD, {"n_model": 1}, ValueError, "n_model must be at least 2"),
    (EMTPD, {"ridge": 0.0}, ValueError, "ridge must lie in"),
    (EMTPD, {"rmp": -0.5}, ValueError, "rmp must lie in"),
]


@pytest.mark.parametrize(
    ("cls", "options", "kind", "message"),
    [(cls, *bad) for cls in PEERS for bad in BAD] + OWN,
)
def test_bad_settings_are_refused(cls, options, kind, message):
    with pytest.raises(kind, match=message):
        cls(**options)
