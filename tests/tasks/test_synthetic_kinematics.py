"""Bodies: anatomical limits, limb lengths, left and right."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.skeleton import MPII_FLIP_PAIRS, MPII_JOINTS
from tasks.synthetic.activities import ACTIVITIES, STANDING_CENTRAL, STANDING_SIDE, YAW, sample_pose
from tasks.synthetic.draws import Draws
from tasks.synthetic.kinematics import CENTRAL_LIMITS, SIDED_LIMITS, Body, Pose, forward
from tasks.synthetic.proportions import LENGTH_RANGES, Proportions, sample_proportions

J = {name: k for k, name in enumerate(MPII_JOINTS)}
MEAN = Proportions(**{name: 0.5 * (low + high) for name, (low, high) in LENGTH_RANGES.items()})


def pose(right: dict[str, float] | None = None, left: dict[str, float] | None = None, **central: float) -> Pose:
    """A pose with all other angles 0: upright, arms hanging, facing the viewer."""
    rest = dict.fromkeys(SIDED_LIMITS, 0.0)
    return Pose(dict.fromkeys(CENTRAL_LIMITS, 0.0) | central, rest | (right or {}), rest | (left or {}))


def joint(body: Body, name: str) -> np.ndarray:
    return body.joints[J[name]]


sided = st.fixed_dictionaries({name: st.floats(*limits) for name, limits in SIDED_LIMITS.items()})
central = st.fixed_dictionaries({name: st.floats(*limits) for name, limits in CENTRAL_LIMITS.items()})
poses = st.builds(Pose, central, sided, sided)
proportions = st.builds(Proportions, **{name: st.floats(*limits) for name, limits in LENGTH_RANGES.items()})


class TestActivities:
    @pytest.mark.parametrize("name", ACTIVITIES)
    def test_ranges_lie_within_the_anatomical_limits(self, name: str) -> None:
        activity = ACTIVITIES[name]
        for ranges, limits in (
            (STANDING_CENTRAL | activity.central, CENTRAL_LIMITS),
            (STANDING_SIDE | activity.both | activity.lead, SIDED_LIMITS),
            (STANDING_SIDE | activity.both | activity.trail, SIDED_LIMITS),
        ):
            for angle, (low, high) in ranges.items():
                assert limits[angle][0] <= low < high <= limits[angle][1], angle

    def test_weights_sum_to_one(self) -> None:
        assert sum(activity.weight for activity in ACTIVITIES.values()) == pytest.approx(1.0)
        assert sum(weight for weight, _ in YAW) == pytest.approx(1.0)

    def test_sampled_poses_have_every_angle_within_its_limits(self) -> None:
        for index in range(300):
            sampled = sample_pose(Draws("train", index, "person"))
            for angles, limits in (
                (sampled.central, CENTRAL_LIMITS),
                (sampled.right, SIDED_LIMITS),
                (sampled.left, SIDED_LIMITS),
            ):
                assert angles.keys() == limits.keys()
                for name, angle in angles.items():
                    assert limits[name][0] <= angle <= limits[name][1], name


class TestForward:
    def test_upright_body_faces_the_viewer(self) -> None:
        body = forward(pose(), MEAN)
        heights = ["left ankle", "left knee", "pelvis", "thorax", "upper neck", "head top"]
        assert all(np.diff([joint(body, name)[1] for name in heights]) > 0)
        for right, left in MPII_FLIP_PAIRS:  # the person's left is on the right of the picture
            assert body.joints[left, 0] > 0 > body.joints[right, 0]
            np.testing.assert_allclose(body.joints[left] * (-1, 1, 1), body.joints[right], atol=1e-12)
        assert (body.toes[:, 2] > body.heels[:, 2]).all()
        stature = joint(body, "head top")[1] - body.toes[:, 1].min()
        assert stature == pytest.approx(1.0, abs=0.05)

    def test_seen_from_behind_left_and_right_change_places_in_the_picture(self) -> None:
        body = forward(pose(yaw=180.0), MEAN)
        for right, left in MPII_FLIP_PAIRS:
            assert body.joints[left, 0] < 0 < body.joints[right, 0]
        assert (body.toes[:, 2] < body.heels[:, 2]).all()

    @pytest.mark.parametrize(
        ("angles", "upper", "hand"),
        [
            ({"elbow": 90.0}, (0, -1, 0), (0, 0, 1)),  # hanging arm, forearm forward
            ({"shoulder_elevation": 90.0}, (0, 0, 1), (0, 0, 1)),  # raised forward
            ({"shoulder_elevation": 90.0, "shoulder_plane": 90.0}, (1, 0, 0), (1, 0, 0)),  # raised sideways
            ({"shoulder_elevation": 90.0, "shoulder_plane": 90.0, "elbow": 90.0}, (1, 0, 0), (0, 0, 1)),
            ({"shoulder_rotation": 80.0, "elbow": 90.0}, (0, -1, 0), (-0.985, 0, 0.174)),  # across the belly
            ({"shoulder_elevation": -45.0}, (0, -0.707, -0.707), (0, -0.707, -0.707)),  # behind the body
        ],
    )
    def test_arm_moves_as_named_on_both_sides(
        self, angles: dict[str, float], upper: tuple[float, ...], hand: tuple[float, ...]
    ) -> None:
        body = forward(pose(right=angles, left=angles), MEAN)
        for side, mirror in (("left", 1), ("right", -1)):
            arm = joint(body, f"{side} elbow") - joint(body, f"{side} shoulder")
            forearm = joint(body, f"{side} wrist") - joint(body, f"{side} elbow")
            np.testing.assert_allclose(arm / np.linalg.norm(arm), np.multiply(upper, (mirror, 1, 1)), atol=2e-3)
            np.testing.assert_allclose(forearm / np.linalg.norm(forearm), np.multiply(hand, (mirror, 1, 1)), atol=2e-3)

    def test_leg_moves_as_named(self) -> None:
        seated = forward(pose(left={"hip_flexion": 90.0, "knee": 90.0}), MEAN)
        thigh = joint(seated, "left knee") - joint(seated, "left hip")
        shank = joint(seated, "left ankle") - joint(seated, "left knee")
        np.testing.assert_allclose(thigh / np.linalg.norm(thigh), (0, 0, 1), atol=1e-9)
        np.testing.assert_allclose(shank / np.linalg.norm(shank), (0, -1, 0), atol=1e-9)
        spread = forward(pose(right={"hip_abduction": 40.0}, left={"hip_abduction": 40.0}), MEAN)
        assert joint(spread, "left knee")[0] > joint(spread, "left hip")[0]
        assert joint(spread, "right knee")[0] < joint(spread, "right hip")[0]

    @settings(max_examples=60, deadline=None)
    @given(poses, proportions)
    def test_lengths_are_the_persons_in_every_pose(self, sampled: Pose, p: Proportions) -> None:
        body = forward(sampled, p)
        for side in ("right", "left"):
            for start, end, length in (
                (f"{side} hip", f"{side} knee", p.thigh),
                (f"{side} knee", f"{side} ankle", p.shank),
                (f"{side} shoulder", f"{side} elbow", p.upper_arm),
                (f"{side} elbow", f"{side} wrist", p.forearm),
            ):
                assert np.linalg.norm(joint(body, start) - joint(body, end)) == pytest.approx(length, abs=1e-9)
            assert np.linalg.norm(joint(body, f"{side} hip") - joint(body, "pelvis")) < p.hip_width + 0.01
            assert np.linalg.norm(joint(body, f"{side} shoulder") - joint(body, "thorax")) < p.shoulder_width + 0.03
        assert np.linalg.norm(joint(body, "head top") - joint(body, "upper neck")) == pytest.approx(p.head, abs=1e-9)

    @settings(max_examples=60, deadline=None)
    @given(poses, proportions)
    def test_joints_bend_the_way_they_do(self, sampled: Pose, p: Proportions) -> None:
        body = forward(sampled, p)
        for side, angles in (("right", sampled.right), ("left", sampled.left)):
            for ends, middle, name in ((("hip", "ankle"), "knee", "knee"), (("shoulder", "wrist"), "elbow", "elbow")):
                a, b = (joint(body, f"{side} {end}") - joint(body, f"{side} {middle}") for end in ends)
                inner = np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))
                assert 180.0 - inner == pytest.approx(angles[name], abs=1e-3)

    @settings(max_examples=40, deadline=None)
    @given(poses, proportions)
    def test_mirrored_pose_gives_the_mirrored_body(self, sampled: Pose, p: Proportions) -> None:
        turned = ("yaw", "roll", "spine_side", "spine_twist", "neck_side", "neck_turn")
        other = {name: -angle if name in turned else angle for name, angle in sampled.central.items()}
        body, mirror = forward(sampled, p), forward(Pose(other, sampled.left, sampled.right), p)
        order = list(range(len(MPII_JOINTS)))
        for right, left in MPII_FLIP_PAIRS:
            order[right], order[left] = left, right
        np.testing.assert_allclose(mirror.joints[order] * (-1, 1, 1), body.joints, atol=1e-9)


def test_people_differ_within_their_ranges() -> None:
    people = [sample_proportions(Draws("train", index, "person")) for index in range(200)]
    for field in fields(Proportions):
        values = np.array([getattr(person, field.name) for person in people])
        low, high = LENGTH_RANGES[field.name]
        assert values.min() >= low
        assert values.max() <= high
        assert values.std() > 0.1 * (high - low)
