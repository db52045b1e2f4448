"""Knowledge distillation: a network learns from the heatmaps of a trained one as well as from the annotations."""

from __future__ import annotations

from torch import Tensor

from search_space.config import LossName
from tasks.losses import Loss, activate


def distillation_loss(
    loss: Loss, part: float, output: Tensor, target: Tensor, taught: Tensor, weight: Tensor
) -> Tensor:
    """The loss towards the target and the same loss towards the teacher's heatmaps: (1 - part) l(y, t) + part l(y, h).

    Learning from a trained network's soft outputs besides the labels is of Hinton, Vinyals and Dean (2015), who soften
    them with a temperature; heatmaps are soft already, and there is none here. For pose it is of Zhang, Zhu and Ye
    (Fast Human Pose Estimation, CVPR 2019), who add the squared difference to the teacher's heatmaps to that to the
    targets, in halves, at every stack; `part` is their alpha. They minimise L2; that the teacher is followed by
    whatever loss the student minimises, cross-entropy too, with its choice of pixels (`tasks.hard_pixels`), is ours.

    A landmark that is not annotated counts for neither part, as in any loss here, though the teacher has a heatmap of
    it: a landmark outside of the augmented image has no place to be learned. (Zhang et al. see a use of the teacher in
    filling gaps of the annotations; this does not.)

    Args:
        loss: of (output, target, weight), as `tasks.losses.training_loss` gives it.
        part: of the loss that is towards the teacher, 0 to 1.
        output: of a stack of the student, N x K x H x W.
        target: from the annotations, of the same shape.
        taught: the teacher's heatmaps, of the same shape, without gradient.
        weight: of landmarks, N x K (0: not annotated).
    """
    towards_teacher = loss(output, taught, weight)
    if part == 1:
        return towards_teacher
    return (1 - part) * loss(output, target, weight) + part * towards_teacher


def taught_heatmaps(output: Tensor, teacher: LossName, student: LossName) -> Tensor:
    """What a student learns from a teacher's output, N x K x H x W, in float32.

    The output is activated as under the loss that the teacher was trained with: by the sigmoid after cross-entropy, not
    at all after L2. So either teaches a student of either loss. An L2 teacher's heatmaps may leave [0, 1] a little, and
    towards a target below 0 cross-entropy falls without end: for such a student they are clamped to [0, 1].
    """
    heatmaps = activate(teacher)(output.float())
    return heatmaps.clamp(0, 1) if student == "sigmoid_cross_entropy" else heatmaps
