"""The command `hglab`: a file for each verb. Heavy packages are imported by the verbs that need them."""

from __future__ import annotations

import typer

from cli import (
    compare,
    diff,
    figure,
    front,
    inspect,
    keys,
    plan,
    promote,
    report,
    run,
    search,
    status,
    submit,
    table,
    ui,
    validate,
)
from cli.options import before_any_verb

app = typer.Typer(
    name="hglab",
    help="Ablation and architecture search for binarised hourglass networks.\n\n"
    "Write what may vary into a YAML study, `plan` it, `run` it, browse it with `ui`, export its `table`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: hglab run studies/quickstart.yaml --scale tiny",
)
app.callback()(before_any_verb)
for verb in (
    validate.validate,
    plan.plan,
    inspect.inspect,
    run.run,
    search.search,
    front.front,
    promote.promote,
    status.status,
    table.table,
    diff.diff,
    compare.compare,
    figure.figure,
    report.report,
    ui.ui,
    keys.keys,
):
    app.command()(verb)
app.command(context_settings=submit.CONTEXT)(submit.submit)


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 a trial failed, 2 bad input, 130 interrupted."""
    app()
