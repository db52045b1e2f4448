"""Plans: identities, counts, what cannot be built, what is quick."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runners.estimate import estimate_seconds
from runners.launch import remaining
from runners.planning import plan_study
from search_space import InputError, expand, read_overrides, read_study


def test_a_plan_counts_its_networks(make_plan) -> None:
    plan = make_plan()
    assert [trial.name for trial in plan.trials] == ["bottleneck/0", "hierarchical/0", "bottleneck/1", "hierarchical/1"]
    assert plan.distinct == 4
    assert plan.counts["hierarchical"].params > plan.counts["bottleneck"].params > 0


def test_networks_that_cannot_be_built_are_refused_before_anything_trains(small_study) -> None:
    overrides = read_overrides(None, ("data.resolution=68", "model.features=10", "model.stem_features=5"))
    with pytest.raises(InputError) as raised:
        plan_study(expand(read_study(small_study), "tiny", overrides))
    message = str(raised.value)
    assert "small.yaml:5:10: the network of 'bottleneck' cannot be built" in message
    assert "data.resolution" in message


def test_a_data_set_without_its_folder_is_refused(small_study, tmp_path) -> None:
    expanded = expand(read_study(small_study), "tiny", read_overrides({"data.name": "lsp"}))
    with pytest.raises(InputError, match="--data-root"):
        plan_study(expanded)
    with pytest.raises(InputError, match=r"joints\.mat"):
        plan_study(expanded, tmp_path)


def test_no_estimate_without_a_record(make_plan) -> None:
    plan = make_plan()
    assert estimate_seconds(plan.trials, plan.counts, []) is None
    assert estimate_seconds([], plan.counts, []) == 0.0


def test_planning_imports_nothing_heavy() -> None:
    code = (
        "import sys, runners.planning, runners.launch, runners.record.reading, cli.main\n"
        "heavy = {'torch', 'ray', 'mlflow', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_launch_can_be_of_some_variants_only(make_plan) -> None:
    plan = make_plan()
    rest = remaining(plan, [], {"hierarchical"})
    assert [trial.name for trial in rest.to_train] == ["hierarchical/0", "hierarchical/1"]


def test_a_batch_of_one_image_cannot_be_normalised(make_plan) -> None:
    with pytest.raises(InputError, match=r"a batch of one image is too few: raise training\.batch_size"):
        make_plan("model.order=3", "training.batch_size=1")
    make_plan("model.order=2", "training.batch_size=1")
