"""A browser on what hglab shows: MLflow's pages of a record, the dashboard of searches, and reports.

Screenshots stay in `test-artifacts/`, which git ignores.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import command, environment
from tests.cli.searches import fill_all_states, read, write_search
from tests.small import STUDY, options

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium: apt-get install chromium"),
    pytest.mark.skipif(shutil.which("chromedriver") is None, reason="no chromedriver: apt-get install chromium-driver"),
    pytest.mark.skipif(find_spec("selenium") is None, reason="no selenium: pip install -e '.[dev]'"),
]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "test-artifacts"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_S = 60


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window, with a profile of its own."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    chosen = Options()
    chosen.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}", "--window-size=1600,1000"):
        chosen.add_argument(flag)
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    SCREENSHOTS.mkdir(exist_ok=True)
    driver = webdriver.Chrome(options=chosen, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def _there(browser: Any, xpath: str) -> Any:
    """The first element that an XPath finds, once it is to be seen."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.expected_conditions import visibility_of_element_located
    from selenium.webdriver.support.ui import WebDriverWait

    shown = visibility_of_element_located((By.XPATH, xpath))
    return WebDriverWait(browser, WAIT_S).until(shown, f"nothing shows {xpath} at {browser.current_url}")


def _says(browser: Any, *words: str) -> None:
    """Wait until the page shows all of these words."""
    from selenium.webdriver.support.ui import WebDriverWait

    def lacks() -> list[str]:
        text = browser.execute_script("return document.body.innerText")
        return [word for word in words if word not in text]

    try:
        WebDriverWait(browser, WAIT_S).until(lambda _: not lacks())
    except Exception:
        raise AssertionError(f"{browser.current_url} does not show {lacks()}") from None


def _keep(browser: Any, name: str) -> None:
    assert browser.save_screenshot(str(SCREENSHOTS / f"{name}.png"))


def _open(browser: Any, address: str) -> None:
    """Open an address afresh: one that differs behind its `#` only would not load the page again."""
    browser.get("about:blank")
    browser.get(address)


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


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search that has a point in every state, and its report."""
    folder = tmp_path_factory.mktemp("searched")
    path = write_search(folder)
    fill_all_states(read(path), folder / "runs")
    done = subprocess.run(
        command("report", path.name, "--scale", "tiny", "-o", "search.html"),
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("width", [375, 1400])
def test_the_report_of_a_search(browser, searched, width: int) -> None:
    page = searched / "search.html"
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    measures = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", measures)
    try:
        _open(browser, page.as_uri())
        _says(browser, "Which block is best?", "maximise PCKh", "stopped early", "left out", "repeated", "as p0")
        _says(browser, "[no] weights")
        wide, tall = browser.execute_script(
            "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]"
        )
        assert wide <= width
        names = "return [...document.querySelectorAll('#trials ~ .scroll tbody tr')].map(r => r.cells[0].textContent)"
        assert browser.execute_script(names) == [f"p{number}" for number in range(11)]
        button = _there(browser, "//h2[@id='trials']/following::th[@scope='col'][4]//button")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", button)
        assert browser.execute_script(names)[:3] == ["p1", "p9", "p8"], "sorted by PCKh, the best first"
        assert browser.execute_script("return [...document.images].every(i => i.complete && i.naturalWidth > 0)")
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**measures, "height": min(tall, 8000)})
        _keep(browser, f"search-report-{width}")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert all(url.startswith(("file:", "data:", "about:")) for url in asked)


@pytest.mark.skipif(find_spec("optuna_dashboard") is None, reason="no optuna-dashboard: pip install 'hglab[dashboard]'")
def test_the_dashboard_shows_a_search(browser, searched) -> None:
    log = searched / "ui.log"
    with log.open("w") as file:
        words = command("ui", "--search", "--port", "0")
        server = subprocess.Popen(words, cwd=searched, env=environment(), stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 120
        while "End it" not in log.read_text() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.3)
        _open(browser, re.search(r"^small_search tiny \w+: (http\S+)$", log.read_text(), re.MULTILINE)[1])
        _says(browser, "small_search tiny", "History", "Hyperparameter Importance", "pckh", "block.type")
        _keep(browser, "dashboard-search")
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
