"""Every mistake in a search and in what is sought: said at its place, with what was expected and how to mend it.

In each table: what is written, where the problem is said to stand in the file, and what is said of it, from its
beginning.
"""

from __future__ import annotations

import pytest

from search_space import expand_search
from search_space.search_spec import EXAMPLES
from tests.search_space.conftest import TYPES, _check

# fmt: off
STUDIES = [
    ("study: x\nsearch:\n  space: {model.relu: bool}\n", ":3:3", "the key 'trials' is missing; as in trials: 60"),
    ("study: x\nsearch:\n  trials: 9\n",
     ":3:3", "the key 'space' is missing; as in space: {block.type: [bottleneck, hierarchical]}"),
    ("study: x\nsearch: yes\n",
     ":2:9", "'search': input should be a mapping of keys, not 'yes'; as in search: {trials: 60, space: {block.type:"),
    ("study: x\nsearch:\n",
     ":2:1", "the study compares nothing: 'search' has no contents; as in search: {trials: 60, space: {block.type:"),
    ("study: x\nsearch: {trials: 9, space: null}\n",
     ":2:28", "'space': input should be a mapping of keys, not null; as in space: {block.type: [bottleneck,"),
    ("study: x\nsearch: []\n", ":2:9", "'search': input should be a mapping of keys, not []"),
    ("study: x\nvariants: [{id: a}]\nsearch: {trials: 9, space: {model.relu: bool}}\n",
     ":3:1", "a study has one design, this one has variants and search; make two studies of it"),
    ("study: x\nsearch: {trials: 0, space: {model.relu: bool}}\n",
     ":2:18", "'trials': input should be greater than or equal to 1, not 0; as in trials: 60"),
    ("study: x\nsearch: {trials: many, space: {model.relu: bool}}\n",
     ":2:18", "'trials': input should be a valid integer, not 'many'; as in trials: 60"),
    ("study: x\nsearch: {trials: 9, hours: 0, space: {model.relu: bool}}\n",
     ":2:28", "'hours': input should be greater than 0, not 0"),
    ("study: x\nsearch: {trials: 9, hours: -1, space: {model.relu: bool}}\n",
     ":2:28", "'hours': input should be greater than 0, not -1; as in hours: 12"),
    ("study: x\nsearch: {trials: 9, seed: -1, space: {model.relu: bool}}\n",
     ":2:27", "'seed': input should be greater than or equal to 0, not -1"),
    ("study: x\nsearch: {trials: 9, seed: 1.5, space: {model.relu: bool}}\n",
     ":2:27", "'seed': input should be a valid integer, not 1.5; as in seed: 1"),
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
     ":6:38", "'population': input should be greater than or equal to 2, not 1; as in sampler: {name: nsga2,"),
    ("sampler: {name: random, startup: 3}",
     ":6:12", "the sampler random has no 'startup', tpe and gp have; remove 'startup'"),
    ("sampler: null", ":6:12", "'sampler': input should be a mapping of keys, not null; as in sampler: tpe"),
    ("sampler: []", ":6:12", "'sampler': input should be a mapping of keys, not []"),
    ("sheduler: asha", ":6:3", "unknown key 'sheduler'; did you mean 'scheduler'?"),
    ("scheduler: ashe", ":6:14", "unknown scheduler 'ashe'; did you mean 'asha'?"),
    ("scheduler: {name: asha, brackets: 2}",
     ":6:14", "asha has one bracket; remove 'brackets', or write `name: hyperband`"),
    ("scheduler: {grace: 2}", ":6:14", "without a scheduler there is no 'grace'; remove it, or write `name: asha`"),
    ("scheduler: {name: asha, reduction: 1}",
     ":6:38", "'reduction': input should be greater than 1, not 1; as in scheduler: {name: asha, reduction: 3}"),
    ("scheduler: {name: asha, grace: 0}", ":6:34", "'grace': input should be greater than or equal to 1, not 0"),
    *((f"scheduler: {{name: asha, grace: {grace}}}",
       ":6:34", f"grace must be less than the epochs: each trial is given {grace}, and it has 8, so that nothing would")
      for grace in (8, 9)),
    ("scheduler: {name: hyperband, grace: 8}",
     ":6:39", "grace must be less than the epochs: the first bracket gives each trial 8, and it has 8, so that"),
    ("scheduler: asha\nbudget: {training.epochs: 1}",
     ":6:14", "grace must be less than the epochs: each trial is given 1, and it has 1, so that nothing would be"),
    ("scheduler: {name: asha, metric: params}",
     ":6:35", "the scheduler asha cannot go by 'params', which training does not change; use a metric of an epoch, as"),
    ("scheduler: {name: asha, metric: latency_ms}",
     ":6:35", "the scheduler asha cannot go by 'latency_ms', which training does not change; use a metric of an"),
    ("scheduler: {name: asha, metric: pckhh}",
     ":6:35", "unknown metric 'pckhh': no task reports it; did you mean 'pckh'?"),
    ("scheduler: {name: asha, red: 1}", ":6:27", "unknown key 'red'; did you mean 'reduction'?"),
    ("objectives: pckh", ":6:15", "'objectives' must be a list; as in objectives: [pckh]"),
    ("objectives: []", ":6:15", "'objectives': value should have at least 1 item after validation, not 0"),
    ("objectives: [pkch]", ":6:16", "unknown metric 'pkch': no task reports it; did you mean 'pckh'?"),
    ("objectives: [pckh, pckh]", ":6:22", "the objective 'pckh' stands twice; remove one"),
    ("objectives: [{metric: pckh, direction: up}]", ":6:42", "unknown direction 'up'; known: maximise, minimise"),
    ("objectives: [{metric: pckh, direction: minimize}]",
     ":6:42", "unknown direction 'minimize'; did you mean 'minimise'?"),
    ("objectives: [{name: pckh}]", ":6:17", "unknown key 'name'; known: metric, direction"),
    ("objectives: [3]", ":6:16", "'objectives': input should be a mapping of keys, not 3"),
    ("objectives: [{direction: minimise}]", ":6:16", "the key 'metric' is missing; as in objectives: [{metric: pckh}]"),
    ("objectives: [pckh, params]\nscheduler: asha",
     ":7:14", "the scheduler asha knows one metric, and there are 2 objectives; say which: {name: asha, metric: pckh}"),
    ("objectives: [pckh, params]\nscheduler: {name: hyperband, grace: 2}",
     ":7:14", "the scheduler hyperband knows one metric, and there are 2 objectives; say which: {name: hyperband,"),
    ("objectives: [params]\nscheduler: asha",
     ":7:14", "the scheduler asha cannot go by 'params', which training does not change; use a metric of an epoch, as"),
    ("constraints: params <= 3", ":6:16", "'constraints' must be a list; as in constraints: ['params <= 6.3e6']"),
    ("constraints: [3]",
     ":6:17", "'constraints': input should be a valid string, not 3; as in constraints: ['params <= 6.3e6']"),
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
    ("constraints: {params: 3}", ":6:16", "'constraints' must be a list; as in constraints: ['params <= 6.3e6']"),
    ("budget: {training.epoch: 3}", ":6:12", "unknown key 'training.epoch'; did you mean 'training.epochs'?"),
    ("budget: {training.epochs: 0}", ":6:29", "'training.epochs' must be an integer from 1 to 10000, not 0"),
    ("budget: {block.depth: 3}", ":6:12", "'block.depth' is a dimension of the search; remove it from the budget"),
    ("budget: {training.momentum: 0.5}",
     ":6:12", "'training.momentum' means something only where 'training.optimiser' is sgd, which is so at no point;"),
    ("budget: 3", ":6:11", "'budget': input should be a mapping of keys, not 3; as in budget: {training.epochs: 5}"),
    ("first: {block.type: bottleneck}", ":6:10", "'first' must be a list; as in first: [{block.type: hierarchical}]"),
    ("first: [3]",
     ":6:11", "'first': input should be a mapping of keys, not 3; as in first: [{block.type: hierarchical}]"),
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
     ":6:12", "unknown key 'form'; `hglab keys` lists every key; they begin with block, model, data, loss,"),
]
# fmt: on


