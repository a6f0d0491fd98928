"""What every system that `evogan train` knows must do, whatever its paper."""

import inspect
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from evogan import algorithms, gans
from evogan.cli.gan_names import make_system
from evogan.cli.system_table import systems
from evogan.datasets import Dataset, digits, ring
from evogan.plotting import save_samples
from evogan.training import Batch, Batches, run_block

BATCH = 8
TABLE = systems()
TESTS = Path(__file__).parents[1]

# Where a system serves less than images and vectors.
IMAGES_ONLY = {
    *("dcgan", "pggan", "stylegan", "projection-gan", "sagan", "biggan", "pix2pix", "srgan", "lapgan", "introvae"),
}
TOKENS_ONLY = {"seqgan"}

SMALL_NETS = {
    "MLPNetworks": {"networks": "mlp", "networks.hidden": [12], "networks.n_latent": 4},
    "DCGANNetworks": {"networks": "dcgan", "networks.width": 4, "networks.n_latent": 4},
    "ResNetNetworks": {"networks": "resnet", "networks.width_G": 8, "networks.width_D": 8, "networks.n_latent": 12},
}
SMALL = {
    "width": 8,
    "n_blocks": 1,
    "n_layers": 2,
    "n_latent": 4,
    "n_features": 8,
    "n_bottleneck": 8,
    "n_kernels": 4,
    "n_mixture": 2,
    "n_unrolled": 2,
    "images_per_phase": 12,  # so that networks grow within a few steps
    "every": 1,  # so that a mixture of snapshots changes
    "keep": "recent",
    "hidden": [12],
}


def data_for(name, kind):
    if kind == "digits":
        return digits()
    if kind == "ring":
        return ring(100, rng=np.random.default_rng(0))
    return Dataset("tokens", torch.from_numpy(np.random.default_rng(0).integers(6, size=(64, 5))))


def settings_for(name):
    """Return the smallest networks that the system's own parameters allow."""
    taken = inspect.signature(TABLE[name].make).parameters
    settings = {key: value for key, value in SMALL.items() if key in taken}
    if "networks" in taken:
        only = str(taken["networks"].annotation)
        kind = "ResNetNetworks" if only.startswith("ResNetNetworks") else "MLPNetworks"
        settings |= SMALL_NETS["DCGANNetworks" if name == "dcgan" else kind]
    return settings


def make(name, kind, seed=0, **changes):
    torch.manual_seed(seed)
    return make_system(name, data_for(name, kind), {**settings_for(name), **changes})


def tensors_in(state):
    if isinstance(state, torch.Tensor):
        yield state
    elif isinstance(state, dict | list | tuple):
        for part in state.values() if isinstance(state, dict) else state:
            yield from tensors_in(part)


