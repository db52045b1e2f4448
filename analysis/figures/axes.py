"""What stands along an axis: a metric with its unit, and the numbers of a logarithmic axis without formulas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.figures.bands import Band
from analysis.numbers import choose_format
from search_space.metrics import LATENCY, Metric

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORDS = {
    "pckh": "PCKh@0.5 (%)",
    "pckh_mean14": "PCKh@0.5, mean of joints (%)",
    "pckh_01": "PCKh@0.1 (%)",
    "pck_torso": "PCK@0.2 (%)",
    "params": "parameters",
    "binary_macs": "binary MACs",
    "real_macs": "real MACs",
    "size_bytes": "size",
    "train_loss": "training loss",
    "validation_loss": "validation loss",
    "gradient_size": "mean gradient",
    "positive_share": "share of +1 (%)",
    "seconds": "training time",
    "peak_memory_mb": "memory (MiB)",
    LATENCY: "latency (ms)",
}


@dataclass(frozen=True, slots=True)
class MetricAxis:
    """An axis of a metric: its label, and by how much the raw numbers are divided."""

    label: str
    factor: float

    def scaled(self, found: Band) -> Band:
        """A band in the axis's unit."""
        std = None if found.std is None else found.std / self.factor
        return replace(found, mean=found.mean / self.factor, std=std)


def metric_axis(metric: Metric, values: Iterable[float]) -> MetricAxis:
    """The axis of a metric that has these values, in the unit that tables would print them in."""
    printed = choose_format(metric.format, values)
    words = _WORDS.get(metric.name, f"PCKh@0.5, {metric.header} (%)")
    return MetricAxis(f"{words} ({printed.unit})" if printed.unit else words, printed.factor)


def power_of_ten(value: float, _: Any = None) -> str:
    """A number on a logarithmic axis.

    >>> [power_of_ten(value) for value in (1e-7, 0.1, 1, 20, 5000, 2e6)]
    ['10⁻⁷', '0.1', '1', '20', '5000', '2·10⁶']
    """
    if value <= 0:
        return ""
    if 1e-2 <= value < 1e4:
        return f"{value:.10g}"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    number = float(mantissa)
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if number == 1 else f"{number:g}·{power}"


def label_logarithmic(axis: Axis) -> None:
    """Write the numbers of a logarithmic axis plainly, and enough of them: 1, 2 and 5 where it spans few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = sorted(axis.get_view_interval())
    decades = high / low if low > 0 else 10.0
    marks: tuple[float, ...] = (1.0, 2.0, 5.0) if decades < 100 else (1.0, 3.0) if decades < 1000 else (1.0,)
    if decades < 4:
        marks = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
    axis.set_major_locator(LogLocator(subs=marks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(power_of_ten))
