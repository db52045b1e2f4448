"""Random numbers that are the same on every machine: all are made from a PCG64 generator's plain doubles and bytes.

numpy promises the bit stream of PCG64 and its doubles; it does not promise that `normal` or `choice` stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from tasks.errors import DataError
from tasks.synthetic.version import SYNTHETIC_VERSION

T = TypeVar("T")
Stream = Literal["person", "scene"]

SPLIT_KEYS: Final = {"train": 0, "validation": 1}
STREAM_KEYS: Final = {"person": 0, "scene": 1}
_BLOCK: Final = 256


class Draws:
    """A stream of random numbers of one figure.

    The streams of a figure are independent: "person" fixes the joints, "scene" all that is only seen. So joints are
    known without drawing anything, and a change of the background cannot move them.
    """

    def __init__(self, split: str, index: int, stream: Stream) -> None:
        """Seed with (version, split, index, stream). Raises DataError for an unknown split or a negative index."""
        if split not in SPLIT_KEYS:
            raise DataError(f"synthetic figures have no split {split!r}: use one of {', '.join(SPLIT_KEYS)}")
        if index < 0:
            raise DataError(f"synthetic figure {index} of {split}: the index must be 0 or more")
        key = [SYNTHETIC_VERSION, SPLIT_KEYS[split], index, STREAM_KEYS[stream]]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        self._block: list[float] = []

    def unit(self) -> float:
        """Draw uniformly from [0, 1)."""
        if not self._block:  # a block at a time: one call of numpy costs as much as a hundred numbers
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop()

    def uniform(self, low: float, high: float) -> float:
        """Draw uniformly from [low, high)."""
        return low + (high - low) * self.unit()

    def central(self, low: float, high: float) -> float:
        """Draw from [low, high) with a triangular density: the middle is likely, the ends are rare."""
        return low + (high - low) * 0.5 * (self.unit() + self.unit())

    def chance(self, probability: float) -> bool:
        """Give True with this probability."""
        return self.unit() < probability

    def sign(self) -> int:
        """Give -1 or +1."""
        return 1 if self.unit() < 0.5 else -1

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of the options, each as likely."""
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[float, T]]) -> T:
        """Draw one of the (weight, option) pairs."""
        left = self.unit() * sum(weight for weight, _ in options)
        for weight, option in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][1]

    def grid(self, height: int, width: int) -> npt.NDArray[np.uint8]:
        """Draw height x width uniform bytes."""
        return np.frombuffer(self._generator.bytes(height * width), np.uint8).reshape(height, width)

    def triangular_noise(self, shape: tuple[int, ...]) -> npt.NDArray[np.int16]:
        """Draw integers from -127 to 127 of mean 0 and standard deviation about 52: the sum of two uniform bytes."""
        count = int(np.prod(shape))
        pair = np.frombuffer(self._generator.bytes(2 * count), np.uint8).reshape(2, count).astype(np.int16)
        noise: npt.NDArray[np.int16] = ((pair[0] + pair[1] - 255) // 2).reshape(shape)
        return noise