def same_state(a, b):
    """Tell whether two states hold the same bits; NaN equals itself."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_state(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_state, a, b))
    return type(a) is type(b) and (a == b or a != a)


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def rng(seed=1):
    return np.random.default_rng(seed)


CASES = [
    (name, kind)
    for name in TABLE
    for kind in ("tokens", "digits", "ring")
    if (kind == "tokens") == (name in TOKENS_ONLY) and not (kind == "ring" and name in IMAGES_ONLY)
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_system_steps_samples_and_goes_on_from_its_state(name, kind, tmp_path):
    data = data_for(name, kind)
    system = make(name, kind)
    assert tuple(system.shape) == data.shape
    batches = Batches(data, BATCH, seed=1)
    torch.manual_seed(1)
    losses = [run_block(system, batches, 1) for _ in range(2)]  # raises where a loss is not finite
    assert losses[0].keys() == losses[1].keys() and len(losses[0]) >= 1

    modes = {part: net.training for part, net in networks_of(system)}
    state = torch.get_rng_state()
    samples = system.sample(6, rng=rng())
    assert torch.equal(torch.get_rng_state(), state)
    assert samples.shape == (6, *data.shape) and not samples.requires_grad and samples.device.type == "cpu"
    assert samples.dtype == (torch.int64 if kind == "tokens" else torch.float32)
    assert samples.isfinite().all() and (kind != "digits" or samples.abs().max() <= 1)
    torch.manual_seed(77)
    assert torch.equal(samples, system.sample(6, rng=rng()))
    assert not torch.equal(samples, system.sample(6, rng=rng(2)))
    x, y = data.batch(torch.arange(BATCH))
    pictures = system.pictures(Batch(x, y), rng=rng())
    assert pictures.shape[1:] == data.shape and 0 < len(pictures) <= 4 * BATCH
    assert torch.equal(pictures, system.pictures(Batch(x, y), rng=rng()))
    save_samples(pictures, tmp_path / "samples.png", data=data)
    assert (tmp_path / "samples.png").stat().st_size > 100
    assert {part: net.training for part, net in networks_of(system)} == modes

    stored = through_a_file(system.state_dict())
    assert all(tensor.device.type == "cpu" for tensor in tensors_in(stored))
    twin = make(name, kind, seed=99)
    twin.load_state_dict(stored)
    rest = []
    for one in (system, twin):
        drawn = Batches(data, BATCH, seed=1)
        drawn.n_drawn = batches.n_drawn
        torch.manual_seed(5)
        rest.append({loss: values.tolist() for loss, values in run_block(one, drawn, 2).items()})
    assert rest[0] == rest[1] and rest[0].keys() == losses[0].keys()
    assert same_state(through_a_file(twin.state_dict()), through_a_file(system.state_dict()))
    assert torch.equal(system.sample(6, rng=rng()), twin.sample(6, rng=rng()))
    assert not torch.equal(samples, system.sample(6, rng=rng()))  # it has learned something since


def networks_of(system):
    """Return the networks that can be found, by name."""
    trainer = getattr(system, "trainer", None)
    named = {name: getattr(trainer, name, None) for name in ("G", "D", "encoder")}
    named["generator"] = getattr(system, "generator", None)
    return [(name, net) for name, net in named.items() if isinstance(net, torch.nn.Module)]


@pytest.mark.parametrize("name", TABLE)
def test_wrong_settings_are_refused(name):
    kind = "tokens" if name in TOKENS_ONLY else "digits"
    with pytest.raises(TypeError, match="no_such_setting"):
        make(name, kind, no_such_setting=1)
    if "recipe" in inspect.signature(TABLE[name].make).parameters:
        with pytest.raises(ValueError, match="n_critic"):
            make(name, kind, n_critic=0)
        with pytest.raises(TypeError, match="lr_G"):
            make(name, kind, lr_G="fast")


@pytest.mark.parametrize("name", TABLE)
def test_labels_are_served_or_refused(name):
    kind = "tokens" if name in TOKENS_ONLY else "digits"
    system = make(name, kind)
    wrong = torch.full((4,), system.n_classes or 1)
    if system.n_classes == 0:
        with pytest.raises(ValueError, match="labels"):
            system.sample(4, rng=rng(), labels=wrong)
        return
    assert system.n_classes == 10
    with pytest.raises(ValueError, match=r"labels must lie in \[0, 10\)"):
        system.sample(4, rng=rng(), labels=wrong)
    run_block(system, Batches(data_for(name, kind), BATCH, seed=1), 1)  # embeddings of classes may start out equal
    by_label = [system.sample(4, rng=rng(), labels=torch.full((4,), k)) for k in (1, 2)]
    assert not torch.equal(*by_label)
    in_turn = system.sample(4, rng=rng(), labels=torch.arange(4))
    assert torch.equal(in_turn, system.sample(4, rng=rng()))


def test_the_table_holds_every_system_of_the_package():
    others = {"assemble", "plain_critic"}
    public = {getattr(gans, name) for name in gans.__all__ if name.islower() and name not in others}
    public |= {getattr(algorithms, name) for name in algorithms.__all__}
    of_shape = {f for f in public if inspect.isfunction(f) and next(iter(inspect.signature(f).parameters)) == "shape"}
    assert of_shape == {entry.make for entry in TABLE.values()}


@pytest.mark.parametrize("name", TABLE)
def test_the_table_tells_papers_and_tests_that_exist(name):
    entry = TABLE[name]
    assert any(str(year) in entry.paper for year in range(2014, 2027)), entry.paper
    assert entry.family and entry.verified
    for test in entry.tests:
        file, function = test.split("::")
        assert f"def {function}(" in (TESTS / file).read_text(), test
