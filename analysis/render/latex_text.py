"""Plain text as LaTeX: every character that means something to LaTeX escaped, common signs as their commands."""

from __future__ import annotations

import re

# fmt: off
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "µ": "mu",
}
# fmt: on
_MATHS = {
    "±": r"\pm",
    "−": "-",
    "×": r"\times",
    "·": r"\cdot",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "∞": r"\infty",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "√": r"\surd",
    "°": r"^\circ",
    "²": "^2",
    "³": "^3",
    "⁻": "^-",
    "⁶": "^6",
    **{letter: f"\\{name}" for letter, name in _GREEK.items()},
}
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": "{`}",  # braces: ?` and `` would become other signs
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{letter: f"${command}$" for letter, command in _MATHS.items()},
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "\u00a0": "~",
    "\u2009": r"\,",
    "\u202f": r"\,",
}
_LONG_WORD = 20
_PARTS = re.compile(rf"[^/_.:=,;]{{1,{_LONG_WORD}}}[/_.:=,;]*|[/_.:=,;]+")
_LAST_LATIN = "\u017f"  # up to here pdflatex knows the letters of UTF-8 without a package


def escape(text: str) -> str:
    r"""The text so that LaTeX prints it as it is, on one line.

    >>> escape("50% of A_1 & B")
    '50\\% of A\\_1 \\& B'
    """
    one_line = "".join(letter if letter.isprintable() or letter in _ESCAPES else " " for letter in text)
    # Two hyphens would print as one dash; a bracket or star after `\\` would be taken for its argument.
    whole = re.sub("-(?=-)", "-\0", one_line)
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in whole).replace("\0", "{}")
    return f"{{}}{escaped}" if escaped.startswith(("[", "*")) else escaped


def breakable(text: str) -> str:
    r"""The text escaped, with places where a long word, a path or a key, may go on in the next line.

    >>> breakable("in /folder/of/all/image.png")
    'in /\\allowbreak{}folder/\\allowbreak{}of/\\allowbreak{}all/\\allowbreak{}image.\\allowbreak{}png'
    """
    return " ".join(
        r"\allowbreak{}".join(map(escape, _PARTS.findall(word))) if len(word) > _LONG_WORD else escape(word)
        for word in text.split(" ")
    )


def known_to_pdflatex(text: str) -> bool:
    """Whether pdflatex can set the text, already escaped, with its own fonts."""
    return all(letter <= _LAST_LATIN for letter in text)
