"""The peak of memory: it can begin anew, which a worker that trains one trial after another needs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from runners.memory import forget_peak, peak_memory_mb


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the largest trial so far counts")
def test_the_peak_of_one_trial_is_not_that_of_the_next() -> None:
    forget_peak()  # of whatever this process has done before
    before = peak_memory_mb()
    taken = np.ones(256 * 2**20 // 8)
    high = peak_memory_mb()
    assert high >= before + 100
    del taken
    forget_peak()
    assert peak_memory_mb() <= high - 100
