"""The station in a browser: scans wait in the page while somebody signs in again, and lose nothing."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Product

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("product")]


def sign_in(page: Page) -> None:
    page.fill("[name=login]", "warehouse")
    page.fill("[name=password]", "warehouse")
    page.click("main [type=submit]")


def test_scans_of_a_station_that_was_signed_out_wait_for_the_next_sign_in(product: Product, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{product.url}/login")
    sign_in(page)
    page.goto(f"{product.url}/station?mode=receive")
    page.context.clear_cookies()
    page.fill("#code", "VH000000017")
    page.press("#code", "Enter")
    with page.context.expect_page() as opened:
        page.click("#sign-in a")
    sign_in(opened.value)
    page.locator("#verdict", has_text="VH 000 000 017").wait_for(timeout=20_000)
    page.locator("#sign-in").wait_for(state="hidden")
    page.context.close()
