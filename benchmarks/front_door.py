"""How long a user waits for answers that need no training: whole processes, medians.

    .venv/bin/python benchmarks/front_door.py

Prints seconds for `hglab --help`, and for `hglab plan` and `hglab validate` of a study of 1,000 trials.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = """\
study: thousand
seeds: [0, 1, 2, 3, 4]
base: {{block.type: hierarchical}}
grid:
  block.depth: [2, 3]
  block.cardinality: [1, 2]
  loss.name: [l2, sigmoid_cross_entropy]
  training.learning_rate: [{rates}]
"""


def seconds(command: list[str], folder: Path) -> float:
    """Wall-clock seconds of one run of a command."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure each command `--runs` times after a warm-up and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    hglab = str(Path(sys.executable).with_name("hglab"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rates = ", ".join(f"{rate}e-4" for rate in range(1, 26))
        (folder / "thousand.yaml").write_text(STUDY.format(rates=rates))
        commands = {
            "hglab --help": [hglab, "--help"],
            "hglab plan (1,000 trials)": [hglab, "plan", "thousand.yaml", "--scale", "paper", "--format", "json"],
            "hglab validate (1,000 trials, 3 scales)": [hglab, "validate", "thousand.yaml"],
        }
        for label, command in commands.items():
            seconds(command, folder)
            times = [seconds(command, folder) for _ in range(runs)]
            print(f"{label:42s} median {statistics.median(times):.2f} s  (min {min(times):.2f}, max {max(times):.2f})")


if __name__ == "__main__":
    main()
