"""`hglab table` and `hglab diff` with nothing recorded: mistakes, nothing trained yet, and no heavy imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import TINY, environment


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("table", "small.yaml", "./small.yaml"), ("small.yaml: the study stands twice; name each study once",)),
        (("table", "small.yaml", "copy.yaml"), ("the study 'small' is small.yaml, too",)),
        (("table", "small.yaml", "smal.yaml", "small.yaml"), ("smal.yaml: no such file", "stands twice", "2 problems")),
        (("table", "small.yaml", "--explain", "botleneck", "pckh"), ("no row 'botleneck'", "mean 'bottleneck'?")),
        (("table", "small.yaml", "--explain", "bottleneck", "pkh"), ("no column 'pkh'", "did you mean 'pckh'?")),
        (("table", "small.yaml", "--explain", "x", "y"), ("no row 'x'", "no column 'y'", "2 problems")),
        (
            ("table", "small.yaml", "--explain", "bottleneck", "pckh", "--format", "latex"),
            ("--format latex", "--format terminal or json"),
        ),
        (
            ("table", "small.yaml", "--explain", "bottleneck", "pckh", "-o", "small.yaml/x"),
            ("--output small.yaml/x: cannot be written",),
        ),
        (("table", "small.yaml", "-o", "t.tex", "--format", "markdown"), ("t.tex: is no name for markdown",)),
        (("diff", "small.yaml", "bottleneck", "bottleneck"), ("small.yaml/bottleneck: the same variant twice",)),
        (("diff", "small.yaml/bottleneck", "./small.yaml/bottleneck"), ("the same variant twice",)),
        (("diff", "small.yaml", "botleneck", "hierarchical"), ("no variant 'botleneck'", "mean 'bottleneck'?")),
        (("diff", "small.yaml", "a", "b"), ("no variant 'a'", "no variant 'b'", "2 problems")),
        (("diff", "small.yaml", "bottleneck"), ("small.yaml: names no variant", "hglab diff STUDY A B")),
        (("diff", "small.yaml/bottleneck", "hierarchical"), ("hierarchical: is neither", "hglab diff STUDY/A STUDY/B")),
        (("diff", "smal.yaml", "a", "b"), ("smal.yaml: no such file", "small.yaml")),
        (("diff", "small.yaml", "bottleneck", "hierarchical", "--scale", "huge"), ("unknown scale 'huge'",)),
    ],
)
def test_bad_input(call, small_study, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    (small_study.parent / "copy.yaml").write_text(small_study.read_text())
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr, result.stderr


def test_explain_before_anything_is_trained(call, small_study) -> None:
    result = call("table", small_study, *TINY, "--explain", "bottleneck", "pckh")
    assert result.exit_code == 0, result.output
    assert "no number: no complete trial reported it" in result.stdout
    assert "bottleneck/1: not trained yet" in result.stdout


def test_diff_before_anything_is_trained(call, small_study) -> None:
    result = call("diff", small_study, "bottleneck", "hierarchical", *TINY)
    assert result.exit_code == 0, result.output
    assert "not trained yet" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (("table", "{study}"), "torch mlflow ray matplotlib scipy optuna"),
        (("table", "{study}", "--explain", "bottleneck", "params"), "torch mlflow ray matplotlib scipy optuna"),
        (("diff", "{study}", "bottleneck", "hierarchical"), "mlflow ray matplotlib scipy optuna pandas torch._dynamo"),
    ],
)
def test_what_would_make_a_verb_slow_is_not_imported(small_study, tmp_path, words: tuple[str, ...], heavy: str) -> None:
    line = [word.format(study=small_study) for word in (*words, *TINY)]
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cli.main import app\n"
        f"result = CliRunner().invoke(app, {line!r})\n"
        "assert result.exit_code == 0, result.output\n"
        f"sys.exit(str(set({heavy.split()!r}) & set(sys.modules) or '') or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
