"""How smoothly a page moves and how much it keeps: measured in the page, by its own clock."""

from dataclasses import dataclass
from statistics import quantiles

from playwright.async_api import Page

MARK = "frame"
"""What the page tells the browser's trace at each frame: see `trace`."""

_START = """(mark) => {
  const seen = { frames: [], tasks: 0, going: true };
  window.seenFrames = seen;
  new PerformanceObserver((list) => { seen.tasks += list.getEntries().length; }).observe({ type: 'longtask' });
  let last = performance.now();
  const frame = (now) => {
    console.timeStamp(mark);
    seen.frames.push(now - last);
    last = now;
    if (seen.going) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
_STOP = "() => { window.seenFrames.going = false; return window.seenFrames; }"
_HEAP = "async () => { gc(); gc(); return performance.memory.usedJSHeapSize; }"


@dataclass(frozen=True)
class Frames:
    """Milliseconds between frames, in order, and how many tasks of the page took longer than 50 ms."""

    milliseconds: list[float]
    long_tasks: int

    @property
    def p95(self) -> float:
        return quantiles(self.milliseconds, n=20)[18]

    def share_over(self, limit: float) -> float:
        """Which part of the time went into frames that took longer than `limit` ms."""
        return sum(each for each in self.milliseconds if each > limit) / sum(self.milliseconds)

    def __str__(self) -> str:
        slowest = max(self.milliseconds)
        return (
            f"{len(self.milliseconds)} frames, 95 % within {self.p95:.1f} ms, slowest {slowest:.0f} ms, "
            f"{self.share_over(60):.1%} of the time in frames over 60 ms, {self.long_tasks} long tasks"
        )


async def start(page: Page) -> None:
    await page.evaluate(_START, MARK)


async def stop(page: Page) -> Frames:
    seen = await page.evaluate(_STOP)
    return Frames(seen["frames"], seen["tasks"])


async def heap_bytes(page: Page) -> int:
    """What the page's objects take after a collection."""
    return int(await page.evaluate(_HEAP))
