"""A browser on what hglab shows of a search: its report, and the dashboard. Screenshots as in test_browser."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.browsing import IN_A_BROWSER, _keep, _open, _says, _there
from tests.cli.conftest import command, environment
from tests.cli.searches import fill_all_states, read, write_search

pytestmark = IN_A_BROWSER


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
