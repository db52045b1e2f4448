"""The configuration of one trial: everything that decides what is trained, and nothing else.

Paths, labels, threads and devices are not here: they do not change what a trial trains (see `search_space.identity`).
Every model is frozen and refuses unknown keys, so a misspelt key can never "ablate" nothing.

Keys are written with dots in a study, `block.type` or `training.epochs`; `search_space.keys` maps them to these models.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

BlockType = Literal["bottleneck", "multi_scale", "hierarchical"]
Pooling = Literal["max", "average"]
Upsampling = Literal["nearest", "bilinear"]
HourglassType = Literal["standard", "improved"]
DataName = Literal["synthetic", "lsp", "mpii"]
LossName = Literal["sigmoid_cross_entropy", "l2"]
SignGradient = Literal["straight_through", "polynomial", "swish"]
WeightScale = Literal["mean", "learned", "none"]
Activation = Literal["relu", "prelu"]
Projection = Literal["binary", "real"]
Optimiser = Literal["rmsprop", "adam", "adamw", "sgd"]
Schedule = Literal["constant", "steps", "cosine", "one_cycle"]
Stacking = Literal["joint", "sequential"]
Precision = Literal["float32", "bfloat16"]


SYNTHETIC_IMAGES: Mapping[str, int] = MappingProxyType({"data.train_images": 2000, "data.validation_images": 500})
"""How many synthetic figures there are where the configuration does not say: they have no end of their own."""


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused, no silent conversion of one type into another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BlockConfig(Section):
    """The residual block of which the hourglass is made (Fig. 7)."""

    type: BlockType = Field(
        "bottleneck", description="structure of the block: bottleneck (Fig. 7a), multi_scale (7c), hierarchical (7e)"
    )
    remove_1x1: bool = Field(
        False,
        description="no 1x1 convolutions: 3x3 ones take over the widths (7d of multi_scale; see docs/networks.md)",
    )
    width: Annotated[float, Field(gt=0, le=4)] = Field(
        0.5, description="inner width of a bottleneck as a part of its output width; 1.0 is the wider block (7b)"
    )
    depth: Annotated[int, Field(ge=2, le=8)] = Field(
        3,
        description="number of 3x3 convolutions of a hierarchical block, each half as wide as the one before (Fig. 9)",
    )
    cardinality: Annotated[int, Field(ge=1, le=16)] = Field(
        1, description="number of parallel copies of a hierarchical block's path, each 1/C as wide (Fig. 10)"
    )


class LevelBlockConfig(Section):
    """What the block of one level of the hourglass has of its own; null: as `block` says."""

    type: BlockType | None = Field(None, description="structure of this level's block (null: as block.type)")
    remove_1x1: bool | None = Field(
        None, description="no 1x1 convolutions in this level's block (null: as block.remove_1x1)"
    )
    width: Annotated[float, Field(gt=0, le=4)] | None = Field(
        None, description="inner width of this level's bottleneck as a part of its output width (null: as block.width)"
    )
    depth: Annotated[int, Field(ge=2, le=8)] | None = Field(
        None, description="number of 3x3 convolutions of this level's hierarchical block (null: as block.depth)"
    )
    cardinality: Annotated[int, Field(ge=1, le=16)] | None = Field(
        None, description="parallel copies of the path of this level's hierarchical block (null: as block.cardinality)"
    )


class OuterLevelConfig(Section):
    """Level 0, the map that the hourglass reads, as wide as the network: its block is the outermost way across."""

    block: LevelBlockConfig = LevelBlockConfig()


class LevelConfig(OuterLevelConfig):
    """A level of the hourglass: the map halved so many times, and the blocks that make a map of that resolution."""

    width: Annotated[float, Field(gt=0, le=4)] = Field(
        1.0, description="multiplies the channels of the hourglass at this level"
    )


class LevelsConfig(Section):
    """What differs between the levels of the hourglass: by default nothing."""

    level0: OuterLevelConfig = OuterLevelConfig()
    level1: LevelConfig = LevelConfig()
    level2: LevelConfig = LevelConfig()
    level3: LevelConfig = LevelConfig()
    level4: LevelConfig = LevelConfig()
    level5: LevelConfig = LevelConfig()
    level6: LevelConfig = LevelConfig()


class ModelConfig(Section):
    """The hourglass network."""

    block: BlockConfig = BlockConfig()
    levels: LevelsConfig = LevelsConfig()
    binary: bool = Field(True, description="binary weights and activations (all but the first and last layers)")
    features: Annotated[int, Field(ge=4, le=1024)] = Field(256, description="channels of the hourglass")
    width: Annotated[float, Field(gt=0, le=4)] = Field(
        1.0,
        description="multiplies features, so that a study compares widths at every scale (0.75: Fig. 1b)",
    )
    stem_features: Annotated[int, Field(ge=4, le=512)] = Field(
        64, description="channels of the first convolution; the rest of the stem has twice as many"
    )
    order: Annotated[int, Field(ge=1, le=6)] = Field(
        4, description="number of times the hourglass halves the resolution"
    )
    stacks: Annotated[int, Field(ge=1, le=8)] = Field(1, description="hourglasses in sequence, each supervised")
    hourglass: HourglassType = Field(
        "standard", description="standard (Fig. 2), or improved: no blocks on the ways across, concatenation (Fig. 11)"
    )
    pooling: Pooling = Field("max", description="pooling in the hourglass and the stem")
    upsampling: Upsampling = Field("nearest", description="upsampling in the hourglass")
    relu: bool = Field(
        False, description="a ReLU after each binary convolution (Table 4); real networks always have ReLU"
    )
    relu_first: bool = Field(
        False,
        description="the ReLU stands at the beginning of a unit, before its BatchNorm, not after the binary "
        "convolution (in real networks: not after the BatchNorm)",
    )
    activation: Activation = Field(
        "relu", description="what stands where model.relu puts a ReLU: relu, or prelu with a slope for each channel"
    )
    sign_gradient: SignGradient = Field(
        "straight_through",
        description="pseudo-gradient of the sign of activations: straight_through (the paper), polynomial (Bi-Real "
        "Net), swish (BNN+)",
    )
    sign_beta: Annotated[float, Field(gt=0, le=100)] = Field(
        5.0, description="how steep the swish pseudo-gradient is: its value at 0"
    )
    weight_scale: WeightScale = Field(
        "mean",
        description="scale of a binary filter: mean of its |W| (the paper), learned (XNOR-Net++), or none",
    )
    shortcut_projection: Projection = Field(
        "binary", description="the 1x1 shortcut where a block's widths differ: a binary unit, or a real convolution"
    )


class DataConfig(Section):
    """What is learned from. Where the files lie is not part of the configuration (`--data-root`)."""

    name: DataName = Field("synthetic", description="data set")
    resolution: Annotated[int, Field(ge=32, le=512)] = Field(256, description="side of the network's input, in pixels")
    train_images: Annotated[int, Field(ge=1)] | None = Field(
        None, description="use at most the first N training images (null: all; synthetic: 2000)"
    )
    validation_images: Annotated[int, Field(ge=1)] | None = Field(
        None, description="use at most the first N validation images (null: all; synthetic: 500)"
    )
    heatmap_sigma: Annotated[float, Field(gt=0, le=10)] = Field(
        1.0, description="standard deviation of a target's Gaussian, in heatmap pixels (a quarter of the resolution)"
    )


class LossConfig(Section):
    """What is minimised."""

    name: LossName = Field("sigmoid_cross_entropy", description="loss between heatmaps and targets (Eq. 2, or L2)")
    landmark_weight: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.0, description="how much more a pixel near a landmark counts in training (Adaptive Wing Loss: 10)"
    )
    hard_pixels: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="part of a heatmap's pixels that counts in training, those of the greatest loss (1: all)"
    )


class AugmentationConfig(Section):
    """Random changes of a training image (Section 6.1)."""

    enabled: bool = Field(True, description="augment training images")
    rotation: Annotated[float, Field(ge=0, le=180)] = Field(40.0, description="rotate by up to +- this many degrees")
    scale_min: Annotated[float, Field(gt=0.1, le=1)] = Field(0.7, description="smallest random scale")
    scale_max: Annotated[float, Field(ge=1, le=4)] = Field(1.3, description="largest random scale")
    flip: bool = Field(True, description="flip half of the images, left and right landmarks exchanged")


class TrainingConfig(Section):
    """How it is trained."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = Field(100, description="passes over the training images")
    batch_size: Annotated[int, Field(ge=1, le=4096)] = Field(8, description="images in a step")
    optimiser: Optimiser = Field("rmsprop", description="optimiser")
    learning_rate: Annotated[float, Field(gt=0, le=10)] = Field(2.5e-4, description="largest learning rate")
    schedule: Schedule = Field("steps", description="how the learning rate changes: steps (the paper), one_cycle, ...")
    final_learning_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        5e-5, description="learning rate at the end of the steps and cosine schedules"
    )
    weight_decay: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="L2 penalty on the weights")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="momentum of sgd")
    clip_weights: bool = Field(
        False, description="keep the real weights behind binary ones in [-1, 1] after each step (BinaryConnect)"
    )
    precision: Precision = Field(
        "float32", description="arithmetic of convolutions in training; bfloat16 is for GPUs (autocast)"
    )
    stacking: Stacking = Field(
        "joint",
        description="train all stacks at once, or sequential: each to its end, frozen, the next added (Section 8)",
    )
    joint_epochs: Annotated[int, Field(ge=0, le=10_000)] = Field(
        50, description="epochs for which sequentially trained stacks are trained together at last"
    )


TeacherName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9][A-Za-z0-9_.=,+-]*(/[0-9]{1,10})?$", max_length=220)
]


class DistillationConfig(Section):
    """What else than the annotations it learns from: the heatmaps of a trained network (`search_space.teachers`)."""

    teacher: TeacherName | None = Field(
        None,
        description="trial to learn from, STUDY/VARIANT or STUDY/VARIANT/SEED (null: none; the study's first seed)",
        examples=["table3_real/bottleneck_wider_real"],
    )
    weight: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="how much of the loss is towards the teacher's heatmaps; the rest is towards the targets"
    )


class EvaluationConfig(Section):
    """How it is measured."""

    flip_test: bool = Field(False, description="average the heatmaps of an image and its mirror image")


class TrialConfig(Section):
    """One trial, fully resolved."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    loss: LossConfig = LossConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()
    distillation: DistillationConfig = DistillationConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
