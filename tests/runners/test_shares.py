"""The part of a GPU that a trial gets by default."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.record.recorded import RecordedTrial
from runners.shares import gpu_share, measured_share
from search_space.conditions import active_settings
from tests.small import small_config


@pytest.mark.parametrize(
    ("peak_mb", "device_mb", "share"),
    [
        (0, 80_000, 0.125),
        (2_000, 24_000, 0.25),
        (7_385, 80_000, 0.125),  # 7385 x 1.25 + 768 just fits an eighth
        (7_387, 80_000, 0.25),
        (30_000, 80_000, 0.5),
        (79_000, 80_000, 1.0),
        (200_000, 80_000, 1.0),
    ],
)
def test_the_share_by_memory(peak_mb: float, device_mb: float, share: float) -> None:
    assert gpu_share(peak_mb, device_mb) == share


@given(st.floats(0, 1e6), st.floats(1_000, 2e5))
def test_trials_that_share_a_gpu_fit_into_it(peak_mb: float, device_mb: float) -> None:
    share = gpu_share(peak_mb, device_mb)
    assert share * 8 == int(share * 8) >= 1
    if share < 1:
        assert (1 // share) * (peak_mb + 500) <= device_mb


@pytest.mark.parametrize(("peak_mb", "device_mb"), [(-1, 10), (1, 0)])
def test_amounts_that_are_none_are_refused(peak_mb: float, device_mb: float) -> None:
    with pytest.raises(ValueError, match="not amounts of memory"):
        gpu_share(peak_mb, device_mb)


def _recorded(peak_mb: float, **changes: object) -> RecordedTrial:
    return RecordedTrial(
        run_id="r",
        experiment_id="1",
        study="small",
        variant="v",
        seed=0,
        scale="tiny",
        fingerprint="f",
        state="complete",
        metrics={"peak_memory_mb": peak_mb},
        settings={**active_settings(small_config(**changes)), "seed": 0},
        provenance={"device": "cuda"},
        started=datetime(2026, 1, 1, tzinfo=UTC),
    )


WANTED = active_settings(small_config(seed=3))


@pytest.mark.parametrize(
    ("recorded", "share"),
    [
        ([], None),
        ([_recorded(2_000)], 0.25),
        ([_recorded(2_000), _recorded(9_000)], 0.625),
        ([_recorded(2_000, training__epochs=9)], 0.25),
        ([_recorded(2_000, training__batch_size=8)], None),
        ([_recorded(2_000, model__features=16)], None),
        ([replace(_recorded(2_000), state="failed")], None),
        ([replace(_recorded(2_000), provenance={"device": "cpu"})], None),
        ([replace(_recorded(2_000), metrics={})], None),
    ],
)
def test_the_share_comes_from_trials_of_the_same_network(recorded: list[RecordedTrial], share: float | None) -> None:
    assert measured_share([WANTED], recorded, 24_000) == share


def test_one_trial_that_was_never_measured_gives_a_whole_gpu_to_all() -> None:
    other = active_settings(small_config(model__features=16))
    assert measured_share([WANTED, other], [_recorded(2_000)], 24_000) is None
    assert measured_share([WANTED, other], [_recorded(2_000), _recorded(9_000, model__features=16)], 24_000) == 0.625
