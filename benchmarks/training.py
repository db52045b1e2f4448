"""What a training step costs: forward, backward and RMSprop of the single hourglass with the hierarchical block.

    .venv/bin/python benchmarks/training.py [--settings 128/128/4 ...] [--pairs N] [--format json]

On a CPU, with one thread and channels-last: the real network, which is the base; the binary one with its weights
binarised together and layer by layer; and, where the authors' library is installed
(`.venv/bin/python -m pip install --no-deps bnn==0.1.2`), the same network with its binary convolutions. All of them
take turns, so that a machine's moods meet them alike; a ratio is the median over the turns of a variant's time over the
base's, with its quartiles. The time is the processor's: of one thread it is that of the clock, less what others on the
machine take.

With `--device cuda`: the real and the binary network in float32 and under bfloat16 autocast, channels-last, through
torch.compile, and with the input made on the device, from uint8 crops through augmentation to heatmaps; the clock's
time, and images a second.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

from blocks.binary import BinaryConv2d
from blocks.build import build
from runners.optimiser import make_optimiser
from search_space.config import AugmentationConfig, BlockConfig, ModelConfig, TrainingConfig
from tasks.augmentation import augment
from tasks.frames import crop_size
from tasks.heatmaps import encode
from tasks.losses import make_loss

LANDMARKS = 16
Step = Callable[[], None]


@dataclass(frozen=True)
class Setting:
    """How large the network and its input are. The stem's first convolution has a quarter of the features."""

    features: int
    resolution: int
    batch: int

    @classmethod
    def parse(cls, text: str) -> Setting:
        """From FEATURES/PIXELS/BATCH."""
        try:
            features, resolution, batch = map(int, text.split("/"))
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not FEATURES/PIXELS/BATCH, as in 128/128/4") from None
        return cls(features, resolution, batch)

    def __str__(self) -> str:
        return f"{self.features} features, {self.resolution} px, batches of {self.batch}"


@dataclass(frozen=True)
class Figures:
    """What was measured of one variant: medians, and the ratio to the first variant with its quartiles."""

    variant: str
    milliseconds: float
    ratio: float
    ratio_low: float
    ratio_high: float
    images_per_second: float


