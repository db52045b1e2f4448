"""Help: every verb says what it does, with an example; the command answers without heavy imports."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

VERBS = (
    *("validate", "plan", "inspect", "run", "submit", "status", "table"),
    *("compare", "diff", "figure", "report", "ui", "keys"),
)


def test_the_command_lists_its_verbs(call) -> None:
    result = call("--help")
    assert result.exit_code == 0
    assert all(re.search(rf"\b{verb}\b", result.stdout) for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example(call, verb: str) -> None:
    result = call(verb, "--help")
    assert result.exit_code == 0
    assert f"Example: hglab {verb}" in result.stdout


def test_the_command_without_words_shows_its_help(call) -> None:
    assert "Usage: " in call().output


def test_the_version(call) -> None:
    assert re.fullmatch(r"hglab \d+\.\d+\.\d+\n", call("--version").stdout)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom cli.main import app\n"
        "from typer.testing import CliRunner\nCliRunner().invoke(app, ['--help'])\n"
        "heavy = {'torch', 'ray', 'mlflow', 'pandas', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_completion_can_be_shown(call) -> None:
    result = call("--show-completion", "bash")
    assert result.exit_code in (0, 1)  # 1: the shell of the test is not known


def test_a_mistyped_verb_is_bad_input(call) -> None:
    result = call("vlaidate")
    assert result.exit_code == 2
    assert "validate" in result.output


def test_keys_lists_what_a_study_may_set(call) -> None:
    result = call("keys", "block")
    assert result.exit_code == 0
    assert "block.depth" in result.stdout
    assert "training.epochs" not in result.stdout


@pytest.mark.parametrize("part", ["", "level", "levelN", "block.depth"])
def test_keys_of_levels_are_listed_once(call, part: str) -> None:
    words = call("keys", part).stdout.split()
    assert "levelN.block.depth" in words
    assert not {word for word in words if word.startswith("level0.") or word.startswith("level2.")}
    each = [key["key"] for key in json.loads(call("keys", part, "--format", "json").stdout)]
    assert {f"level{level}.block.depth" for level in range(7)} <= set(each)


def test_the_keys_of_one_level_have_its_name(call) -> None:
    result = call("keys", "level2")
    assert "level2.block.depth" in result.stdout
    assert "levelN" not in result.stdout
