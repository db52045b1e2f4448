"""Leases on a disk of one machine, which the launch cannot watch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runners.lease import Claim, HeldElsewhere, find_lease, hold
from runners.lease_here import watched_here
from tests.runners.stores import Clock
from tests.runners.test_lease import ELSEWHERE, _leave

# A lease in a folder that the launch does not see.


def test_a_lease_that_a_lost_node_left_is_taken_over_in_time(tmp_path) -> None:
    holder = replace(ELSEWHERE, heartbeat_s=0.5)
    _leave(tmp_path, holder)
    clock, claim = Clock(), Claim(heartbeat_s=0.5)
    watched = watched_here(tmp_path, claim, clock=clock, sleep=clock.sleep)
    assert watched.takes_over == find_lease(tmp_path).mark
    assert 3.0 <= clock.now < 3.5
    with pytest.raises(HeldElsewhere), hold(tmp_path, "launch", claim):
        pass
    with hold(tmp_path, "launch", watched):
        assert find_lease(tmp_path).number == 2
    assert watched_here(tmp_path, claim) == claim, "there is none any more"


def test_a_lease_that_is_alive_is_left_after_a_heartbeat(tmp_path) -> None:
    claim = Claim(heartbeat_s=0.1)
    with hold(tmp_path, "another", claim):
        assert watched_here(tmp_path, claim) == claim
