"""A parcel's label before the camera of a browser that knows no barcodes by itself: the picture is real, and moves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from reportlab.graphics.barcode.code128 import Code128

from tests.e2e.conftest import Product
from tests.servers import chromium_path

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("product")]
WIDTH, HEIGHT = 640, 480
#: Pixels of a module: what a phone sees of a label two hands away.
MODULE = 3


def bars_of(number: str) -> list[bool]:
    """The modules of a label's Code 128, true for black. reportlab writes bars as capitals, spaces small, A for one."""
    code = Code128(number, barWidth=1, quiet=False)
    code.validate()
    code.encode()
    code.decompose()
    widths = ((letter.isupper(), 1 + ord(letter.lower()) - ord("a")) for letter in code.decomposed)
    return [is_black for is_black, width in widths for _ in range(width)]


def film(number: str, file: Path, frames: int = 6) -> None:
    """A film of a label that a hand does not hold quite still, in the raw format that Chromium plays for a camera."""
    row = np.repeat(np.where(bars_of(number), 20, 235).astype(np.uint8), MODULE)
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode())
        for frame in range(frames):
            picture = np.full((HEIGHT, WIDTH), 235, dtype=np.uint8)
            left, top = (WIDTH - len(row)) // 2 + frame % 3, 150 + frame
            picture[top : top + 160, left : left + len(row)] = row
            out.write(b"FRAME\n" + picture.tobytes() + bytes([128]) * (WIDTH * HEIGHT // 2))


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """A browser with a camera, before which a label is held."""
    film("VH000000016", tmp_path / "label.y4m")
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    args = ["--no-sandbox", *camera, f"--use-file-for-fake-video-capture={tmp_path / 'label.y4m'}"]
    with chromium.browser_type.launch(executable_path=chromium_path(), args=args) as browser:
        yield browser.new_page(viewport={"width": 390, "height": 844})


def test_the_warehouse_scans_a_label_by_camera(product: Product, page: Page) -> None:
    page.goto(f"{product.url}/login")
    page.fill("[name=login]", "warehouse")
    page.fill("[name=password]", "warehouse")
    page.click("main [type=submit]")
    assert page.evaluate("!('BarcodeDetector' in window)")
    page.click("text=Сканировать камерой")
    page.locator("#verdict", has_text="VH 000 000 016").wait_for(timeout=20_000)
    page.locator("[data-camera]").wait_for(state="hidden")