@pytest.mark.parametrize(("text", "place", "message"), STUDIES)
def test_a_mistake_in_the_shape_of_a_search(said, text: str, place: str, message: str) -> None:
    _check(said(text), place, message)


@pytest.mark.parametrize(("line", "place", "message"), SEARCHES)
def test_a_mistake_in_what_is_sought(said, line: str, place: str, message: str) -> None:
    more = "".join(f"  {each}\n" for each in line.splitlines())
    _check(said(f"study: x\n\nsearch:\n  trials: 9\n  space: {TYPES}\n{more}"), place, message)


def test_a_first_point_outside_of_the_space_is_told_what_is_inside(said) -> None:
    text = (
        f"study: x\nsearch:\n  trials: 3\n  space: {TYPES}\n  first: [{{block.type: hierarchical, block.depth: 7}}]\n"
    )
    (problem,) = said(text)
    assert problem.endswith("; write one of its values, as in block.depth: 2, or widen 'block.depth' in the space")


def test_no_grace_is_short_enough_for_one_epoch(said) -> None:
    (problem,) = said(f"study: x\nsearch:\n  trials: 3\n  scheduler: asha\n  space: {TYPES}\n", "training.epochs=1")
    assert problem.endswith("; raise 'training.epochs', or leave out 'scheduler'")


