"""The figures that a trial reports: their names, units, and which way is better.

Pure data, so that a study's table can be checked before anything trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Better = Literal["max", "min"]
CountFormat = Literal["millions", "giga", "megabytes", "seconds", "percent", "millionths", "number"]


@dataclass(frozen=True)
class Metric:
    """One figure of a trial."""

    name: str
    header: str
    better: Better
    format: CountFormat
    description: str
    counted: bool = False  # follows from the configuration alone: known before training, the same for every seed


_PAIRS = ("Head", "Shld", "Elbow", "Wrist", "Hip", "Knee", "Ankle")

LATENCY = "latency_ms"
"""The one metric that is measured before training, and by searches only."""

_ALL = (
    Metric("params", "# params", "min", "millions", "parameters of the network", counted=True),
    Metric("binary_macs", "binary MACs", "min", "giga", "binary multiply-accumulates for one image", counted=True),
    Metric("real_macs", "real MACs", "min", "giga", "real multiply-accumulates for one image", counted=True),
    Metric(
        "size_bytes", "size", "min", "megabytes", "bytes of the trained network, binary weights as bits", counted=True
    ),
    Metric("pckh", "PCKh", "max", "percent", "PCKh@0.5, weighted by annotated joints, pelvis and thorax left out"),
    Metric("pckh_mean14", "PCKh (mean)", "max", "percent", "PCKh@0.5, plain mean over the 14 joints"),
    Metric("pckh_01", "PCKh@0.1", "max", "percent", "PCKh at a tenth of the head size"),
    Metric("pck_torso", "PCK@0.2", "max", "percent", "PCK at 0.2 of the torso"),
    *(Metric(f"pckh_{p.lower()}", p, "max", "percent", f"PCKh@0.5 of one pair: {p}") for p in _PAIRS),
    Metric("train_loss", "loss", "min", "number", "training loss of the last epoch"),
    Metric("validation_loss", "val. loss", "min", "number", "validation loss of the last epoch"),
    Metric(
        "gradient_size",
        "gradient",
        "max",
        "millionths",
        "mean size of the gradient of a hidden weight in the last epoch (binary, or real in the same places)",
    ),
    Metric(
        "positive_share",
        "+1",
        "max",
        "percent",
        "share of +1 (real: of values >= 0) after each pooling and its BatchNorm, on validation images",
    ),
    Metric("seconds", "time", "min", "seconds", "training and validation, wall-clock, of all epochs"),
    Metric(
        LATENCY,
        "latency (ms)",
        "min",
        "number",
        "median milliseconds of one image through the network on one CPU thread; measured where a search asks for it",
    ),
    Metric("peak_memory_mb", "memory (MiB)", "min", "number", "largest resident memory of the process so far, in MiB"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
"""Every figure by its name. `pckh` is the headline of pose."""

HEADLINE = "pckh"
