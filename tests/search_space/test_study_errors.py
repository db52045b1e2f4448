"""Every mistake in a study: said at its place, with what was expected and how to mend it."""

from __future__ import annotations

import pytest

from search_space import InputError, expand, read_overrides
from search_space.scales import scale_settings

TWO = "variants:\n  - {id: a, baseline: true}\n  - {id: b, set: {block.type: hierarchical}}\n"


def _error(write_study, text: str, **options) -> str:
    with pytest.raises(InputError) as raised:
        expand(write_study(text), **options)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "", "the study is empty"),
        ("- a\n- b\n", ":1:1", "a study is a mapping"),
        ("study: x\n", ":1:1", "the study compares nothing"),
        ("study: x\nvariants: []\n", ":2:11", "'variants': "),
        (TWO, ":1:1", "the key 'study' is missing"),
        (f"study: two words\n{TWO}", ":1:8", "use letters, digits, - and _"),
        (f"study: ../../etc\n{TWO}", ":1:8", "is not a name"),
        (f"study: x\ntitel: y\n{TWO}", ":2:1", "unknown key 'titel'; did you mean 'title'?"),
        (f"study: x\nbase: {{block.dept: 3}}\n{TWO}", ":2:8", "unknown key 'block.dept'; did you mean 'block.depth'?"),
        (f"study: x\nbase: {{dept: 3}}\n{TWO}", ":2:8", "did you mean 'block.depth'?"),
        (f"study: x\nbase: {{block.depth: four}}\n{TWO}", ":2:21", "must be an integer from 2 to 8, not four"),
        (f"study: x\nbase: {{block.depth: 9}}\n{TWO}", ":2:21", "must be an integer from 2 to 8, not 9"),
        (f"study: x\nbase: {{block.depth: 3.5}}\n{TWO}", ":2:21", "must be an integer"),
        (f"study: x\nbase: {{model.binary: no}}\n{TWO}", ":2:22", "must be one of true, false, not no"),
        (f"study: x\nbase: {{block.type: hierachical}}\n{TWO}", ":2:20", "did you mean 'hierarchical'?"),
        (f"study: x\nbase: {{training.epochs: true}}\n{TWO}", ":2:25", "must be an integer"),
        (f"study: x\nbase: {{training.learning_rate: -1}}\n{TWO}", ":2:32", "must be a number from above 0"),
        (f"study: x\nbase: {{block: {{depth: 3, dept: 3}}}}\n{TWO}", ":2:26", "unknown key 'block.dept'"),
        (f"study: x\nbase: {{block.depth: 3, block: {{depth: 3}}}}\n{TWO}", ":2:32", "stands twice"),
        (f"study: x\nseeds: [0, 0]\n{TWO}", ":2:12", "the seed 0 stands twice"),
        (f"study: x\nseeds: []\n{TWO}", ":2:8", "'seeds'"),
        (f"study: x\nseeds: 3\n{TWO}", ":2:8", "'seeds'"),
        (f"study: x\n{TWO}  - {{id: a}}\n", ":5:10", "two variants are called 'a'"),
        (f"study: x\n{TWO}  - {{id: c, basline: true}}\n", ":5:13", "did you mean 'baseline'?"),
        (
            f"study: x\n{TWO}  - {{id: c, baseline: true, set: {{block.width: 1}}}}\n",
            ":5:10",
            "two variants are the base",
        ),
        (f"study: x\n{TWO}grid: {{block.depth: [2, 3]}}\n", ":5:1", "a study has one design"),
        (
            f"study: x\n{TWO}table: {{columns: [{{metric: pkch}}]}}\n",
            ":5:28",
            "unknown metric 'pkch'; did you mean 'pckh'",
        ),
        (f"study: x\n{TWO}table: {{columns: [{{metric: pckh, bset: max}}]}}\n", ":5:34", "did you mean 'best'?"),
        (f"study: x\n{TWO}table: {{columns: [{{mean: pckh}}]}}\n", ":5:19", "a column starts with one of metric"),
        (f"study: x\n{TWO}table: {{columns: [{{paper: table22, column: PCKh}}]}}\n", ":5:27", "did you mean 'table2'?"),
        (f"study: x\n{TWO}table: {{columns: [{{paper: table2, column: PCK}}]}}\n", ":5:43", "did you mean 'PCKh'?"),
        (
            "study: x\nvariants:\n  - {id: a, paper: widerr}\ntable: {columns: [{paper: table2, column: PCKh}]}\n",
            ":3:10",
            "did you mean 'wider'?",
        ),
        (
            "study: x\nvariants: [{id: a}]\ntable: {columns: [{delta: pckh}]}\n",
            ":3:19",
            "a delta column needs a baseline",
        ),
        ("study: x\nvariants: null\n", ":2:1", "'variants' has no contents; as in variants: [{id: a},"),
        ("study: x\ngrid:\n", ":2:1", "'grid' has no contents; as in grid: {model.relu:"),
        ("study: x\nvariants: [{id: a}, bottleneck]\n", ":2:21", "'variants'"),
        ("study: x\nvariants: [{id: a, set: 3}]\n", ":2:25", "'set'"),
        ("study: x\nvariants: {a: 1}\n", ":2:11", "'variants'"),
        ("study: x\ngrid: {block.depth: 3}\n", ":2:21", "'block.depth'"),
        ("study: x\ngrid: {block.depth: []}\n", ":2:8", "lists no values"),
        ("study: x\nleave_one_out: {block.depth: 99}\n", ":2:30", "must be an integer from 2 to 8, not 99"),
        ("study: x\nleave_one_out: {model.relu: {value: true, lable: x}}\n", ":2:43", "did you mean 'label'?"),
        ("study: x\none_factor_at_a_time: {loss.name: [{value: l2, id: a b}]}\n", ":2:52", "is not a name"),
        ("study: x\none_factor_at_a_time: {loss.name: [{id: a}]}\n", ":2:36", "the key 'value' is missing"),
        (
            "study: x\none_factor_at_a_time: {loss.name: [{value: l2, paper: l2_los}]}\n"
            "table: {columns: [{paper: table4, column: PCKh}]}\n",
            ":2:44",
            "did you mean 'l2_loss'?",
        ),
        (f"study: Default\n{TWO}", ":1:8", "MLflow's own experiment"),
        (f"study: x\n{TWO}base: {{training.epochs: {'9' * 5000}}}\n", ":5:25", "must be an integer"),
        (f"study: x\ntitle: {'[' * 5000}\n", "", "nested too deep"),
        ("study: x\x00\n", "", "not valid YAML"),
    ],
)
def test_mistakes_of_structure_and_value(write_study, tmp_path, text: str, place: str, what: str) -> None:
    message = _error(write_study, text)
    assert f"{tmp_path / 'study.yaml'}{place}: " in message
    assert what in message


