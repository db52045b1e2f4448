"""Every mistake in a search and in what is sought: said at its place, with what was expected and how to mend it.

In each table: what is written, where the problem is said to stand in the file, and what is said of it, from its
beginning.
"""

from __future__ import annotations

import pytest

from tests.search_space.conftest import TYPES, _check

# fmt: off
STUDIES = [
    ("study: x\nsearch:\n  space: {model.relu: bool}\n", ":3:3", "the key 'trials' is missing"),
    ("study: x\nsearch:\n  trials: 9\n", ":3:3", "the key 'space' is missing"),
    ("study: x\nsearch: yes\n", ":2:9", "'search': input should be a mapping of keys, not 'yes'"),
    ("study: x\nsearch:\n",
     ":1:1", "the study compares nothing: it has no design; add one of variants, grid, one_factor_at_a_time,"),
    ("study: x\nsearch: []\n", ":2:9", "'search': input should be a mapping of keys, not []"),
    ("study: x\nvariants: [{id: a}]\nsearch: {trials: 9, space: {model.relu: bool}}\n",
     ":3:1", "a study has one design, this one has variants and search; make two studies of it"),
    ("study: x\nsearch: {trials: 0, space: {model.relu: bool}}\n",
     ":2:18", "'trials': input should be greater than or equal to 1, not 0"),
    ("study: x\nsearch: {trials: many, space: {model.relu: bool}}\n",
     ":2:18", "'trials': input should be a valid integer, not 'many'"),
    ("study: x\nsearch: {trials: 9, hours: 0, space: {model.relu: bool}}\n",
     ":2:28", "'hours': input should be greater than 0, not 0"),
    ("study: x\nsearch: {trials: 9, hours: -1, space: {model.relu: bool}}\n",
     ":2:28", "'hours': input should be greater than 0, not -1"),
    ("study: x\nsearch: {trials: 9, seed: -1, space: {model.relu: bool}}\n",
     ":2:27", "'seed': input should be greater than or equal to 0, not -1"),
    ("study: x\nsearch: {trials: 9, seed: 1.5, space: {model.relu: bool}}\n",
     ":2:27", "'seed': input should be a valid integer, not 1.5"),
    ("study: x\nsearch: {trials: 9, trails: 3, space: {model.relu: bool}}\n",
     ":2:21", "unknown key 'trails'; did you mean 'trials'?"),
]
SEARCHES = [
    ("sampler: tpee", ":6:12", "unknown sampler 'tpee'; did you mean 'tpe'?"),
    ("sampler: 3", ":6:12", "'sampler': input should be a mapping of keys, not 3"),
    ("sampler: {name: tpe, populaton: 3}", ":6:24", "unknown key 'populaton'; did you mean 'population'?"),
    ("sampler: {name: tpe, population: 3}",
     ":6:12", "the sampler tpe has no 'population', nsga2 has; remove 'population'"),
    ("sampler: {population: 3}", ":6:12", "the sampler tpe has no 'population', nsga2 has; remove 'population'"),
    ("sampler: {name: nsga2, population: 1}",
     ":6:38", "'population': input should be greater than or equal to 2, not 1"),
    ("sampler: {name: random, startup: 3}",
     ":6:12", "the sampler random has no 'startup', tpe and gp have; remove 'startup'"),
    ("sampler: null", ":6:12", "'sampler': input should be a mapping of keys, not None"),
    ("sampler: []", ":6:12", "'sampler': input should be a mapping of keys, not []"),
    ("sheduler: asha", ":6:3", "unknown key 'sheduler'; did you mean 'scheduler'?"),
    ("scheduler: ashe", ":6:14", "unknown scheduler 'ashe'; did you mean 'asha'?"),
    ("scheduler: {name: asha, brackets: 2}",
     ":6:14", "asha has one bracket; remove 'brackets', or write `name: hyperband`"),
    ("scheduler: {grace: 2}", ":6:14", "without a scheduler there is no 'grace'; remove it, or write `name: asha`"),
    ("scheduler: {name: asha, reduction: 1}", ":6:38", "'reduction': input should be greater than 1, not 1"),
    ("scheduler: {name: asha, grace: 0}", ":6:34", "'grace': input should be greater than or equal to 1, not 0"),
    ("scheduler: {name: asha, grace: 9}",
     ":6:34", "each trial is given 9 epochs, and has 8: nothing would be stopped; lower 'grace'"),
    ("scheduler: {name: asha, metric: params}",
     ":6:35", "the scheduler asha cannot go by 'params', which training does not change; use a metric of an epoch, as"),
    ("scheduler: {name: asha, metric: latency_ms}",
     ":6:35", "the scheduler asha cannot go by 'latency_ms', which training does not change; use a metric of an"),
    ("scheduler: {name: asha, metric: pckhh}",
     ":6:35", "unknown metric 'pckhh': no task reports it; did you mean 'pckh'?"),
    ("scheduler: {name: asha, red: 1}", ":6:27", "unknown key 'red'; did you mean 'reduction'?"),
    ("objectives: pckh", ":6:15", "write a list, as in [...]"),
    ("objectives: []", ":6:15", "'objectives': value should have at least 1 item after validation, not 0"),
    ("objectives: [pkch]", ":6:16", "unknown metric 'pkch': no task reports it; did you mean 'pckh'?"),
    ("objectives: [pckh, pckh]", ":6:22", "the objective 'pckh' stands twice; remove one"),
    ("objectives: [{metric: pckh, direction: up}]", ":6:42", "unknown direction 'up'; known: maximise, minimise"),
    ("objectives: [{metric: pckh, direction: minimize}]",
     ":6:42", "unknown direction 'minimize'; did you mean 'minimise'?"),
    ("objectives: [{name: pckh}]", ":6:17", "unknown key 'name'; known: metric, direction"),
    ("objectives: [3]", ":6:16", "'objectives': input should be a mapping of keys, not 3"),
    ("objectives: [{direction: minimise}]", ":6:16", "the key 'metric' is missing"),
    ("objectives: [pckh, params]\nscheduler: asha",
     ":7:14", "the scheduler asha knows one metric, and there are 2 objectives; say which: {name: asha, metric: pckh}"),
    ("objectives: [pckh, params]\nscheduler: {name: hyperband, grace: 2}",
     ":7:14", "the scheduler hyperband knows one metric, and there are 2 objectives; say which: {name: hyperband,"),
    ("objectives: [params]\nscheduler: asha",
     ":7:14", "the scheduler asha cannot go by 'params', which training does not change; use a metric of an epoch, as"),
    ("constraints: params <= 3", ":6:16", "write a list, as in [...]"),
    ("constraints: [3]", ":6:17", "'constraints': input should be a valid string, not 3"),
    ("constraints: ['parms <= 3']", ":6:17", "'parms <= 3': unknown metric 'parms'; did you mean 'params'?"),
    ("constraints: ['pckh >= 80']",
     ":6:17", "'pckh >= 80': pckh is known only once a trial is trained; constraints are over params, binary_macs,"),
    ("constraints: ['params <= 3e6', 'params<=3000000']",
     ":6:34", "the constraint 'params <= 3e6' stands twice; remove one"),
    ("constraints: ['params <= 3e6', 'params >= 4e6']",
     ":6:34", "no figure satisfies both 'params <= 3e6' and 'params >= 4e6'; change or remove one"),
    ("constraints: ['params < 3e6', 'params >= 3e6']",
     ":6:33", "no figure satisfies both 'params < 3e6' and 'params >= 3e6'; change or remove one"),
    ("constraints: ['params <= 1 x othr/deep']",
     ":6:17", "there is no study 'othr' beside this one; did you mean 'other'?"),
    ("constraints: ['params <= 1 x other/dep']",
     ":6:17", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
    ("constraints: ['params <= 1 x study/deep']",
     ":3:1", "'x' is a search, which has no variants before its best points are promoted; use `hglab search`, `hglab"),
    ("constraints: {params: 3}", ":6:16", "write a list, as in [...]"),
    ("budget: {training.epoch: 3}", ":6:12", "unknown key 'training.epoch'; did you mean 'training.epochs'?"),
    ("budget: {training.epochs: 0}", ":6:29", "'training.epochs' must be an integer from 1 to 10000, not 0"),
    ("budget: {block.depth: 3}", ":6:12", "'block.depth' is a dimension of the search; remove it from the budget"),
    ("budget: {training.momentum: 0.5}",
     ":6:12", "'training.momentum' means something only where 'training.optimiser' is sgd, which is so at no point;"),
    ("budget: 3", ":6:11", "'budget': input should be a mapping of keys, not 3"),
    ("first: {block.type: bottleneck}", ":6:10", "write a list, as in [...]"),
    ("first: [3]", ":6:11", "'first': input should be a mapping of keys, not 3"),
    ("first: [{block.typ: bottleneck}]", ":6:12", "unknown key 'block.typ'; did you mean 'block.type'?"),
    ("first: [{model.relu: true}]",
     ":6:12", "'model.relu' is no dimension of the space; known: block.type, block.depth"),
    ("first: [{block.type: multi_scale}]",
     ":6:24", "the first point 1 is outside of the space: 'block.type' is multi_scale, which is not bottleneck or"),
    ("first: [{block.type: hierarchical, block.depth: 7}]",
     ":6:51", "the first point 1 is outside of the space: 'block.depth' is 7, which is not a whole number from 2 to 5"),
    ("first: [{block.type: hierarchical, block.depth: 9}]",
     ":6:51", "'block.depth' must be an integer from 2 to 8, not 9"),
    ("first: [{block.type: bottleneck, block.depth: 3}]",
     ":6:36", "'block.depth' means something only where 'block.type' is hierarchical, there or in a level, and not in"),
    ("first: [{block.type: bottleneck}, {block.type: bottleneck}]",
     ":6:37", "the first point 2 is the same as the first point 1; remove one"),
    ("first: [{from: othr/deep}]", ":6:18", "there is no study 'othr' beside this one; did you mean 'other'?"),
    ("first: [{from: other/dep}]", ":6:18", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
    ("first: [{from: deep}]",
     ":6:18", "'from' names no variant: deep; write STUDY/VARIANT, as in table2_blocks/hierarchical"),
    ("first: [{from: 3}]",
     ":6:18", "'from' names no variant: 3; write STUDY/VARIANT, as in table2_blocks/hierarchical"),
    ("first: [{from: other/wide}]",
     ":6:18", "the first point 1 (other/wide) is outside of the space: 'block.width' is 1.0 there, 0.5 in the search;"),
    ("first: [{from: study/a}]",
     ":3:1", "'x' is a search, which has no variants before its best points are promoted; use `hglab search`, `hglab"),
    ("first: [{form: other/deep}]",
     ":6:12", "unknown key 'form'; known: block.type, block.remove_1x1, block.width, block.depth, block.cardinality,"),
]
# fmt: on


@pytest.mark.parametrize(("text", "place", "message"), STUDIES)
def test_a_mistake_in_the_shape_of_a_search(said, text: str, place: str, message: str) -> None:
    _check(said(text), place, message)


@pytest.mark.parametrize(("line", "place", "message"), SEARCHES)
def test_a_mistake_in_what_is_sought(said, line: str, place: str, message: str) -> None:
    more = "".join(f"  {each}\n" for each in line.splitlines())
    _check(said(f"study: x\n\nsearch:\n  trials: 9\n  space: {TYPES}\n{more}"), place, message)


def test_more_first_points_than_trials(said) -> None:
    points = ", ".join(f"{{block.type: hierarchical, block.depth: {depth}}}" for depth in range(2, 6))
    text = f"study: x\nsearch:\n  trials: 3\n  space: {TYPES}\n  first: [{points}]\n"
    assert said(text) == ["SEARCH:3:11: 3 trials are fewer than the 4 first points; raise 'trials', or remove points"]


def test_a_grid_without_end(said) -> None:
    text = "study: x\nsearch:\n  trials: 3\n  sampler: grid\n  space: {training.weight_decay: {float: [0, 0.1]}}\n"
    message = "a grid has no end here: 'training.weight_decay' is a number from 0 to 0.1"
    assert said(text) == [f"SEARCH:4:12: {message}; give it a step or a list of values, or use another sampler"]


def test_a_point_between_dimensions_with_conditions(said) -> None:
    """A dimension that does not vary at a point keeps the value of the base there, which may not be the variant's."""
    depth = "block.depth: {choice: [3, 5], if: {loss.name: l2}}"
    space = f"{{block.type: [bottleneck, hierarchical], {depth}, loss.name: [l2, sigmoid_cross_entropy]}}"
    text = f"study: x\nsearch:\n  trials: 3\n  space: {space}\n  first: [{{from: other/deep}}]\n"
    message = "the first point 1 (other/deep) is outside of the space: 'block.depth' is 5 there, 3 in the search"
    assert said(text) == [f"SEARCH:5:18: {message}; change the `if:`"]


def test_a_base_outside_of_a_dimension_that_a_first_point_leaves_out(said) -> None:
    space = "{block.type: [hierarchical], block.depth: [4, 5]}"
    text = f"study: x\nsearch:\n  trials: 3\n  space: {space}\n  first: [{{block.type: hierarchical}}]\n"
    message = "the first point 1 is outside of the space: 'block.depth' is 3, which is not 4 or 5, from the base"
    assert said(text) == [f"SEARCH:5:11: {message}; set 'block.depth' in the point"]


def test_mistakes_are_said_together(said) -> None:
    text = (
        "study: x\nseeds: [0, 1]\nbase: {block.dept: 3}\nsearch:\n  trials: 9\n  objectives: [pkch]\n"
        "  constraints: ['parms <= 3']\n  budget: {training.epoch: 3}\n"
        "  space: {block.depth: {int: [6, 2]}, block.typ: [a], model.relu: {choice: [true], if: {a: b}}}\n"
        "  first: [{block.depht: 3}]\n"
    )
    places = [problem.split(": ")[0].removeprefix("SEARCH:") for problem in said(text)]
    assert places == ["2:12", "3:8", "6:16", "7:17", "8:12", "9:30", "9:39", "9:89", "10:12"]
