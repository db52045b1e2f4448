"""What a study's `figures:` may say: which figures belong to it, and the options of each.

The same options are those of `hglab figure NAME STUDY --option KEY=VALUE`. `analysis.figures` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from search_space.config import Section
from search_space.table_spec import KeyName, MetricName

JointGroup = Literal["all", "Head", "Shld", "Elbow", "Wrist", "Hip", "Knee", "Ankle"]
Cost = Literal["params", "operations", "binary_macs", "real_macs", "size_bytes", "seconds"]
PoseOrder = Literal["failures", "successes", "first"]
FeatureView = Literal["layers", "1x1"]


def _listed(value: Any) -> Any:
    """A single word is a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_listed)]
_VARIANTS = "only these variants (ids), in this order; none: all, or what suits the figure"
_SEED = "the seed whose weights are shown; null: the first that has them"


class FigureOptions(Section):
    """What every figure may be told."""

    variants: Names = Field((), description=_VARIANTS)
    notes: bool = Field(True, description="write below the figure what its bands are and which trials are not in it")


class ErrorsOptions(FigureOptions):
    """Cumulative error curves."""

    until: Annotated[float, Field(gt=0, le=10)] = Field(1.0, description="largest error shown, in reference lengths")
    joints: JointGroup = Field("all", description="of all scored landmarks together, or of one group of joints")


class SweepOptions(FigureOptions):
    """A key against a metric."""

    key: KeyName | None = Field(None, description="the key on the axis; null: the one number that the study varies")
    metric: MetricName = Field("pckh", description="what is shown against it")
    paper: bool = Field(True, description="the paper's numbers as hollow marks, where the study names them")


class FiltersOptions(FigureOptions):
    """Learned 3x3 binary filters."""

    layers: Names = Field((), description="names of convolutions, as `hglab inspect --layers` prints them")
    count: Annotated[int, Field(ge=1, le=32)] = Field(16, description="filters of each layer, the most frequent first")
    seed: Annotated[int, Field(ge=0)] | None = Field(None, description=_SEED)


class FeaturesOptions(FigureOptions):
    """Feature maps."""

    show: FeatureView = Field("layers", description="layers: first, middle, last layer; 1x1: before and after 1x1")
    layers: Names = Field((), description="names of modules instead; of 1x1: of units, say stacks.0.mix")
    image: Annotated[int, Field(ge=0)] = Field(0, description="which image of the validation split, from 0")
    count: Annotated[int, Field(ge=1, le=9)] = Field(4, description="maps shown of each layer, or pairs of maps")
    seed: Annotated[int, Field(ge=0)] | None = Field(None, description=_SEED)


class PosesOptions(FigureOptions):
    """Predicted skeletons."""

    count: Annotated[int, Field(ge=1, le=40)] = Field(8, description="how many images")
    order: PoseOrder = Field("failures", description="failures: largest mean error of the first variant first")
    seed: Annotated[int, Field(ge=0)] | None = Field(None, description="the seed shown; null: the first of both")


class JointsOptions(FigureOptions):
    """PCKh by joint."""


class CurvesOptions(FigureOptions):
    """A metric by epoch."""

    metric: MetricName = Field("pckh", description="the metric")
    log: bool = Field(False, description="a logarithmic axis")


class ParetoOptions(FigureOptions):
    """Accuracy against cost."""

    cost: Annotated[tuple[Cost, ...], Field(strict=False, min_length=1, max_length=3), BeforeValidator(_listed)] = (
        Field(("params", "operations", "size_bytes"), description="a panel for each of these costs")
    )
    metric: MetricName = Field("pckh", description="what is gained")


class GradientsOptions(FigureOptions):
    """Gradient size by layer."""

    images: Annotated[int, Field(ge=2, le=256)] = Field(16, description="validation images in the batch")


FIGURE_OPTIONS: Mapping[str, type[FigureOptions]] = MappingProxyType(
    {
        "curves": CurvesOptions,
        "joints": JointsOptions,
        "errors": ErrorsOptions,
        "pareto": ParetoOptions,
        "sweep": SweepOptions,
        "poses": PosesOptions,
        "filters": FiltersOptions,
        "features": FeaturesOptions,
        "gradients": GradientsOptions,
    }
)
"""The options of each figure, by its name; in the order in which a report shows them."""


class FiguresSpec(Section):
    """The figures of a study: the name of each with what it is told, `sweep: {key: block.depth}`, or nothing."""

    curves: CurvesOptions = CurvesOptions()
    joints: JointsOptions = JointsOptions()
    errors: ErrorsOptions = ErrorsOptions()
    pareto: ParetoOptions = ParetoOptions()
    sweep: SweepOptions = SweepOptions()
    poses: PosesOptions = PosesOptions()
    filters: FiltersOptions = FiltersOptions()
    features: FeaturesOptions = FeaturesOptions()
    gradients: GradientsOptions = GradientsOptions()

    @model_validator(mode="before")
    @classmethod
    def _told_nothing(cls, given: Any) -> Any:
        """`curves:` with nothing behind it is the figure with its defaults."""
        if not isinstance(given, dict):
            return given
        return {name: {} if options is None else options for name, options in given.items()}

    @property
    def named(self) -> tuple[str, ...]:
        """The figures that the study names, in the order of `FIGURE_OPTIONS`."""
        return tuple(name for name in FIGURE_OPTIONS if name in self.model_fields_set)

    def given(self, name: str) -> dict[str, Any]:
        """What the study says of a figure, without defaults; empty where it says nothing."""
        options: FigureOptions = getattr(self, name)
        return options.model_dump(exclude_unset=True)
