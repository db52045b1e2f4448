"""Every sampler with conditions, constraints, one or two objectives and stopped trials: it goes on proposing."""

from __future__ import annotations

import pytest

from runners.job import Job, Progress
from tests.runners.search.conftest import SEARCH, quality

pytestmark = pytest.mark.slow

CONSTRAINED = SEARCH.replace("  space:", '  constraints: ["params <= 5e3"]\n  space:')


@pytest.mark.parametrize("objectives", ["[pckh]", "[pckh, params]"])
@pytest.mark.parametrize("sampler", ["{name: tpe, startup: 3}", "{name: nsga2, population: 3}", "random"])
def test_stopped_and_infeasible_points_are_digested(make_launch, make_search, sampler, objectives) -> None:
    more = f"trials: 14\n  sampler: {sampler}\n  objectives: {objectives}\n  scheduler: {{name: asha, metric: pckh}}"
    launch = make_launch(make_search(CONSTRAINED, replaced={"trials: 8": more}, **{"training.epochs": 9}))
    while isinstance(job := launch.next(), Job):
        if len(launch.given) % 3 == 0:
            launch.asker.progressed(job, Progress(1, 9, {"pckh": quality(job)}))
            launch.asker.pruned(job, 1)
        else:
            launch.finish(job)
    assert launch.result.counted == len(launch.given) == 14
    assert sum(trial.state == "pruned" for trial in launch.result.trials) == 4
    assert all(trial.values["params"] <= 5e3 for trial in launch.result.complete)
