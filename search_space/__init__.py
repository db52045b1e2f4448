"""What may vary: trial configurations, studies and how they expand to trials, a trial's identity. Pure data."""

from search_space.config import DataConfig, ModelConfig, TrialConfig
from search_space.constraints import Constraint
from search_space.dimensions import Dimension
from search_space.expand import ExpandedStudy, Trial, Variant, expand
from search_space.identity import TRAINING_CODE_VERSION, fingerprint
from search_space.problems import InputError, Location, Problem
from search_space.search import ExpandedSearch, Objective, expand_search, is_search
from search_space.settings import read_overrides
from search_space.space import Point, Space
from search_space.study import Study, read_study

__all__ = [
    "TRAINING_CODE_VERSION",
    "Constraint",
    "DataConfig",
    "Dimension",
    "ExpandedSearch",
    "ExpandedStudy",
    "InputError",
    "Location",
    "ModelConfig",
    "Objective",
    "Point",
    "Problem",
    "Space",
    "Study",
    "Trial",
    "TrialConfig",
    "Variant",
    "expand",
    "expand_search",
    "fingerprint",
    "is_search",
    "read_overrides",
    "read_study",
]
