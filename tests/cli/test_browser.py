"""A browser on what hglab shows of a study: MLflow's pages of its record, and its report.

Screenshots stay in `test-artifacts/`, which git ignores.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.browsing import IN_A_BROWSER, SCREENSHOTS, WAIT_S, _keep, _open, _says, _there
from tests.cli.conftest import command, environment
from tests.small import STUDY, options

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study that has been trained, and its report, kept with the launch."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "small.yaml").write_text(f"{STUDY}figures:\n  curves:\n  joints:\n  poses:\n")
    for words in (
        ["run", "small.yaml", *options(training__epochs=4), "--executor", "inline"],
        ["report", "small.yaml", "--keep"],
    ):
        done = subprocess.run(
            command(*words), cwd=folder, env=environment(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def addresses(folder: Path) -> Iterator[dict[str, str]]:
    """What `hglab ui` prints, while it runs: addresses by name."""
    log = folder / "ui.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command("ui", "--port", "0"),
            cwd=folder,
            env=environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 150
        while "End it" not in log.read_text() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.3)
        found = dict(re.findall(r"^(\w+): (http\S+)$", log.read_text(), re.MULTILINE))
        assert found, log.read_text()
        yield found
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0


def test_the_experiment_groups_trials_by_variant(browser, addresses) -> None:
    _open(browser, addresses["MLflow"])
    _says(browser, "A study for tests", "Group by: hglab.variant", "bottleneck/0", "hierarchical/1")
    _says(browser, "pckh", "block.type")
    _keep(browser, "mlflow-variants")


def test_the_experiment_draws_curves_by_epoch(browser, addresses) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    _open(browser, addresses["curves"])
    _says(browser, "Learning curves and costs", "validation_loss", "train_loss", "params vs. pckh")
    lines = "return document.querySelectorAll('.scatterlayer .trace').length >= 6"  # two variants in three charts
    WebDriverWait(browser, WAIT_S).until(lambda _: browser.execute_script(lines), "no curves are drawn")
    _keep(browser, "mlflow-curves")


def test_one_can_click_from_a_launch_to_its_trials(browser, addresses) -> None:
    _open(browser, addresses["MLflow"].replace("hglab-variants", "hglab-launches"))
    launch = _there(browser, "//a[starts-with(normalize-space(), 'small tiny 20')]")
    launch.find_element("xpath", "./ancestor::*[@role='row'][1]//button").click()
    trial = _there(browser, "//a[normalize-space()='hierarchical/0']")
    _keep(browser, "mlflow-launch")
    trial.click()
    _says(browser, "pckh", "block.type", "hierarchical", "Parent run", "variant")
    _keep(browser, "mlflow-trial")
    _there(browser, "//*[@role='tab' and normalize-space()='Artifacts'] | //a[normalize-space()='Artifacts']").click()
    _says(browser, "config.yaml", "predictions.npz", "predictions.png")
    _keep(browser, "mlflow-trial-files")


def test_the_launch_keeps_tables_figures_and_report(browser, addresses) -> None:
    _open(browser, addresses["MLflow"].replace("hglab-variants", "hglab-launches"))
    _there(browser, "//a[starts-with(normalize-space(), 'small tiny 20')]").click()
    _there(browser, "//*[@role='tab' and normalize-space()='Artifacts'] | //a[normalize-space()='Artifacts']").click()
    _says(browser, "report.html", "figure_curves.png", "small.yaml", "small-tiny-synthetic-", ".tex")
    _keep(browser, "mlflow-launch-files")


def _column(browser: Any, place: int) -> list[str | None]:
    """The raw values of a column of the results, from top to bottom."""
    script = "return [...document.querySelectorAll('#results ~ .scroll tbody tr')].map(r => r.cells[%d].dataset.value)"
    return browser.execute_script(script % place)


def test_a_report_sorts_loads_nothing_and_complains_of_nothing(browser, folder) -> None:
    from selenium.webdriver.common.keys import Keys

    (page,) = (folder / "runs" / "reports").glob("*.html")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    _open(browser, page.as_uri())
    before = _column(browser, 1)
    head = _there(browser, "//h2[@id='results']/following::th[@scope='col'][2]")
    button = head.find_element("tag name", "button")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    assert head.get_attribute("aria-sort") == "ascending", "of parameters, few are better"
    assert _column(browser, 1) == sorted(before, key=float)
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    assert _column(browser, 1) == sorted(before, key=float, reverse=True)
    button.send_keys(Keys.SPACE)
    assert head.get_attribute("aria-sort") is None
    assert _column(browser, 1) == before
    assert all(
        browser.execute_script("return [...document.images].map(i => i.complete && i.naturalWidth > 0 && i.alt !== '')")
    )
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert page.as_uri() in asked
    assert all(url.startswith(("file:", "data:", "about:")) for url in asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1400])
def test_a_report_fits_its_screen(browser, folder, width: int, scheme: str) -> None:
    (page,) = (folder / "runs" / "reports").glob("*.html")
    measures = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", measures)
    try:
        _open(browser, page.as_uri())
        wide, tall = browser.execute_script(
            "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]"
        )
        assert wide <= width  # a scroll bar may take some of it
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground))) < 200) == (scheme == "dark")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**measures, "height": min(tall, 8000)})
        _keep(browser, f"report-{width}-{scheme}")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_report_prints(browser, folder) -> None:
    import base64

    (page,) = (folder / "runs" / "reports").glob("*.html")
    _open(browser, page.as_uri())
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert printed.startswith(b"%PDF-")
    (SCREENSHOTS / "report-print.pdf").write_bytes(printed)
