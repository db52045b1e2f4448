"""`hglab plan` and `hglab validate`: what others script against."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize("scale", ["tiny", "laptop", "paper"])
def test_the_plan_as_json_has_its_stable_names(call, small_study, scale: str) -> None:
    result = call("plan", small_study, "--scale", scale, "--format", "json")
    assert result.exit_code == 0
    plan = json.loads(result.stdout)
    assert (plan["trials"], plan["distinct"], plan["reused"]) == (4, 4, 0)
    assert [variant["id"] for variant in plan["variants"]] == ["bottleneck", "hierarchical"]
    for variant in plan["variants"]:
        assert {"id", "label", "params", "binary_macs", "real_macs", "seeds"} <= set(variant)
        assert variant["seeds"] == [0, 1]


def test_the_papers_networks_have_the_papers_sizes(call, studies) -> None:
    study = next(path for path in studies if path.stem == "table2_blocks")
    plan = json.loads(call("plan", study, "--scale", "paper", "--format", "json").stdout)
    params = {variant["id"]: variant["params"] for variant in plan["variants"]}
    assert params["hierarchical"] == 6_236_560
    millions = {name: round(count / 1e6, 2) for name, count in params.items()}
    assert millions == {"bottleneck": 3.42, "wider": 11.28, "hierarchical_narrow": 3.63, "hierarchical": 6.24}


def test_the_plan_for_people_says_the_same(call, small_study) -> None:
    result = call("plan", small_study)
    assert "4 trials, 4 distinct, 0 reused from the record, 4 to train" in result.stdout
    assert "\x1b[" not in result.stdout


def test_every_study_of_the_project_is_right(call, studies) -> None:
    result = call("validate", *studies)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count(": right, ") == len(studies)


def test_a_thousand_trials_are_planned_without_heavy_imports(tmp_path) -> None:
    rates = ", ".join(f"{rate}e-4" for rate in range(1, 26))
    (tmp_path / "large.yaml").write_text(
        f"study: large\nseeds: [0, 1, 2, 3, 4]\nbase: {{block.type: hierarchical}}\n"
        f"grid: {{block.depth: [2, 3], block.cardinality: [1, 2], loss.name: [l2, sigmoid_cross_entropy], "
        f"training.learning_rate: [{rates}]}}\n"
    )
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cli.main import app\n"
        "result = CliRunner().invoke(app, ['plan', 'large.yaml', '--scale', 'paper'])\n"
        "assert '1000 trials, 1000 distinct' in result.stdout, result.output\n"
        "assert not {'torch', 'ray', 'mlflow', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
