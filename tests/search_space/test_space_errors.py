"""Every mistake in a search's space, beside the search and on the command line: said at its place, as in a search.

The tables are as in test_search_errors.
"""

from __future__ import annotations

import pytest

from tests.search_space.conftest import TYPES, _check

# fmt: off
SPACES = [
    ("{}", ":5:10", "the space is empty: nothing varies; add a dimension, as in block.depth: {int: [2, 6]}"),
    ("[]", ":5:10", "'space': input should be a mapping of keys, not []"),
    ("{block.typ: [a]}", ":5:11", "unknown key 'block.typ'; did you mean 'block.type'?"),
    ("{block.type: []}", ":5:23", "'block.type' lists no values; write at least two, as in [2, 3]"),
    ("{block.type: [bottleneck]}", ":5:10", "the space has a single point: nothing varies; add a value or a dimension"),
    ("{block.type: [bottleneck, hierachical]}",
     ":5:36", "'block.type' must be one of bottleneck, multi_scale, hierarchical, not hierachical; did you mean"),
    ("{block.type: [bottleneck, bottleneck]}", ":5:36", "'block.type' lists bottleneck twice; remove one"),
    ("{block.type: bottleneck}",
     ":5:23", "'block.type' has no domain: bottleneck; write a list of values, bool, {int: [2, 6]}, {float: [0.25,"),
    ("{block.depth: 3}",
     ":5:24", "'block.depth' has no domain: 3; write a list of values, bool, {int: [2, 6]}, {float: [0.25, 1.0]} or"),
    ("{block.depth: bool}",
     ":5:24", "'block.depth' is no switch: it must be an integer from 2 to 8; write a list of values, bool, {int: [2,"),
    ("{model.relu: bol}",
     ":5:23", "'model.relu' has no domain: bol; write a list of values, bool, {int: [2, 6]}, {float: [0.25, 1.0]} or"),
    ("{block.depth: {int: [6, 2]}}",
     ":5:30", "the lower bound of 'block.depth', 6, is above the upper one, 2; exchange them"),
    ("{block.depth: {int: [2, 9]}}", ":5:34", "'block.depth' must be an integer from 2 to 8, not 9"),
    ("{block.depth: {int: [2]}}", ":5:30", "'block.depth' needs two bounds; write {int: [LOW, HIGH]}"),
    ("{block.depth: {int: 3}}", ":5:30", "'block.depth' needs two bounds; write {int: [LOW, HIGH]}"),
    ("{block.depth: {int: [2, 5.5]}}",
     ":5:34", "a bound of 'block.depth' must be a whole number, not 5.5; as in {int: [2, 6]}"),
    ("{block.depth: {float: [2, 5]}}", ":5:32", "'block.depth' takes whole numbers only; write {int: [2, 5]}"),
    ("{block.depth: {log: [2, 5]}}", ":5:30", "'block.depth' takes whole numbers only; write {int: [2, 5], log: true}"),
    ("{block.depth: {int: [2, 6], step: 3}}",
     ":5:44", "steps of 3 from 2 do not meet 6; end at 5 or 8, or write another step"),
    ("{block.depth: {int: [2, 6], step: 0}}",
     ":5:44", "the step of 'block.depth' must be a whole number above 0, not 0"),
    ("{block.depth: {int: [2, 6], step: 0.5}}",
     ":5:44", "the step of 'block.depth' must be a whole number above 0, not 0.5; as in step: 1"),
    ("{block.depth: {int: [2, 6], step: 8}}", ":5:44", "steps of 8 from 2 do not meet 6; write a smaller step"),
    ("{block.depth: {int: [2, 6], step: 2, log: true}}",
     ":5:44", "a logarithmic scale, as 'block.depth' has, has no step; remove 'step' or 'log'"),
    ("{block.depth: {int: [2, 6], stp: 2}}",
     ":5:43", "unknown key 'stp' of a dimension with 'int'; did you mean 'step'?"),
    ("{block.depth: {it: [2, 6]}}",
     ":5:24", "'block.depth' has no domain; write a list of values, bool, {int: [2, 6]}, {float: [0.25, 1.0]} or"),
    ("{block.depth: {int: [2, 6], choice: [2]}}", ":5:24", "'block.depth' has two domains, choice and int; keep one"),
    ("{block.depth: {}}",
     ":5:24", "'block.depth' has no domain; write a list of values, bool, {int: [2, 6]}, {float: [0.25, 1.0]} or"),
    ("{block.depth: {choice: 3}}", ":5:33", "'block.depth' lists no values; write a list, as in [2, 3]"),
    ("{block.depth: {choice: [2, 9]}}", ":5:37", "'block.depth' must be an integer from 2 to 8, not 9"),
    ("{block.depth: {int: [2, 6], log: maybe}}", ":5:43", "'log' is true or false; as in {int: [2, 6], log: true}"),
    ("{block.type: {int: [1, 2]}}",
     ":5:29", "'block.type' is no number: it must be one of bottleneck, multi_scale, hierarchical; write a list, as"),
    ("{model.relu: {float: [0, 1]}}",
     ":5:31", "'model.relu' is no number: it must be one of true, false; write a list, as in [true, false]"),
    ("{training.weight_decay: {log: [0, 0.1]}}",
     ":5:41", "the logarithmic scale of 'training.weight_decay' cannot begin at 0; write a lower bound above 0, or no"),
    ("{training.weight_decay: {float: [0, 0.1], log: true}}",
     ":5:43", "the logarithmic scale of 'training.weight_decay' cannot begin at 0; write a lower bound above 0, or no"),
    ("{training.weight_decay: {float: [0, 0.1], step: 0.03}}",
     ":5:58", "steps of 0.03 from 0 do not meet 0.1; end at 0.09 or 0.12, or write another step"),
    ("{training.weight_decay: {float: [a, 0.1]}}",
     ":5:43", "a bound of 'training.weight_decay' must be a number, not a; as in {float: [0.25, 1.0]}"),
    ("{training.weight_decay: {float: [0, .inf]}}",
     ":5:46", "'training.weight_decay' must be a number from 0 to 1, not inf"),
    ("{training.weight_decay: {float: [0, .nan]}}",
     ":5:46", "'training.weight_decay' must be a number from 0 to 1, not nan"),
    ("{training.weight_decay: {float: [0, 0.1], step: .nan}}",
     ":5:58", "the step of 'training.weight_decay' must be a number above 0, not nan; as in step: 0.25"),
    ("{training.learning_rate: {log: [1e-2, 1e-4]}}",
     ":5:41", "the lower bound of 'training.learning_rate', 0.01, is above the upper one, 1e-4; exchange them"),
    ("{training.learning_rate: {log: [1e-4, 1e-2], step: 1e-4}}",
     ":5:61", "unknown key 'step' of a dimension with 'log'; known: log, if"),
    ("{model.relu: bool, model.activation: {choice: [relu, prelu], if: {model.rlu: true}}}",
     ":5:76", "a condition on an unknown key 'model.rlu'; did you mean 'model.relu'?"),
    ("{model.relu: bool, model.activation: {choice: [relu, prelu], if: {model.relu: maybe}}}",
     ":5:88", "'model.relu' must be one of true, false, not maybe"),
    ("{model.relu: bool, model.activation: {choice: [relu, prelu], if: {model.relu: []}}}",
     ":5:88", "'model.relu' lists no values; write at least one"),
    ("{model.relu: bool, model.activation: {choice: [relu, prelu], if: true}}",
     ":5:75", "`if:` is a mapping of keys to values; as in if: {block.type: hierarchical}"),
    ("{model.relu: bool, model.activation: {choice: [relu, prelu], if: {}}}",
     ":5:75", "`if:` is a mapping of keys to values; as in if: {block.type: hierarchical}"),
    ("{model.relu: {choice: [true, false], if: {model.relu: true}}}",
     ":5:11", "the conditions of the space go round in a circle: model.relu -> model.relu; remove one `if:`"),
    ("{model.relu: {choice: [true, false], if: {model.activation: prelu}}, model.activation: [relu, prelu]}",
     ":5:11", "the conditions of the space go round in a circle: model.relu -> model.activation -> model.relu; remove"),
    ("{model.pooling: [max, average], model.relu: {choice: [true, false], if: {block.type: hierarchical}}}",
     ":5:42", "'model.relu' varies only where 'block.type' is hierarchical, which is so at no point; change the"),
    ("{model.pooling: [max, average], block.depth: {int: [2, 4]}}",
     ":5:42", "'block.depth' means something only where 'block.type' is hierarchical, there or in a level, which is"),
    ("{block.type: [bottleneck, multi_scale], block.depth: {choice: [2, 3], if: {block.type: hierarchical}}}",
     ":5:50", "'block.depth' varies only where 'block.type' is hierarchical, which is so at no point; change the"),
    ("{block.type: [bottleneck, hierarchical], block.depth: {choice: [2, 3], if: {block.type: bottleneck}}}",
     ":5:51", "'block.depth' varies only where 'block.type' is bottleneck, and means nothing there; change the `if:`,"),
    ("{model.relu: bool, model.relu: bool}",
     ":5:29", "the key 'model.relu' stands twice (first in line 5); remove one"),
    ("{model: {relu: bool}, model.relu: bool}", ":5:32", "the key 'model.relu' stands twice; remove one"),
    ("{model: {rel: bool}}", ":5:19", "unknown key 'model.rel'; did you mean 'model.relu'?"),
    ("{model.relu: [true], block.type: [bottleneck]}",
     ":5:10", "the space has a single point: nothing varies; add a value or a dimension"),
    ("{seed: [1, 2]}",
     ":5:11", "'seed' cannot be a dimension: points of different seeds differ by chance; `hglab promote --seeds N`"),
    ("{training.stacking: [joint, sequential], model.stacks: [1, 2]}",
     ":5:11", "a search trains each network at once, not stacks in sequence; leave out `training.stacking:"),
    ("{distillation.teacher: [null, other/dep]}",
     ":5:11", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
    ("{distillation.teacher: [null, nothing/dep]}",
     ":5:11", "there is no study 'nothing' beside this one; did you mean 'other'?"),
    ("{block.type: [bottleneck, 3]}",
     ":5:36", "'block.type' must be one of bottleneck, multi_scale, hierarchical, not 3"),
    ("{block.type: [bottleneck, [a]]}",
     ":5:36", "'block.type' must be one of bottleneck, multi_scale, hierarchical, not ['a']"),
]
HEADS = [
    ("seeds: [0, 1]",
     ":2:12", "a search trains each point once, with one seed; keep one; `hglab promote --seeds N` trains the best"),
    ("seeds: [0, 0]", ":2:12", "the seed 0 stands twice; remove one"),
    (
        "table: {columns: [{metric: pckh}]}",
        ":2:9",
        "'table.columns' has no meaning in a search, whose points are no rows; write it into the study that",
    ),
    ("baseline: a", ":2:1", "a search has no baseline; remove it; `hglab promote` writes one"),
    ("base: {model.stacks: 2, training.stacking: sequential}",
     ":2:44", "a search trains each network at once, not stacks in sequence; leave out `training.stacking:"),
    ("base: {block.width: 0.25, model.activation: prelu}",
     ":2:27", "'model.activation' means something only where 'model.relu' is true, which is so at no point; remove it"),
    ("base: {loss.nam: l2}", ":2:8", "unknown key 'loss.nam'; did you mean 'loss.name'?"),
    ("scales: {tiny: {training.momentum: 0.3}}",
     ":2:17", "'training.momentum' means something only where 'training.optimiser' is sgd, which is so at no point;"),
    ("from: other/dep", ":2:7", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
    ("base: {distillation.teacher: other/dep}",
     ":2:30", "the study 'other' has no variant 'dep'; did you mean 'deep'?"),
]
# fmt: on
OPTIONS = [
    (
        ("block.depth=3",),
        "--set block.depth=3: 'block.depth' is a dimension of the search: it varies from trial to trial; leave it out",
    ),
    (
        ("model.activation=prelu",),
        "--set model.activation=prelu: 'model.activation' means something only where 'model.relu'",
    ),
    (
        ("model.stacks=2", "training.stacking=sequential"),
        "--set training.stacking=sequential: a search trains each network at once, not stacks in sequence",
    ),
    (
        ("training.epochs=2",),
        "SEARCH:6:34: grace must be less than the epochs: each trial is given 3, and it has 2, so that nothing",
    ),
]


@pytest.mark.parametrize(("space", "place", "message"), SPACES)
def test_a_mistake_in_the_space(said, space: str, place: str, message: str) -> None:
    _check(said(f"study: x\n\nsearch:\n  trials: 9\n  space: {space}\n"), place, message)


@pytest.mark.parametrize(("head", "place", "message"), HEADS)
def test_a_mistake_beside_the_search(said, head: str, place: str, message: str) -> None:
    _check(said(f"study: x\n{head}\nsearch:\n  trials: 9\n  space: {TYPES}\n"), place, message)


@pytest.mark.parametrize(("sets", "message"), OPTIONS)
def test_a_mistake_on_the_command_line(said, sets: tuple[str, ...], message: str) -> None:
    text = f"study: x\n\nsearch:\n  trials: 9\n  space: {TYPES}\n  scheduler: {{name: asha, grace: 3}}\n"
    assert any(problem.startswith(message) for problem in said(text, *sets))
