"""The benchmark of a training step runs and says what it measured. No test looks at a time."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

import blocks.network
from blocks.grouped import binarised_together

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "training.py"
TINY = ["--settings", "8/64/2", "--pairs", "2", "--format", "json"]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("training_benchmark", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    threads = torch.get_num_threads()
    yield module
    torch.set_num_threads(threads)


def test_ratios(benchmark, capsys, monkeypatch) -> None:
    monkeypatch.setattr(benchmark, "bnn_version", lambda: None)
    benchmark.main(TINY)
    report = json.loads(capsys.readouterr().out)
    assert report["machine"]["torch"] == torch.__version__
    assert report["machine"]["cpu"]
    assert report["notes"] == ["bnn is not installed, so it is not compared (pip install --no-deps bnn==0.1.2)"]
    (setting,) = report["settings"]
    assert (setting["features"], setting["resolution"], setting["batch"], setting["pairs"]) == (8, 64, 2, 2)
    assert [one["variant"] for one in setting["variants"]] == ["real", "binary", "binary, layer by layer"]
    base = setting["variants"][0]
    assert base["ratio"] == base["ratio_low"] == base["ratio_high"] == 1
    for one in setting["variants"]:
        assert one["milliseconds"] > 0
        assert one["ratio_low"] <= one["ratio"] <= one["ratio_high"]
        assert one["images_per_second"] == pytest.approx(2000 / one["milliseconds"])
    assert blocks.network.binarised_together is binarised_together


def test_bnn_takes_the_place_of_our_convolutions(benchmark) -> None:
    pytest.importorskip("bnn", reason="the authors' library bnn is not installed")
    setting = benchmark.Setting(8, 64, 2)
    network = benchmark.make_network(setting, "cpu", binary=True)
    ours = sum(parameter.numel() for parameter in network.parameters())
    theirs = benchmark.with_bnn(network)
    assert not any(isinstance(module, benchmark.BinaryConv2d) for module in theirs.modules())
    assert sum(parameter.numel() for parameter in theirs.parameters()) == ours
    benchmark.make_step(theirs, setting, "cpu")()


@pytest.mark.slow
def test_throughput_goes_through_every_variant(benchmark, capsys) -> None:
    benchmark.main([*TINY, "--report", "throughput", "--compile", "eager"])
    (setting,) = json.loads(capsys.readouterr().out)["settings"]
    names = [one["variant"] for one in setting["variants"]]
    assert len(names) == len(set(names)) == 12
    assert names[-1] == "binary, bfloat16, channels-last, compiled, input made"
    assert all(one["images_per_second"] > 0 for one in setting["variants"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--settings", "128"], "'128' is not FEATURES/PIXELS/BATCH"),
        (["--settings", "a/b/c"], "'a/b/c' is not FEATURES/PIXELS/BATCH"),
        (["--pairs", "1"], "--pairs must be at least 2"),
    ],
)
def test_bad_input_is_refused(benchmark, arguments, message, capsys) -> None:
    with pytest.raises(SystemExit):
        benchmark.main(arguments)
    assert message in capsys.readouterr().err
