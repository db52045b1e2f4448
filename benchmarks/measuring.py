"""What benchmarks of several parts share: processes that are timed, figures with their range, how they are printed."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FIGURES = 13
"""Metrics of an epoch: what a trial on poses logs."""


def figures(number: int) -> dict[str, float]:
    """Metrics of an epoch of poses, made up from a number."""
    return {"pckh": 50.0 + number, **{f"figure_{index}": index + number / 7 for index in range(FIGURES - 2)}}


def hglab(*words: str | Path) -> list[str]:
    """The command line of hglab, by this interpreter."""
    return [sys.executable, "-c", "from cli.main import main; main()", *map(str, words)]


def wall(command: list[str]) -> float:
    """Seconds of a whole process; ends the benchmark if it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - begin


def output(command: list[str]) -> str:
    """The last line that a process prints; ends the benchmark if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.strip().splitlines()[-1]


def spread(values: Any) -> dict[str, float]:
    """Median and range of some figures."""
    values = list(values)
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in figures.items()}


def show(figures: Mapping[str, Any], indent: int = 2) -> None:
    """Print figures as indented lines."""
    for name, value in figures.items():
        if isinstance(value, Mapping) and set(value) == {"median", "min", "max"}:
            print(f"{'':{indent}}{name}: {value['median']:g}  ({value['min']:g} to {value['max']:g})")
        elif isinstance(value, Mapping):
            print(f"{'':{indent}}{name}")
            show(value, indent + 2)
        else:
            print(f"{'':{indent}}{name}: {value}")


def measure(description: str | None, parts: Mapping[str, Callable[[Path, int], dict[str, Any]]]) -> None:
    """Measure the parts that the command line asks for, and print them."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - set(parts)):
        parser.error(f"no such part: {', '.join(unknown)} (there are {', '.join(parts)})")
    for part in options.parts or parts:
        with tempfile.TemporaryDirectory() as folder:
            figures = parts[part](Path(folder), options.rounds)
        if options.format == "json":
            print(json.dumps({part: figures}), flush=True)
        else:
            print(part)
            show(figures)
            sys.stdout.flush()
