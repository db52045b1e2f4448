from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from analysis.figures.axes import power_of_ten
from analysis.figures.page import finish, new_figure, text_width, wrap_to, wrapped_notes
from analysis.figures.saving import save, to_bytes
from analysis.figures.style import COLUMN, SMALL, styled

LONG = "A label of a variant that says all about it, and is far longer than the page is wide; and then some more of it"


def _drawing(labels=("a", "b"), notes=("A note.",), show_notes=True):
    with styled():
        figure = new_figure(COLUMN, 2.0)
        axes = figure.subplots()
        handles = [axes.plot([0, 1], [0, number])[0] for number in range(len(labels))]
        axes.set(xlabel="x (px)", ylabel="y (%)")
        return finish(figure, notes, handles, labels, show_notes=show_notes)


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("words", [LONG, "x" * 120, "", "one"])
def test_words_are_wrapped_to_a_width(words, width) -> None:
    lines = wrap_to(words, width, SMALL)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert all(text_width(line, SMALL) <= width for line in lines)


def test_too_many_notes_are_cut_with_a_word() -> None:
    lines = wrapped_notes([LONG] * 20, COLUMN)
    assert len(lines) == 9
    assert lines[-1].startswith("…")


@pytest.mark.parametrize("labels", [("a", "b"), (LONG,) * 2, tuple(f"{LONG} {number}" for number in range(8))])
def test_nothing_overlaps_and_nothing_leaves_the_page(labels) -> None:
    drawing = _drawing(labels, notes=(LONG, LONG))
    with styled():
        drawing.figure.draw_without_rendering()
        renderer = drawing.figure.canvas.get_renderer()
        page = drawing.figure.bbox
        axes = drawing.figure.axes[0].get_tightbbox(renderer)
        legend = drawing.figure.legends[0].get_window_extent(renderer)
        notes = drawing.figure.texts[0].get_window_extent(renderer)
    assert notes.y1 <= legend.y0
    assert legend.y1 <= axes.y0
    for box in (axes, legend, notes):
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
    assert drawing.figure.get_size_inches()[0] == pytest.approx(COLUMN)


def test_notes_go_along_even_where_they_are_not_printed() -> None:
    drawing = _drawing(show_notes=False)
    assert drawing.notes == ("A note.",)
    assert not drawing.figure.texts


def test_no_letter_is_below_seven_points() -> None:
    drawing = _drawing()
    with styled():
        drawing.figure.draw_without_rendering()
    sizes = {text.get_fontsize() for text in drawing.figure.findobj(matplotlib.text.Text) if text.get_text()}
    assert min(sizes) >= 7


@pytest.mark.parametrize(("format", "magic"), [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-"), ("svg", b"<?xml")])
def test_the_same_figure_gives_the_same_bytes(format, magic) -> None:
    first, second = to_bytes(_drawing().figure, format), to_bytes(_drawing().figure, format)
    assert first == second
    assert first.startswith(magic)
    assert b"CreationDate" not in first


def test_a_pdf_has_truetype_fonts() -> None:
    assert b"/CIDFontType2" in to_bytes(_drawing().figure, "pdf")
    assert b"/Type3" not in to_bytes(_drawing().figure, "pdf")


def test_a_png_shows_something() -> None:
    picture = np.asarray(Image.open(io.BytesIO(to_bytes(_drawing().figure, "png"))).convert("L"))
    assert picture.shape[1] == round(COLUMN * 200)
    assert 0.01 < (picture < 128).mean() < 0.5


def test_no_setting_of_the_user_changes_a_figure() -> None:
    plain = to_bytes(_drawing().figure, "png")
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red"}):
        assert to_bytes(_drawing().figure, "png") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_a_file_of_another_kind_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"\.png, \.pdf, \.svg, not x\.jpg"):
        save(_drawing().figure, tmp_path / "x.jpg")


@pytest.mark.parametrize(
    ("value", "words"), [(1e-7, "10⁻⁷"), (3e-7, "3·10⁻⁷"), (0.5, "0.5"), (2000.0, "2000"), (5e6, "5·10⁶"), (0.0, "")]
)
def test_numbers_of_a_logarithmic_axis(value, words) -> None:
    assert power_of_ten(value) == words