@pytest.mark.parametrize(
    ("variant", "what"),
    [
        ("{id: c, set: {block.depth: 4}}", "means something only where 'block.type' is hierarchical"),
        ("{id: c, set: {block.cardinality: 2}}", "means something only where 'block.type' is hierarchical"),
        ("{id: c, set: {block.type: hierarchical, block.width: 1.0}}", "only where 'block.type' is bottleneck"),
        ("{id: c, set: {model.binary: false, model.relu: true}}", "only where 'model.binary' is true"),
        ("{id: c, set: {model.binary: false, model.sign_gradient: swish}}", "only where 'model.binary' is true"),
        ("{id: c, set: {model.binary: false, model.weight_scale: learned}}", "only where 'model.binary' is true"),
        ("{id: c, set: {model.binary: false, model.shortcut_projection: real}}", "only where 'model.binary' is true"),
        ("{id: c, set: {model.sign_beta: 2.0}}", "only where 'model.sign_gradient' is swish"),
        ("{id: c, set: {model.activation: prelu}}", "only where 'model.relu' is true"),
        ("{id: c, set: {training.momentum: 0.5}}", "only where 'training.optimiser' is sgd"),
        ("{id: c, set: {augmentation.enabled: false, augmentation.flip: false}}", "'augmentation.enabled' is true"),
        ("{id: c}", "'c' trains the same network as the baseline 'a'"),
        ("{id: c, set: {training.weight_decay: -0.0}}", "'c' trains the same network as the baseline 'a'"),
        ("{id: c, set: {block.width: 0.5}}", "'c' trains the same network as the baseline 'a'"),
        ("{id: c, set: {block.type: hierarchical, block.depth: 3}}", "'c' trains the same network as 'b'"),
        (
            "{id: c, set: {training.schedule: steps, training.final_learning_rate: 1}}",
            "is above 'training.learning_rate'",
        ),
        ("{id: c, set: {data.resolution: 130}}", "must be divisible by 4"),
    ],
)
def test_variants_that_change_nothing(write_study, variant: str, what: str) -> None:
    message = _error(write_study, f"study: x\n{TWO}  - {variant}\n")
    assert ":5:" in message
    assert what in message


