"""The search's executor through Ray Tune: a searcher that asks, a scheduler that stops. Imports Ray when it runs."""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.search import Searcher

from runners.executors import Monitor
from runners.interruption import StopRequest
from runners.job import Job, Progress
from runners.lease import Holder
from runners.relay import Relay
from runners.search.asker import Asker
from runners.search.halving import Halving
from runners.sweep import LOST, RESTARTS, RaySweep, share_of, train
from runners.winding_down import WindingDown

_PAUSE_S = 0.5
"""Between questions while there is nothing to train: Tune asks without a pause."""


class RaySearch:
    """An executor (see `runners.search.executors`) on the Ray that a sweep keeps up."""

    def __init__(self, sweep: RaySweep, *, concurrent: int | None = None) -> None:
        """Set up.

        Args:
            sweep: starts Ray, or has started it.
            concurrent: at most so many trials at once; None: as many as this machine carries, on a cluster as many as
                Ray finds room for.
        """
        self._sweep = sweep
        self._concurrent = concurrent

    def __call__(self, asker: Asker, halving: Halving | None) -> None:
        """Run the search.

        Raises:
            InputError: if no cluster answers at the address, or its machines cannot run the jobs.
            KeyboardInterrupt: if the user interrupts. Ray is ended before, so that no worker still writes.
        """
        losses: Counter[str] = Counter()
        lost: list[Job] = []
        # Again, for what was held elsewhere or lost after the last was asked for.
        while (first := lost.pop() if lost and not asker.stopped() else asker.next()) != "done":
            if first == "wait":
                time.sleep(_PAUSE_S)
                continue
            try:
                self._sweep.begin(first)
                lost += self._fit(first, asker, halving, losses)
            except BaseException:
                self._sweep.close()
                raise
        if asker.stopped():
            raise KeyboardInterrupt

    def _fit(self, first: Job, asker: Asker, halving: Halving | None, losses: Counter[str]) -> list[Job]:
        """Run jobs until the asker has none; gives those whose process was lost, and that may be started again."""
        request = StopRequest.of(first)
        jobs: dict[str, Job] = {}
        scheduler = _Stopping(request, jobs, halving)
        told = _Told(asker, scheduler.stopped)
        relay = Relay(jobs, told, losses)
        asking = _Asking(first, asker, jobs, relay, losses)
        trainable = tune.with_resources(_train, lambda config: tune.PlacementGroupFactory([share_of(config["job"])]))
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                num_samples=-1,
                search_alg=asking,
                max_concurrent_trials=self._concurrent or _room(first, self._sweep),
                reuse_actors=True,
                scheduler=scheduler,
                trial_dirname_creator=lambda trial: str(trial.config["name"]),
                trial_name_creator=lambda trial: str(trial.config["name"]),
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(self._sweep.scratch.resolve()),
                verbose=0,
                callbacks=[relay],
                failure_config=tune.FailureConfig(max_failures=RESTARTS),
            ),
        )
        try:
            tuner.fit()
        except Exception:
            if trouble := told.trouble or asking.trouble or scheduler.trouble:  # as it was: Tune makes a text of it
                raise trouble from None
            raise
        finally:
            shutil.rmtree(self._sweep.scratch, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._sweep.scratch.parent.rmdir()
        if len(relay.ended) < len(jobs):  # after an interruption `fit` may return as if all were well
            raise KeyboardInterrupt
        return list(asking.lost())


def _room(job: Job, sweep: RaySweep) -> int | None:
    """How many such jobs this machine carries at once; None on a cluster, which may grow."""
    if sweep.on_cluster:
        return None
    import ray

    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, math.floor(min(there.get(kind, 0.0) / asked for kind, asked in share_of(job).items())))


def _train(config: dict[str, Any]) -> None:
    """What a worker does."""
    train(config["job"])


