"""Every network of the paper as data: settings, its count here, in network_spec and in the paper, why they differ.

`docs/networks.md` holds the same table; `test_networks_docs.py` holds the two together, `test_counts.py` the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.count import Counts, count
from search_space.config import ModelConfig
from search_space.keys import assemble, show_value


@dataclass(frozen=True)
class Network:
    """A network of the paper.

    Attributes:
        name: what the paper calls it, and where.
        settings: what a study writes, over the defaults.
        params: its parameters here, to the last one.
        spec: what network_spec prints, in millions, to its digits.
        paper: what the paper prints, in millions, to its digits; None where it prints nothing.
        why: the reason, only if `params` does not round to what the paper prints, or to what network_spec prints.
        macs: network_spec's multiply-accumulates at 256 pixels, binary and real, in G; None where it lists none.
    """

    name: str
    settings: Mapping[str, Any]
    params: int
    spec: str
    paper: str | None
    why: str = ""
    macs: tuple[str, str] | None = None

    @property
    def model(self) -> ModelConfig:
        """The network's configuration."""
        return assemble(self.settings).model

    @property
    def counts(self) -> Counts:
        """What it costs at the paper's 256 pixels and 16 landmarks."""
        return count(self.model, 256, 16)


OURS = {"block.type": "hierarchical"}
REAL = {"model.binary": False}
NO_1X1 = {"block.remove_1x1": True}
WHOLE_MILLIONS = "reads as rounded to the whole million: the paper prints 4.0 for Fig. 1b and Fig. 7c alike"

NETWORKS = [
    Network(
        "Bottleneck (Fig. 7a), Table 2",
        {},
        3_418_512,
        "3.42",
        "3.5",
        "unknown: the paper's layers are in its figures only; biases would add no more than 0.01 (the real twin)",
        ("4.98", "0.171"),
    ),
    Network("Wider (Fig. 7b), Table 2", {"block.width": 1.0}, 11_278_736, "11.28", "11.3", macs=("15.76", "0.171")),
    Network(
        "Multi-scale (Fig. 7c), Table 2",
        {"block.type": "multi_scale"},
        3_811_472,
        "3.81",
        "4.0",
        WHOLE_MILLIONS,
        ("3.01", "0.171"),
    ),
    Network(
        "Multi-scale without 1x1 (Fig. 7d), Table 2",
        {"block.type": "multi_scale"} | NO_1X1,
        9_492_112,
        "9.49",
        "9.3",
        "unknown: the text does not give the widths of its paths",
        ("7.15", "0.171"),
    ),
    Network(
        "Bottleneck (wider) + no 1x1, Table 2",
        NO_1X1 | {"block.width": 0.3125},
        5_730_704,
        "5.73",
        "5.8",
        "the text says only that parameters were halved; of the sixteenths, this width comes nearest",
        ("7.70", "0.171"),
    ),
    Network(
        "Ours, final, 192 channels (Fig. 1b), Table 2",
        OURS | {"model.width": 0.75},
        3_626_224,
        "3.63",
        "4.0",
        WHOLE_MILLIONS,
        ("5.37", "0.167"),
    ),
    Network("Ours, final (Fig. 7e), Tables 2, 4, 10, 11", OURS, 6_236_560, "6.24", "6.2", macs=("8.04", "0.171")),
    Network(
        "Bottleneck, real, Table 1",
        REAL,
        3_426_448,
        "3.43",
        "3.5",
        "as of the binary bottleneck: the paper prints one figure for both",
    ),
    Network("Bottleneck (wider), real, Table 3", {"block.width": 196 / 256} | REAL, 7_035_208, "7.04", "7.0"),
    Network("Ours, final, real, Table 3", OURS | REAL, 6_236_304, "6.24", "6.2"),
    *[
        Network(f"Depth {depth}, Fig. 9", OURS | {"block.depth": depth}, params, spec, paper, why)
        for depth, params, spec, paper, why in [
            (2, 6_805_904, "6.81", None, ""),
            (3, 6_236_560, "6.24", "6.2", ""),
            (
                4,
                6_094_736,
                "6.10",
                None,
                "network_spec prints 6.10, as if 6.0947 had been rounded to 6.095 first; the paper prints none",
            ),
            (5, 6_059_536, "6.06", None, ""),
            (6, 6_050_864, "6.05", None, ""),
            (7, 6_048_760, "6.05", None, ""),
            (8, 6_048_266, "6.05", None, ""),
        ]
    ],
    *[
        Network(f"Cardinality {copies}, Fig. 10", OURS | {"block.cardinality": copies}, params, spec, paper)
        for copies, params, spec, paper in [
            (1, 6_236_560, "6.24", "6.2"),
            (2, 5_387_280, "5.39", None),
            (4, 4_974_352, "4.97", None),
            (8, 4_791_312, "4.79", None),
            (16, 4_746_640, "4.75", None),
        ]
    ],
    Network(
        "Improved hourglass (Fig. 11), Table 10",
        OURS | {"model.hourglass": "improved"},
        5_792_656,
        "5.79",
        "5.8",
        macs=("7.44", "0.171"),
    ),
    Network("One stack, Table 11", OURS | {"model.stacks": 1}, 6_236_560, "6.24", "6.2"),
    Network(
        "Two stacks, Table 11",
        OURS | {"model.stacks": 2},
        12_001_184,
        "12.00",
        "11.0",
        "reads as a slip: from two to three stacks the paper adds 6.8, from one to two 4.8; here each adds 5.76",
        ("13.29", "0.204"),
    ),
    Network("Three stacks, Table 11", OURS | {"model.stacks": 3}, 17_765_808, "17.77", "17.8", macs=("18.53", "0.238")),
    Network("Newell et al., 8 stacks, real, Table 5", REAL | {"model.stacks": 8}, 25_434_112, "25.43", "25"),
    Network(
        "Ours, 8 stacks, real, Table 5",
        OURS | REAL | {"model.stacks": 8, "model.width": 0.75},
        26_351_840,
        "26.35",
        "25",
        "the paper does not give its width: with 256 channels it would be 46.59, so it is taken to be that of Fig. 1b",
    ),
]


def rounds_to(params: int, printed: str) -> bool:
    """Whether a count gives what is printed in millions, to the digits that are printed."""
    return f"{params / 1e6:.{len(printed.partition('.')[2])}f}" == printed


def table_lines() -> list[str]:
    """The table of `docs/networks.md`: one line for its head, one for the rule, one for each network, all computed."""
    heads = ["network", "settings", "parameters", "M", "paper, M", "difference, M", "binary / real MACs, G", "why"]
    return [_line(heads), "|" + "---|" * len(heads), *[_line(_cells(network)) for network in NETWORKS]]


def _cells(network: Network) -> list[str]:
    counts = network.counts
    settings = ", ".join(f"`{key}: {show_value(value)}`" for key, value in network.settings.items())
    difference = "" if network.paper is None else f"{counts.params / 1e6 - float(network.paper):+.2f}"
    return [
        network.name,
        settings or "the defaults",
        f"{counts.params:,}",
        f"{counts.params / 1e6:.2f}",
        network.paper or "",
        difference,
        f"{counts.binary_macs / 1e9:.2f} / {counts.real_macs / 1e9:.3f}",
        network.why,
    ]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
