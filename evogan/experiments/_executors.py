"""Where the cells of a campaign, or expensive evaluations, are computed: here, in processes, or on a Dask cluster.

Dask is the optional ``evogan[dist]``. Its client also reaches a scheduler elsewhere, and through dask-jobqueue a Slurm
cluster: no cluster code of our own.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol

from evogan._internal.checks import check_int

Outcome = tuple[int, Any]
"""The index of an item, and its result or the exception that ended it."""


class Executor(Protocol):
    """Computes ``function`` on every item, in any order, and hands out results as they come."""

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` once for every item."""
        ...


class Serial:
    """Computes one item after another, in this process.

    Example:
        >>> list(Serial().map_unordered(abs, [-1, 2]))
        [(0, 1), (1, 2)]
    """

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` in order."""
        for i, item in enumerate(items):
            try:
                outcome = function(item)
            except Exception as error:
                outcome = error
            yield i, outcome


class Processes:
    """Computes in ``n_workers`` fresh processes (spawn: a fork after torch has run can hang), one thread each.

    A worker that dies, killed or out of memory, is replaced and its items run again, up to ``retries`` times.
    """

    def __init__(self, n_workers: int | None = None, *, retries: int = 2) -> None:
        self.n_workers = (os.cpu_count() or 1) if n_workers is None else check_int(n_workers, "n_workers", low=1)
        self.retries = check_int(retries, "retries")

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` as items finish."""
        import cloudpickle

        task = cloudpickle.dumps(function)
        deaths = [0] * len(items)
        waiting = list(range(len(items)))[::-1]
        while waiting:
            with self._pool() as pool:
                running: dict[Future[Any], int] = {}
                broken = False
                while (waiting or running) and not (broken and not running):
                    while waiting and not broken and len(running) < self.n_workers:
                        i = waiting.pop()
                        running[pool.submit(_call, task, cloudpickle.dumps(items[i]))] = i
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        i = running.pop(future)
                        error = future.exception()
                        if isinstance(error, BrokenProcessPool):
                            broken = True
                            deaths[i] += 1
                            if deaths[i] <= self.retries:
                                waiting.append(i)
                                continue
                            error = RuntimeError(f"the worker process died {deaths[i]} times (killed, out of memory?)")
                        yield i, future.result() if error is None else error

    def _pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.n_workers, mp_context=context, initializer=_one_thread)


class Dask:
    """Computes on a Dask cluster: one of ``n_workers`` processes on this machine, or the scheduler at ``address``.

    Raises:
        ImportError: dask is not installed (``pip install evogan[dist]``).
    """

    def __init__(self, address: str | None = None, *, n_workers: int | None = None, retries: int = 3) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise ImportError("the Dask executor needs the packages of evogan[dist]") from error
        self.address = address
        self.n_workers = None if n_workers is None else check_int(n_workers, "n_workers", low=1)
        self.retries = check_int(retries, "retries")

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` as items finish; a lost worker's items run again elsewhere."""
        import cloudpickle
        from distributed import Client, LocalCluster, as_completed

        task = cloudpickle.dumps(function)
        cluster: Any = self.address
        if self.address is None:
            cluster = LocalCluster(
                n_workers=self.n_workers or os.cpu_count() or 1,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
            )
        try:
            with Client(cluster) as client:
                futures = {
                    client.submit(_call, task, cloudpickle.dumps(item), pure=False, retries=self.retries): i
                    for i, item in enumerate(items)
                }
                for future in as_completed(futures):
                    error = future.exception()
                    yield futures[future], future.result() if error is None else error
        finally:
            if self.address is None:
                cluster.close()


def _call(task: bytes, item: bytes) -> Any:
    """Compute one item in a worker."""
    import cloudpickle

    _one_thread()
    return cloudpickle.loads(task)(cloudpickle.loads(item))


def _one_thread() -> None:
    """Keep a worker to one thread: the workers themselves are the parallelism."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)
