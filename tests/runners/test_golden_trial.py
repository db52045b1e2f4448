"""The numbers of one tiny trial, as they were when TRAINING_CODE_VERSION was last raised.

If this fails, a change made trials train to other numbers: raise `search_space.identity.TRAINING_CODE_VERSION`, so that
old results are not mixed with new ones, and write the new numbers here. The tolerance covers other processors.
"""

from __future__ import annotations

import pytest

from runners.trial import run_trial
from search_space import TRAINING_CODE_VERSION

GOLDEN = {"version": 1, "bottleneck": (0.56140, 0.52048), "hierarchical": (0.52721, 0.54627)}


@pytest.mark.parametrize("variant", ["bottleneck", "hierarchical"])
def test_a_tiny_trial_trains_to_the_numbers_of_this_code_version(make_plan, tmp_path, shared_cache, variant) -> None:
    assert GOLDEN["version"] == TRAINING_CODE_VERSION, "write this version's numbers into GOLDEN"
    plan = make_plan()
    trial = next(trial for trial in plan.trials if trial.variant.id == variant)
    metrics = run_trial(trial.config, tmp_path / "trial", cache=shared_cache).metrics
    found = (metrics["train_loss"], metrics["validation_loss"])
    assert found == pytest.approx(GOLDEN[variant], rel=1e-3)
