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
from typing import Any, Protocol, Self

from evogan._internal.checks import check_int

Outcome = tuple[int, Any]
"""The index of an item, and its result or the exception that ended it."""


_PIECE = 1 << 22  # bytes


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


class _Kept:
    """A pool or client that is made at first use, kept for later ones, and never copied or pickled along."""

    def __init__(self) -> None:
        self._kept: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of processes and connections; the next use makes new ones."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}


class Processes(_Kept):
    """Computes in ``n_workers`` fresh processes (spawn: a fork after torch has run can hang), one thread each.

    A worker that dies, killed or out of memory, is replaced and its items run again, up to ``retries`` times. The
    processes stay for further calls until :meth:`close`, or the end of a ``with`` block.
    """

    def __init__(self, n_workers: int | None = None, *, retries: int = 2) -> None:
        super().__init__()
        self.n_workers = (os.cpu_count() or 1) if n_workers is None else check_int(n_workers, "n_workers", low=1)
        self.retries = check_int(retries, "retries")

    def close(self) -> None:
        """End the processes."""
        if self._kept is not None:
            self._kept.shutdown(wait=False, cancel_futures=True)
            self._kept = None

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` as items finish."""
        import cloudpickle

        task = cloudpickle.dumps(function)
        deaths = [0] * len(items)
        waiting = list(range(len(items)))[::-1]
        running: dict[Future[Any], int] = {}
        while waiting or running:
            while waiting and len(running) < self.n_workers:
                i = waiting.pop()
                running[self._pool().submit(_call, task, cloudpickle.dumps(items[i]))] = i
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                i = running.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    self.close()  # one death breaks the whole pool: what else was running comes back the same way
                    deaths[i] += 1
                    if deaths[i] <= self.retries:
                        waiting.append(i)
                        continue
                    error = RuntimeError(f"the worker process died {deaths[i]} times (killed, out of memory?)")
                yield i, future.result() if error is None else error

    def _pool(self) -> ProcessPoolExecutor:
        if self._kept is None:
            context = multiprocessing.get_context("spawn")
            self._kept = ProcessPoolExecutor(self.n_workers, mp_context=context, initializer=_one_thread)
        pool: ProcessPoolExecutor = self._kept
        return pool


class Dask(_Kept):
    """Computes on a Dask cluster: one of ``n_workers`` processes on this machine, or the scheduler at ``address``.

    Raises:
        ImportError: dask is not installed (``pip install evogan[dist]``).
    """

    def __init__(self, address: str | None = None, *, n_workers: int | None = None, retries: int = 3) -> None:
        super().__init__()
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise ImportError("the Dask executor needs the packages of evogan[dist]") from error
        self.address = address
        self.n_workers = None if n_workers is None else check_int(n_workers, "n_workers", low=1)
        self.retries = check_int(retries, "retries")

    def close(self) -> None:
        """Disconnect, and end the cluster if it was started here."""
        if self._kept is not None:
            client, cluster = self._kept
            client.close()
            if cluster is not None:
                cluster.close()
            self._kept = None

    def map_unordered(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Outcome]:
        """Yield ``(index, result or exception)`` as items finish; a lost worker's items run again elsewhere."""
        import cloudpickle
        from distributed import as_completed

        client = self._client()
        # Sent once, not with every item, and as tasks, which a lost worker's successor computes again: scattered data
        # would be lost with it. In pieces, for Dask warns about large ones.
        whole = cloudpickle.dumps(function)
        pieces = [client.submit(bytes, whole[i : i + _PIECE], pure=False) for i in range(0, len(whole), _PIECE)]
        task = client.submit(b"".join, pieces, pure=False)
        futures = {
            client.submit(_call, task, cloudpickle.dumps(item), pure=False, retries=self.retries): i
            for i, item in enumerate(items)
        }
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], future.result() if error is None else error

    def _client(self) -> Any:
        from distributed import Client, LocalCluster

        if self._kept is None:
            n = self.n_workers or os.cpu_count() or 1
            cluster = None
            if self.address is None:
                cluster = LocalCluster(n_workers=n, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
            self._kept = Client(cluster or self.address), cluster
        return self._kept[0]


class Evaluations:
    """A pymoo ``elementwise_runner`` that evaluates solutions with an executor; worth it from about 5 ms each on.

    Example:
        >>> import numpy as np
        >>> from pymoo.problems.functional import FunctionalProblem
        >>> runner = Evaluations(Serial())
        >>> problem = FunctionalProblem(2, lambda x: (x**2).sum(), xl=-1, xu=1, elementwise_runner=runner)
        >>> problem.evaluate(np.array([[1.0, 0.5]])).item()
        1.25
    """

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def __call__(self, function: Callable[[Any], Any], X: Sequence[Any]) -> list[Any]:
        """Return ``function`` of every solution, in order; raise what the first failing one raised."""
        outcomes = dict(self.executor.map_unordered(function, list(X)))
        for outcome in outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        return [outcomes[i] for i in range(len(outcomes))]


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
