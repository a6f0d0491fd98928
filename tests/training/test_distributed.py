"""Two processes are one: their gradients are averaged, their weights stay equal, their batches make one batch."""

import copy
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import evogan.training._batches as batches_module
from evogan.datasets import ring
from evogan.experiments import train
from evogan.losses import BEGAN
from evogan.training import SGD, AdversarialTrainer, GANSystem, first_process, gather_objects, is_distributed

N, N_LATENT, N_STEPS = 8, 3, 5


def draw(n, rows):
    """Fixed latents, of which each process takes its own rows."""
    return torch.randn(2 * n, N_LATENT, generator=torch.Generator().manual_seed(9))[rows]


def trainer_of(rows, seed=0):
    torch.manual_seed(seed)
    G = nn.Sequential(nn.Linear(N_LATENT, 4), nn.Tanh(), nn.Linear(4, 2))
    D = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2), Error())
    return AdversarialTrainer(
        G, D, prior=lambda _: draw(N, rows), loss=BEGAN(1.0, 0.2), optimizer_G=SGD()(0.1), optimizer_D=SGD(0.9)(0.1)
    )


class Error(nn.Module):
    def forward(self, x):
        return -x.abs().mean(dim=1, keepdim=True)


def real(step, rows):
    return torch.rand(2 * N, 2, generator=torch.Generator().manual_seed(step))[rows]


def steps(trainer, rows):
    for k in range(N_STEPS):
        trainer.d_step(real(k, rows))
        trainer.g_step(real(k, rows))
    return {**trainer.G.state_dict(), **{f"D.{k}": v for k, v in trainer.D.state_dict().items()}, **trainer.controls()}


def system_of(seed):
    rows = slice(None)
    trainer = trainer_of(rows, seed)
    trainer.prior = lambda n: torch.randn(n, N_LATENT)
    return GANSystem(trainer, shape=(2,), ema=0.9)


def work(folder):
    """What each of two processes does; the parent reads the files."""
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    try:
        rows = slice(rank, None, 2)
        own = {"steps": steps(trainer_of(rows), rows)}
        own["gathered"] = gather_objects({"rank": rank})
        own["first"] = first_process(f"from {rank}")
        # Different initial weights and no seed: the run makes them agree.
        system = system_of(seed=rank)
        result = train(system, ring(100, rng=np.random.default_rng(0)), n_steps=4, batch_size=8, out=folder / "run")
        own["seed"], own["n_losses"] = result.seed, len(result.losses)
        own["trained"] = copy.deepcopy(system.trainer.state_dict()["G"]), system.trainer.state_dict()["D"]
        torch.save(own, folder / f"{rank}.pt")
    finally:
        dist.destroy_process_group()


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = []
    for rank in range(2):
        environment = {"RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        environment |= {"OMP_NUM_THREADS": 1, "GLOO_SOCKET_IFNAME": "lo", "PATH": "", "PYTHONPATH": Path.cwd()}
        environment |= {"PYTHONFAULTHANDLER": 1}
        running.append(
            subprocess.Popen(
                [sys.executable, __file__, str(folder)],
                env={name: str(value) for name, value in environment.items()},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    return folder, [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_both_hold_the_weights_of_one_process_with_the_union_of_their_batches(processes):
    _, (first, second) = processes
    alone = steps(trainer_of(slice(None)), slice(None))
    for name, value in first["steps"].items():
        assert torch.equal(value, second["steps"][name]), name
        # Sums in another order, five steps of momentum: the weights themselves move by tenths.
        torch.testing.assert_close(value, alone[name], rtol=1e-3, atol=1e-4)
    start = trainer_of(slice(None)).G.state_dict()
    assert all(not torch.equal(start[name], first["steps"][name]) for name in start)
    assert 0 < first["steps"]["k"] < 1


def test_objects_are_gathered_by_rank_and_the_first_process_is_heard(processes):
    _, (first, second) = processes
    assert first["gathered"] == second["gathered"] == [{"rank": 0}, {"rank": 1}]
    assert first["first"] == second["first"] == "from 0"


def test_a_run_of_two_processes_agrees_on_seed_and_weights_and_writes_once(processes):
    folder, (first, second) = processes
    assert first["seed"] == second["seed"]
    assert first["n_losses"] == second["n_losses"] == 4
    for mine, other in zip(first["trained"], second["trained"], strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=0)
    assert len((folder / "run" / "log.jsonl").read_text().splitlines()) == 4
    assert '"n_processes": 2' in (folder / "run" / "config.json").read_text()


def test_a_single_process_is_told_apart():
    assert not is_distributed()
    assert batches_module.process_rank() == (0, 1)
    assert gather_objects(3) == [3] and first_process(3) == 3


if __name__ == "__main__":
    work(Path(sys.argv[1]))
    # All is written. In an interpreter that shuts down, a late thread of gloo's asking for the GIL aborts the process.
    os._exit(0)
