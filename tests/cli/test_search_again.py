"""`hglab search` once more, when nothing is left to do: what it says, and its exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runners.search import storage as kept
from tests.cli.conftest import Call, Process
from tests.cli.searches import fill, point, read, write_search

pytestmark = pytest.mark.slow

AGAIN = ("--scale", "tiny", "--executor", "inline", "--trials", 2)


@pytest.mark.parametrize(("state", "code"), [("FAIL", 1), ("COMPLETE", 0)])
def test_what_failed_before_is_no_success(call: Call, tmp_path: Path, state: str, code: int) -> None:
    """As a launch of an ablation says it: a script must not take the second call for a success."""
    path = write_search(tmp_path, "scheduler: none")
    search = read(path)
    figures = {kept.FIGURES: {"pckh": 30.0, "params": 12_000.0}, kept.EPOCHS: 2}
    second = figures if state == "COMPLETE" else {kept.ERROR: "ValueError: no"}
    first = point(search, block__type="hierarchical", block__depth=3)
    fill(search, tmp_path / "runs", [(first, "COMPLETE", figures), (point(search), state, second)])
    done = call("search", path, *AGAIN)
    assert done.exit_code == code, done.output
    said = "failed before, not tried again: p1 (--retry failed does)"
    assert (said in " ".join(done.stderr.split())) is bool(code)
    advice = next(line for line in done.stderr.splitlines() if line.startswith("train the best at full budget:"))
    words = advice.partition(" promote ")[2].split()
    assert call("promote", *words).exit_code == 0, "what it advises works, of fewer trials than three, too"


@pytest.mark.slow
def test_a_line_of_the_log_shows_what_training_measures(process: Process, tmp_path: Path) -> None:
    """The parameters stand first among the objectives, and they were known before."""
    path = write_search(tmp_path, "objectives: [params, pckh]")
    done = process("search", path, "--scale", "tiny", "--executor", "inline", "--trials", 1)
    assert done.returncode == 0, done.stderr
    assert re.search(r"✓ p0 hierarchical, depth 3: done in [^,]+, PCKh \d", done.stderr)