def test_all_mistakes_are_shown_together_in_the_order_of_the_file(write_study) -> None:
    text = (
        "study: x\ntitel: y\nbase: {block.dept: 3, training.epocs: 1}\nseeds: [-1]\n"
        "variants:\n  - {id: a, set: {block.type: hierachical}, bas: true}\n"
    )
    lines = _error(write_study, text).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "3", "4", "6", "6"]


def test_a_base_key_that_no_variant_uses_is_an_error(write_study) -> None:
    text = "study: x\nbase: {block.depth: 4}\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]\n"
    assert ":2:8: 'block.depth' means something only where" in _error(write_study, text)


def test_a_base_key_that_some_variant_uses_is_not(write_study) -> None:
    expanded = expand(write_study(f"study: x\nbase: {{block.depth: 4}}\n{TWO}"))
    assert expanded.variants[1].config.model.block.depth == 4


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (
            ("training.epocs=3",),
            "--set training.epocs=3: unknown key 'training.epocs'; did you mean 'training.epochs'?",
        ),
        (("training.epochs",), "is not key=value"),
        (("training.epochs=many",), "must be an integer"),
        (("training.epochs=1", "training.epochs=2"), "is set twice"),
    ],
)
def test_mistakes_of_the_command_line(texts: tuple[str, ...], what: str) -> None:
    with pytest.raises(InputError) as raised:
        read_overrides(None, texts)
    assert what in str(raised.value)


def test_an_override_that_makes_variants_equal_is_refused(write_study) -> None:
    message = _error(write_study, f"study: x\n{TWO}", overrides=read_overrides(None, ("block.type=bottleneck",)))
    assert "'b' trains the same network as the baseline 'a'" in message


def test_an_override_that_means_nothing_is_refused(write_study) -> None:
    text = "study: x\nvariants: [{id: a}, {id: b, set: {block.width: 1.0}}]\n"
    message = _error(write_study, text, overrides=read_overrides(None, ("block.depth=4",)))
    assert message.startswith("--set block.depth=4: 'block.depth' means something only where")


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(InputError, match="unknown scale 'tyni'; did you mean 'tiny'"):
        scale_settings("tyni")


def test_a_table_without_columns_of_its_own_needs_no_baseline(write_study) -> None:
    expand(write_study("study: x\nvariants: [{id: a}]\ntable: {caption: A table}\n"))


def test_the_numbers_of_synthetic_figures_are_one_trial_said_or_not(write_study) -> None:
    said = "{data.train_images: 2000, data.validation_images: 500}"
    message = _error(write_study, f"study: x\n{TWO}  - {{id: c, set: {said}}}\n", scale="paper")
    assert "'c' trains the same network as the baseline 'a'" in message
