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
    assert millions == {
        "bottleneck": 3.42,
        "wider": 11.28,
        "multi_scale": 3.81,
        "multi_scale_no_1x1": 9.49,
        "bottleneck_no_1x1": 5.73,
        "hierarchical_narrow": 3.63,
        "hierarchical": 6.24,
    }


def test_studies_planned_together_say_what_sharing_saves(call, small_study, studies) -> None:
    other = small_study.with_name("other.yaml")
    other.write_text(
        "study: other\nseeds: [0]\nbase: {training.stacking: sequential}\nvariants:\n"
        "  - {id: again, set: {block.type: hierarchical, model.stacks: 1}}\n"
        "  - {id: two, set: {block.type: hierarchical, model.stacks: 2}}\n"
    )
    plan = json.loads(call("plan", small_study, other, "--scale", "tiny", "--format", "json").stdout)
    assert (plan["rows"], plan["trials"], plan["distinct_alone"], plan["distinct"]) == (4, 6, 7, 6)
    assert plan["saved_by_sharing"] == 1
    assert [study["distinct"] for study in plan["studies"]] == [4, 3]
    text = call("plan", small_study, other, "--scale", "tiny").stdout
    assert "7 trials if each study trained its own, 6 distinct: sharing saves 1" in text
    everything = json.loads(call("plan", *studies, "--scale", "paper", "--format", "json").stdout)
    assert everything["saved_by_sharing"] == everything["distinct_alone"] - everything["distinct"] > 0


def test_one_study_named_twice_is_one_and_one_name_for_two_is_refused(call, small_study) -> None:
    plan = json.loads(call("plan", small_study, small_study, "--format", "json").stdout)
    assert (len(plan["studies"]), plan["saved_by_sharing"]) == (1, 0)
    other = small_study.with_name("other.yaml")
    other.write_text(small_study.read_text())
    result = call("plan", small_study, other)
    assert result.exit_code == 2
    assert "other.yaml:1:8: the study 'small' is" in result.stderr
    assert "rename one" in result.stderr


def test_every_study_planned_together_shows_every_mistake(call, small_study) -> None:
    for name in ("first", "second"):
        small_study.with_name(f"{name}.yaml").write_text(
            f"study: {name}\nvariants: [{{id: a, set: {{blok.type: x}}}}]\n"
        )
    result = call("plan", small_study, small_study.with_name("first.yaml"), small_study.with_name("second.yaml"))
    assert result.exit_code == 2
    assert "first.yaml" in result.stderr
    assert "second.yaml" in result.stderr


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
