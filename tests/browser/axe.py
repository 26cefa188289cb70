"""axe-core, injected through the debugger, as the Content-Security-Policy lets no page load it."""

from pathlib import Path

from playwright.async_api import Page

from cluster.runtime.paths import shipped

_SCRIPT = Path("node_modules") / "axe-core" / "axe.min.js"


async def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule of WCAG 2.2 AA or a best practice."""
    source = (shipped("dashboard-sources", "cluster/edge/dashboard") / _SCRIPT).read_text()
    await page.evaluate(source + "; null")
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['html']} — {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