class _Asking(Searcher):  # Tune asks for a subclass
    """Tune's searcher: gives it the asker's jobs; `trouble` is what kept it from that.

    A trial of Tune's is called after its point, `p7`; one that is begun anew, because another launch had held the
    point's trial or its process was lost while it began, has a name of its own, `p7-2`: Tune and the relay keep by name
    how each ended.
    """

    def __init__(self, first: Job, asker: Asker, jobs: dict[str, Job], relay: Relay, losses: Counter[str]) -> None:
        super().__init__()
        self._first: Job | None = first
        self._asker = asker
        self._jobs = jobs
        self._relay = relay
        self._losses = losses
        self._times: Counter[str] = Counter()
        self.trouble: Exception | None = None

    def suggest(self, trial_id: str) -> Any:
        """The next job as a Tune trial's configuration, None while there is none, or that all is done."""
        try:
            return self._suggest()
        except Exception as error:
            self.trouble = error
            raise

    def _suggest(self) -> Any:
        given = self._first or next(self.lost(), None) or self._asker.next()
        self._first = None
        if given == "done":
            return Searcher.FINISHED
        if given == "wait":
            time.sleep(_PAUSE_S)
            return None
        self._times[given.variant] += 1
        times = self._times[given.variant]
        name = given.variant if times == 1 else f"{given.variant}-{times}"
        self._jobs[name] = given
        return {"name": name, "job": given}

    def lost(self) -> Iterator[Job]:
        """The jobs whose process was lost and that Tune does not start again; those lost too often have failed."""
        while self._relay.lost:
            job = self._jobs[self._relay.lost.pop()]
            names = (name for name, each in self._jobs.items() if each.variant == job.variant)
            if sum(self._losses[name] for name in names) > RESTARTS:
                self._asker.failed(job, LOST)
            else:
                yield job

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Nothing: the relay tells the asker."""

    def __deepcopy__(self, memory: Any) -> _Asking:
        """Itself: Tune copies what it is given, and a copy would ask nobody."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Tune stores its searcher with a sweep; hglab never restores one."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: Optuna's storage is the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: hglab never restores a sweep of Tune's."""


class _Stopping(WindingDown):  # Tune asks for a subclass
    """Stops trials as `Halving` says, until the launch is asked to stop.

    `stopped` holds the epoch by point; `trouble` is what kept it from asking.
    """

    def __init__(self, request: StopRequest, jobs: dict[str, Job], halving: Halving | None) -> None:
        super().__init__(request)
        self._halving = halving
        self._jobs = jobs
        self.stopped: dict[str, int] = {}
        self.trouble: Exception | None = None

    def __deepcopy__(self, memory: Any) -> _Stopping:
        """Itself: Tune copies what it is given, and a copy would tell nobody."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Tune stores its scheduler with a sweep; hglab never restores one."""
        return {}

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Whether the trial goes on."""
        if self._halving is None or "epoch" not in result:
            return "CONTINUE"
        name = self._jobs[trial.config["name"]].variant
        try:
            stops = self._halving.stops(name, result["epoch"], result["epochs"], result)
        except Exception as error:  # of the storage
            self.trouble = error
            raise
        if not stops:
            return "CONTINUE"
        self.stopped[name] = result["epoch"]
        return "STOP"


class _Told(Monitor):
    """What the relay tells of jobs, told to the asker; `trouble` is what the asker raised."""

    def __init__(self, asker: Asker, stopped: dict[str, int]) -> None:
        self._asker = asker
        self._stopped = stopped
        self.trouble: Exception | None = None

    def started(self, job: Job) -> None:
        self._asker.monitor.started(job)

    def progressed(self, job: Job, progress: Progress) -> None:
        with self._noting():
            self._asker.progressed(job, progress)

    def finished(self, job: Job) -> None:
        epoch = self._stopped.pop(job.variant, None)
        with self._noting():
            if epoch is None:
                self._asker.finished(job)
            else:
                self._asker.pruned(job, epoch)

    def failed(self, job: Job, error: str) -> None:
        with self._noting():
            self._asker.failed(job, error)

    def held(self, job: Job, holder: Holder | None) -> None:
        self._asker.held(job, holder)

    def taken(self, job: Job) -> None:
        self._asker.monitor.taken(job)

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.trouble = error
            raise
