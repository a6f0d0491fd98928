"""Copies that go on learning, global states that stay, threads and devices that are given back."""

import copy
import pickle

import cloudpickle
import numpy as np
import pytest
import torch

from evogan._internal.devices import one_thread, resolve_device
from evogan.exceptions import TrainingDivergedError
from evogan.losses import Hinge, LeastSquares
from evogan.models import GAN, Gaussian, Untrained
from evogan.nets import mlp, mlp_generator
from evogan.regularizers import R1

WAYS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "cloudpickle": lambda model: pickle.loads(cloudpickle.dumps(model)),
    "copy of a copy": lambda model: copy.deepcopy(copy.deepcopy(model)),
}
MODELS = {
    "GAN": lambda: GAN(n_steps=10),
    "GAN of autograd": lambda: GAN(n_steps=10, engine="autograd", loss=Hinge(), latent=2),
    "GAN with a penalty": lambda: GAN(n_steps=10, regularizers=[R1()]),
    "cold GAN": lambda: GAN(n_steps=10, warm_start=False),
    "Untrained": Untrained,
    "Gaussian": Gaussian,
}


def rng(seed=0):
    return np.random.default_rng(seed)


def data(seed=0, n_var=3):
    return rng(seed).uniform(0.2, 0.4, (20, n_var)), rng(seed + 1).random((30, n_var))


def same_globals(before):
    after = np.random.get_state()
    return all(np.array_equal(a, b) for a, b in zip(before[0], after, strict=True)) and torch.equal(
        before[1], torch.get_rng_state()
    )


@pytest.fixture
def globals_before():
    return np.random.get_state(), torch.get_rng_state()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_copies_sample_and_go_on_learning_as_the_original(name, way):
    model = MODELS[name]().fit(*data(), rng=rng(1))
    twin = WAYS[way](model)
    np.testing.assert_array_equal(model.sample(5, rng=rng(2)), twin.sample(5, rng=rng(2)))
    twin.fit(*data(7), rng=rng(3))
    before = model.sample(5, rng=rng(2))
    assert not np.array_equal(before, twin.sample(5, rng=rng(2)))
    model.fit(*data(7), rng=rng(3))
    np.testing.assert_array_equal(model.sample(5, rng=rng(4)), twin.sample(5, rng=rng(4)))
    if isinstance(model, GAN) and model.n_steps:
        assert (model.report.d_loss, model.report.g_loss) == (twin.report.d_loss, twin.report.g_loss)


@pytest.mark.parametrize("way", WAYS)
def test_unfitted_models_can_be_copied(way):
    model = GAN(n_steps=5, loss=LeastSquares())
    twin = WAYS[way](model)
    np.testing.assert_array_equal(
        *(m.fit(*data(), rng=rng(1)).sample(4, rng=rng(2)) for m in (model, twin)),
    )


def test_networks_made_by_lambdas_are_copied_too():
    gan = GAN(
        n_steps=5,
        generator=lambda n_latent, n_var: mlp_generator(n_latent, n_var, hidden=[4]),
        discriminator=lambda n_var: mlp([n_var, 6, 1], batch_norm=True),
    ).fit(*data(), rng=rng(1))
    for way in ("deepcopy", "cloudpickle"):
        twin = WAYS[way](gan)
        np.testing.assert_array_equal(gan.sample(5, rng=rng(2)), twin.sample(5, rng=rng(2)))
        torch.testing.assert_close(gan._trainer.state_dict(), twin._trainer.state_dict(), rtol=0, atol=0)


def test_copies_hold_no_module_objects():
    assert b"torch.nn.modules" not in pickle.dumps(GAN(n_steps=2).fit(*data(), rng=rng()))


@pytest.mark.parametrize("way", WAYS)
def test_copying_draws_nothing_from_global_states(way, globals_before):
    WAYS[way](GAN(n_steps=2).fit(*data(), rng=rng()))
    assert same_globals(globals_before)


