"""axe finds nothing on the pages, in light and dark, with every disclosure open; they fit, and what is hidden is."""

from importlib.resources import files
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Product
from tests.e2e.test_story import DESK, PHONE, signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("product")]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
#: What a rule of a class shows though it is hidden, and a page that scrolls sideways.
SEEN = """() => {
  const shown = [...document.querySelectorAll('[hidden]')].filter(one => one.getClientRects().length);
  const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than its window'] : [];
  return shown.map(one => 'hidden, but seen: ' + one.outerHTML.slice(0, 80)).concat(wide);
}"""
STAGES = (
    "Принят магазином",
    "В пути в ваш город",
    "Дата назначена",
    "У курьера",
    "Не застали",
    "Отложен",
    "В пункте выдачи",
    "Вручён",
)


def violations(page: Page) -> list[str]:
    """What axe has to say about the page as it stands."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)["violations"]
    said = [f"{v['id']}: {v['help']} {[node['target'] for node in v['nodes']]}" for v in found]
    return said + page.evaluate(SEEN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("stage", STAGES)
def test_the_recipient(product: Product, chromium: Browser, stage: str, scheme: Literal["light", "dark"]) -> None:
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(product.page_of(stage))
    assert violations(page) == []
    context.close()


@pytest.mark.parametrize("path", ["/", "/login", "/t/broken", "/phone"])
def test_pages_for_everybody(product: Product, chromium: Browser, path: str) -> None:
    context = chromium.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.goto(product.url + path)
    assert violations(page) == []
    context.close()


STAFF = [("operator", DESK), ("courier", PHONE), ("shop", DESK), ("warehouse", PHONE), ("manager", DESK)]


@pytest.mark.parametrize(("who", "size"), STAFF)
def test_the_staff(product: Product, chromium: Browser, who: str, size: dict[str, int]) -> None:
    context, page = signed_in(product, chromium, who, size)
    assert violations(page) == []
    context.close()