def make_network(setting: Setting, device: str, *, binary: bool) -> nn.Module:
    torch.manual_seed(0)
    stem = max(4, setting.features // 4)
    block = BlockConfig(type="hierarchical")
    model = ModelConfig(block=block, features=setting.features, stem_features=stem, binary=binary)
    return build(model, LANDMARKS).to(device)


def make_step(
    network: nn.Module,
    setting: Setting,
    device: str,
    *,
    channels_last: bool = True,
    bfloat16: bool = False,
    compiled: str | None = None,
    made_on_device: bool = False,
) -> Step:
    """One step of training on images that are at hand, or made in each step from crops as `runners` makes them."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network.to(memory_format=layout)  # type: ignore[call-overload]  # missing from torch's stubs
    optimiser = make_optimiser(TrainingConfig(), network.parameters())
    compute_loss = make_loss("sigmoid_cross_entropy")
    forward = torch.compile(network, backend=compiled) if compiled else network
    side, generator = crop_size(setting.resolution), torch.Generator().manual_seed(0)
    crops = torch.randint(256, (setting.batch, 3, side, side), dtype=torch.uint8, generator=generator).to(device)
    points = (torch.rand(setting.batch, LANDMARKS, 2, generator=generator) * side).to(device)
    visible = torch.ones(setting.batch, LANDMARKS, device=device)

    def make_input() -> tuple[Tensor, Tensor]:
        images, places, seen = augment(
            crops, points, visible, setting.resolution, AugmentationConfig(), generator, flip_pairs=()
        )
        return images.contiguous(memory_format=layout), encode(places, seen, setting.resolution, sigma=1.0)

    at_hand = make_input()

    def step() -> None:
        images, target = make_input() if made_on_device else at_hand
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bfloat16):
            outputs = forward(images)
        loss = torch.stack([compute_loss(output, target, visible) for output in outputs]).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def layer_by_layer(step: Step) -> Step:
    """The same step, but each layer of the network binarises its own weights."""

    def ungrouped() -> None:
        with mock.patch("blocks.network.binarised_together", nullcontext):
            step()

    return ungrouped


def with_bnn(network: nn.Module) -> nn.Module:
    """The network with the binary convolutions of the authors' library, alpha computed from the weights as in ours."""
    from bnn import BConfig, Identity
    from bnn.layers import Conv2d
    from bnn.ops import BasicInputBinarizer, XNORWeightBinarizer

    config = BConfig(BasicInputBinarizer, Identity, XNORWeightBinarizer)
    for parent in list(network.modules()):
        for name, conv in list(parent.named_children()):
            if isinstance(conv, BinaryConv2d):
                theirs = Conv2d(
                    conv.in_channels,
                    conv.out_channels,
                    conv.kernel_size,
                    padding=conv.padding,
                    groups=conv.groups,
                    bias=False,
                    bconfig=config,
                )
                theirs.weight = conv.weight
                setattr(parent, name, theirs)
    return network


def bnn_version() -> str | None:
    try:
        return version("bnn")
    except PackageNotFoundError:
        return None


def ratio_variants(setting: Setting, device: str) -> Iterator[tuple[str, Step]]:
    """Real and binary in float32, channels-last."""
    yield "real", make_step(make_network(setting, device, binary=False), setting, device)
    yield "binary", make_step(make_network(setting, device, binary=True), setting, device)
    single = make_step(make_network(setting, device, binary=True), setting, device)
    yield "binary, layer by layer", layer_by_layer(single)
    if bnn_version():
        theirs = with_bnn(make_network(setting, device, binary=True))
        yield f"bnn {bnn_version()}", make_step(theirs, setting, device)


def throughput_variants(setting: Setting, device: str, compiled: str | None) -> Iterator[tuple[str, Step]]:
    """From plain float32 to everything that helps, and that with its input made on the device."""
    for binary in (False, True):
        kind = "binary" if binary else "real"

        def variant(label: str, kind: str = kind, binary: bool = binary, **options: bool | str) -> tuple[str, Step]:
            network = make_network(setting, device, binary=binary)
            return f"{kind}, {label}", make_step(network, setting, device, **options)  # type: ignore[arg-type]

        yield variant("float32", channels_last=False)
        yield variant("float32, channels-last")
        yield variant("bfloat16, channels-last", bfloat16=True)
        yield variant("bfloat16, channels-last, input made", bfloat16=True, made_on_device=True)
        if compiled:
            yield variant("bfloat16, channels-last, compiled", bfloat16=True, compiled=compiled)
            everything = "bfloat16, channels-last, compiled, input made"
            yield variant(everything, bfloat16=True, compiled=compiled, made_on_device=True)


def seconds(step: Step, device: str) -> float:
    """Seconds of one step: the processor's on a CPU, on a GPU those until it has finished."""
    if torch.device(device).type == "cpu":
        begin = time.process_time()
        step()
        return time.process_time() - begin
    torch.cuda.synchronize(device)
    begin = time.perf_counter()
    step()
    torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def measure(setting: Setting, variants: dict[str, Step], device: str, turns: int) -> list[Figures]:
    """Let the variants take turns, after two steps each to warm up; every other turn in the opposite order."""
    for step in variants.values():
        step()
        step()
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(turns):
        names = list(variants)
        for name in names if turn % 2 == 0 else reversed(names):
            times[name].append(seconds(variants[name], device))
    base = next(iter(times.values()))
    figures = []
    for name, taken in times.items():
        ratios = [one / other for one, other in zip(taken, base, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        median = statistics.median(taken)
        figures.append(Figures(name, median * 1e3, middle, low, high, setting.batch / median))
    return figures


def machine(device: str) -> dict[str, str]:
    """What a reader must know of the machine and the software."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2] for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0].strip() if models else cpu
    found = {"cpu": f"{cpu} ({torch.backends.cpu.get_cpu_capability()})", "torch": torch.__version__}
    if torch.device(device).type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    settings = [Setting(64, 64, 8), Setting(128, 128, 4), Setting(256, 256, 4)]
    parser.add_argument("--settings", nargs="+", type=Setting.parse, default=settings, metavar="FEATURES/PIXELS/BATCH")
    parser.add_argument("--pairs", type=int, default=15, help="how many turns each variant takes, at least 2")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--report", choices=("ratios", "throughput"), help="cpu: ratios, cuda: throughput")
    parser.add_argument("--compile", default="inductor", help="backend of torch.compile in throughput; none: leave out")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args(arguments)
    if given.pairs < 2:
        parser.error("--pairs must be at least 2")
    torch.set_num_threads(1)
    report = given.report or ("ratios" if given.device == "cpu" else "throughput")
    compiled = None if given.compile == "none" else given.compile
    notes = []
    if report == "ratios" and not bnn_version():
        notes.append("bnn is not installed, so it is not compared (pip install --no-deps bnn==0.1.2)")
    found = {**machine(given.device), "threads": "1", "device": given.device, "report": report}
    results = []
    if given.format == "text":
        print(", ".join(f"{key}: {value}" for key, value in found.items()), *notes, sep="\n")
    for setting in given.settings:
        if report == "ratios":
            variants = dict(ratio_variants(setting, given.device))
        else:
            variants = dict(throughput_variants(setting, given.device, compiled))
        figures = measure(setting, variants, given.device, given.pairs)
        results.append({**asdict(setting), "pairs": given.pairs, "variants": [asdict(one) for one in figures]})
        if given.format == "text":
            print(f"\n{setting}, {given.pairs} turns")
            for one in figures:
                spread = f"{one.ratio:.3f} ({one.ratio_low:.3f} to {one.ratio_high:.3f})"
                speed = f"{one.images_per_second:.1f} images/s"
                print(f"  {one.variant:58s} {one.milliseconds:8.1f} ms  {spread}  {speed}", flush=True)
    if given.format == "json":
        print(json.dumps({"machine": found, "notes": notes, "settings": results}, indent=2))


if __name__ == "__main__":
    main()