@pytest.mark.parametrize("name", MODELS)
def test_fit_and_sample_leave_global_states_alone(name, globals_before):
    MODELS[name]().fit(*data(), rng=rng()).sample(3, rng=rng())
    assert same_globals(globals_before)


def diverging():
    return GAN(n_steps=20, loss=LeastSquares(), lr_generator=1e30, lr_discriminator=1e30)


def test_a_failed_fit_leaves_global_states_alone(globals_before):
    with pytest.raises(TrainingDivergedError):
        diverging().fit(*data(), rng=rng())
    assert same_globals(globals_before)


def test_results_do_not_depend_on_what_was_drawn_before():
    samples = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        samples.append(GAN(n_steps=5).fit(*data(), rng=rng(1)).sample(4, rng=rng(2)))
    np.testing.assert_array_equal(*samples)


def test_sampling_changes_nothing_but_the_rng():
    samples = []
    for n_draws in (0, 3):
        gan = GAN(n_steps=5).fit(*data(), rng=rng(1))
        for seed in range(n_draws):
            gan.sample(50, rng=rng(seed))
        samples.append(gan.fit(*data(), rng=rng(4)).sample(4, rng=rng(5)))
    np.testing.assert_array_equal(*samples)


def test_single_samples_do_not_depend_on_their_batch():
    # In eval mode batch normalization uses its running statistics.
    gan = Untrained(latent=2).fit(*data(), rng=rng(1))
    torch.testing.assert_close(gan.sample(1, rng=rng(2)), gan.sample(1, rng=rng(2)), rtol=0, atol=0)
    assert gan.sample(1, rng=rng(2)).std() > 0
    spread = gan.sample(100, rng=rng(2)).std(axis=0)
    assert (spread > 1e-4).all()


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n_var", "inside"), [(3, 1), (299, 1), (300, 2)])
def test_small_networks_train_with_one_thread_and_give_the_others_back(monkeypatch, two_threads, n_var, inside):
    seen = []

    def spy(trainer, real, poor, latents, n_critic):
        seen.append(torch.get_num_threads())
        return np.zeros((len(latents), 2))

    monkeypatch.setattr("evogan.models._gan.fastest_engine", lambda trainer: spy)
    gan = GAN(n_steps=2).fit(rng().random((4, n_var)), rng=rng())
    assert seen == [inside]
    assert torch.get_num_threads() == 2
    gan.sample(2, rng=rng())
    assert torch.get_num_threads() == 2


def test_threads_are_given_back_after_a_failed_fit(two_threads):
    with pytest.raises(TrainingDivergedError):
        diverging().fit(*data(), rng=rng())
    assert torch.get_num_threads() == 2


def test_one_thread_only_when_asked(two_threads):
    for when, expected in ((True, 1), (False, 2)):
        with one_thread(when):
            assert torch.get_num_threads() == expected


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_missing_cuda_device_is_said_at_once(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=f"device '{device}' was asked for, but this torch .* sees no CUDA device"):
        GAN(device=device)


@pytest.mark.parametrize("device", ["gpu", "CUDA", "cuda:x", "", "mps"])
def test_unknown_devices_are_refused_by_name(device):
    with pytest.raises(ValueError, match="device must be one of auto, cpu, cuda, got"):
        GAN(device=device)


def test_devices_are_named_by_strings():
    with pytest.raises(TypeError, match="device must be a string"):
        GAN(device=torch.device("cpu"))


def test_auto_leaves_small_networks_on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert [GAN()._device(n).type for n in (30, 299, 300, 1000)] == ["cpu", "cpu", "cuda", "cuda"]
    assert GAN(device="cpu")._device(1000).type == "cpu"
    assert GAN(device="cuda")._device(3).type == "cuda"
    with pytest.raises(ValueError, match="'cuda:1' was asked for, but there are 1 CUDA devices"):
        resolve_device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert GAN()._device(1000).type == "cpu"
