"""What tests in a browser need: whether there is one, and words for what one does with it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium: apt-get install chromium"),
    pytest.mark.skipif(shutil.which("chromedriver") is None, reason="no chromedriver: apt-get install chromium-driver"),
    pytest.mark.skipif(find_spec("selenium") is None, reason="no selenium: pip install -e '.[dev]'"),
]
"""The marks of every module of such tests."""

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
