from __future__ import annotations

from tasks.skeleton import (
    HEAD_TOP,
    LSP_JOINTS,
    LSP_TO_MPII,
    MPII_FLIP_PAIRS,
    MPII_JOINTS,
    MPII_LIMBS,
    PELVIS,
    THORAX,
    UPPER_NECK,
)


def test_flip_pairs_are_the_two_sides_of_one_joint() -> None:
    for first, second in MPII_FLIP_PAIRS:
        names = {MPII_JOINTS[first], MPII_JOINTS[second]}
        joint = MPII_JOINTS[first].split()[1]
        assert names == {f"left {joint}", f"right {joint}"}
    paired = {joint for pair in MPII_FLIP_PAIRS for joint in pair}
    assert set(range(16)) - paired == {PELVIS, THORAX, UPPER_NECK, HEAD_TOP}


def test_lsp_joints_map_to_the_joints_of_the_same_name() -> None:
    assert tuple(MPII_JOINTS[i] for i in LSP_TO_MPII) == LSP_JOINTS
    assert [MPII_JOINTS[i] for i in (PELVIS, THORAX, UPPER_NECK, HEAD_TOP)] == [
        "pelvis",
        "thorax",
        "upper neck",
        "head top",
    ]


def test_limbs_are_a_tree_and_symmetric() -> None:
    reached = {MPII_LIMBS[0][0]}
    for _ in MPII_LIMBS:
        reached |= {joint for limb in MPII_LIMBS for joint in limb if reached & set(limb)}
    assert len(MPII_LIMBS) == 15
    assert reached == set(range(16))
    mirror = {a: b for pair in MPII_FLIP_PAIRS for a, b in (pair, pair[::-1])}
    limbs = {frozenset(limb) for limb in MPII_LIMBS}
    assert {frozenset(mirror.get(j, j) for j in limb) for limb in limbs} == limbs
