"""Networks of configurations, built to be looked at and not to be trained. Importing torch takes seconds: only here."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.variant_difference import NetworkFacts
    from blocks.parts import Parts
    from blocks.trace import Operation
    from search_space import ModelConfig


def built_parts(model: ModelConfig, resolution: int, *, layers: bool = False) -> Parts:
    """The parts of the network that a configuration describes (`blocks.parts.network_parts`)."""
    import torch

    from blocks import build
    from blocks.parts import network_parts

    with torch.device("meta"):  # shapes without numbers: no memory, no time
        network = build(model)
    return network_parts(network, resolution, layers=layers)


def network_facts(model: ModelConfig) -> NetworkFacts:
    """The layers and receptive fields of the network that a configuration describes: at every resolution the same.

    They are read off one pass of the smallest image that the hourglass can halve, which takes less time than the
    "meta" device, for whose BatchNorm torch would import its compiler.
    """
    from analysis.variant_difference import NetworkFacts
    from blocks import build
    from blocks.checks import resolution_multiple
    from blocks.parts import hourglass_block
    from blocks.receptive_field import receptive_field
    from blocks.trace import trace

    network = build(model)
    passed = trace(network, 3, resolution_multiple(model))
    block = hourglass_block(network)
    names = (_layer_type(step) for step in passed.operations)
    return NetworkFacts(
        receptive_field=receptive_field(passed),
        block_receptive_field=receptive_field(passed.part(block), block),
        layers=dict(Counter(name for name in names if name)),
    )


def _layer_type(step: Operation) -> str | None:
    """What kind of layer an operation is, in words; None for those that compute nothing."""
    if step.kind == "convolution":
        stride = f", stride {step.stride}" if step.stride > 1 else ""
        groups = f", {step.groups} groups" if step.groups > 1 else ""
        return f"{'binary' if step.binary else 'real'} {step.kernel}×{step.kernel} convolution{stride}{groups}"
    if step.kind == "pool":
        return f"{'max' if step.name.startswith('max') else 'average'} pooling"
    if step.kind == "upsample":
        return f"{step.name} upsampling"
    if step.kind == "pointwise":
        return {"relu": "ReLU", "relu_": "ReLU", "prelu": "PReLU"}.get(step.name)
    return {"batch_norm": "BatchNorm", "concat": "concatenation", "sum": "sum"}.get(step.kind)
