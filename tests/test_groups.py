"""That tests which must not run beside each other, or share what takes long to make, are kept together."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_told_to_the_scheduler(request) -> None:
    if request.config.getoption("loadgroup", None) is not True:
        pytest.skip("there are no groups without pytest-xdist's --dist loadgroup")
    assert request.node.nodeid.endswith("@together")