@pytest.mark.parametrize(("text", "place", "message"), STUDIES)
def test_each_mistake_in_the_shape_has_a_remedy(said, text: str, place: str, message: str) -> None:
    assert all("; " in problem for problem in said(text)), (place, message)


def test_more_first_points_than_trials(said) -> None:
    points = ", ".join(f"{{block.type: hierarchical, block.depth: {depth}}}" for depth in range(2, 6))
    text = f"study: x\nsearch:\n  trials: 3\n  space: {TYPES}\n  first: [{points}]\n"
    assert said(text) == ["SEARCH:3:11: 3 trials are fewer than the 4 first points; raise 'trials', or remove points"]


def test_a_grid_without_end(said) -> None:
    text = "study: x\nsearch:\n  trials: 3\n  sampler: grid\n  space: {training.weight_decay: {float: [0, 0.1]}}\n"
    message = "a grid has no end here: 'training.weight_decay' is a number from 0 to 0.1"
    assert said(text) == [f"SEARCH:4:12: {message}; give it a step or a list of values, or use another sampler"]


def test_a_grid_that_cannot_be_gone_through(said) -> None:
    space = "{training.batch_size: {int: [1, 4000]}, training.epochs: {int: [1, 9920]}, model.relu: bool}"
    text = f"study: x\nsearch:\n  trials: 3\n  sampler: grid\n  space: {space}\n"
    message = "a grid has at most 100,000 points, as many as a search may have trials; this one has 79,360,000"
    hint = "write `sampler: random`, or coarser steps and fewer dimensions"
    assert said(text) == [f"SEARCH:4:12: {message}; {hint}"]


def test_a_grid_of_more_points_than_can_be_counted(said, make_search) -> None:
    """A space with too many conditions to be counted is gone through as far as it may be large."""
    levels = "".join(
        f", level{level}.block.type: [null, bottleneck, hierarchical], level{level}.block.depth: [null, 2, 4]"
        f", level{level}.block.cardinality: [null, 2], level{level}.block.width: [null, 0.25]"
        for level in range(4)
    )
    space = (
        f"{{block.depth: {{int: [2, 5]}}, block.cardinality: [1, 2]{levels}, block.type: [bottleneck, hierarchical]}}"
    )
    assert make_search(space).space.size is None
    (problem,) = said(f"study: x\nsearch:\n  trials: 3\n  sampler: grid\n  space: {space}\n")
    assert "this one has more; write `sampler: random`" in problem


def test_the_largest_grid(make_search) -> None:
    for last, more in ((4000, "sampler: grid"), (4001, "sampler: random")):
        first = last - 3999
        space = f"{{training.batch_size: {{int: [{first}, {last}]}}, training.epochs: {{int: [1, 25]}}}}"
        assert make_search(space, more).space.size == 100_000
    assert make_search("{training.batch_size: {int: [1, 4001]}, training.epochs: {int: [1, 25]}}").space.size == 100_025


def test_trials_of_different_lengths_are_stopped_if_any_may_be(make_search, said) -> None:
    epochs = "training.epochs: {choice: [2, 3], if: {block.type: hierarchical}}"
    space = f"{{block.type: [bottleneck, hierarchical], {epochs}}}"
    more = "scheduler: {name: asha, grace: 7}"
    assert make_search(space, more).scheduler.grace == 7  # a bottleneck has the 8 of the scale
    (problem,) = said(f"study: x\nsearch:\n  trials: 3\n  {more}\n  space: {{training.epochs: {{int: [4, 7]}}}}\n")
    assert problem.endswith(
        "each trial is given 7, and it has 7, so that nothing would be stopped; lower 'grace' to 6 or less"
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=".".join)
def test_the_example_of_a_hint_is_right(write_study, path: tuple[str, ...]) -> None:
    parts = {"trials": "trials: 9", "space": f"space: {TYPES}"}
    if len(path) > 1:
        parts[path[1]] = EXAMPLES[path]
    lines = [EXAMPLES[path]] if len(path) == 1 else ["search:", *(f"  {part}" for part in parts.values())]
    expand_search(write_study("\n".join(["study: x", *lines])), "laptop")


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
