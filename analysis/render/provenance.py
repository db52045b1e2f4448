"""Where a table's numbers come from, as the lines of a comment."""

from __future__ import annotations

import textwrap

from analysis.table_model import Provenance


def provenance_lines(provenance: Provenance, width: int = 110) -> list[str]:
    """The provenance in lines of at most `width` letters; a long list of runs is wrapped.

    Nothing in them ends a comment of HTML: two hyphens never stand together.
    """
    runs = f"Runs ({len(provenance.runs)}): {' '.join(provenance.runs)}" if provenance.runs else "Runs: none"
    said = [
        *(f"Study {name}, SHA-256 over its trials: {digest}" for name, digest in provenance.studies),
        f"Made {provenance.made} with {provenance.code}",
        runs,
    ]
    plain = (" ".join(line.split()).replace("--", "- -").replace("--", "- -") for line in said)
    return [
        part
        for line in plain
        for part in textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    ]


def html_comment(provenance: Provenance) -> str:
    """The provenance as a comment of HTML and Markdown."""
    return "\n".join(["<!--", *provenance_lines(provenance), "-->"])
