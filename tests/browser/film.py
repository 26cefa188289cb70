"""A moving picture of a page: frames as fast as the browser gives them, a pointer that shows who clicks, one GIF."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page

INTERVAL = 0.15
COLOURS = 96
HELD_MS = 3000
"""How long the last frame stays before the film begins again."""

_POINTER = """() => {
  const dot = document.createElement('div');
  dot.setAttribute('aria-hidden', 'true');
  Object.assign(dot.style, {
    position: 'fixed', left: '0', top: '0', width: '22px', height: '22px', margin: '-11px', borderRadius: '50%',
    background: 'rgba(15, 25, 45, .45)', border: '2px solid white', zIndex: '1000', pointerEvents: 'none',
  });
  document.body.append(dot);
  addEventListener('mousemove', (event) => { dot.style.translate = `${event.clientX}px ${event.clientY}px`; });
}"""


class Film:
    """State: the frames so far, each with the moment it was taken."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frames: list[tuple[float, Image.Image]] = []

    async def click(self, target: Locator) -> None:
        """Move there so that it can be followed, then click."""
        box = await target.bounding_box()
        assert box is not None, target
        await self._page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=12)
        await asyncio.sleep(0.4)
        await target.click()

    @asynccontextmanager
    async def rolling(self) -> AsyncIterator[None]:
        """Takes frames until the end of the block."""
        await self._page.evaluate(_POINTER)
        camera = asyncio.create_task(self._roll())
        try:
            yield
        finally:
            camera.cancel()
            await asyncio.gather(camera, return_exceptions=True)

    def write(self, path: Path, width: int) -> None:
        """The frames `width` pixels wide, those that are alike as one."""
        small = [(at, _narrowed(image, width)) for at, image in self._frames]
        palette = _strip([image for _, image in small[:: max(1, len(small) // 12)]]).quantize(COLOURS)
        scenes: list[tuple[float, Image.Image]] = []
        for at, image in small:
            drawn = image.quantize(palette=palette, dither=Image.Dither.NONE)
            if not scenes or drawn.tobytes() != scenes[-1][1].tobytes():
                scenes.append((at, drawn))
        ends = [at for at, _ in scenes[1:]]
        lasting = [round((end - at) * 1000) for (at, _), end in zip(scenes, ends, strict=False)] + [HELD_MS]
        first, *others = [image for _, image in scenes]
        first.save(path, save_all=True, append_images=others, duration=lasting, loop=0, optimize=True)

    async def _roll(self) -> None:
        while True:
            at = time.monotonic()
            frame = await self._page.screenshot()
            self._frames.append((at, Image.open(BytesIO(frame)).convert("RGB")))
            await asyncio.sleep(max(0.0, at + INTERVAL - time.monotonic()))


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def _strip(images: list[Image.Image]) -> Image.Image:
    """Side by side: one palette for all of them."""
    strip = Image.new("RGB", (sum(image.width for image in images), images[0].height))
    for index, image in enumerate(images):
        strip.paste(image, (index * image.width, 0))
    return strip
