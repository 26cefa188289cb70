"""The dashboard: the files that Vite built, each under a policy that lets it load nothing from elsewhere.

The page's own routes are answered with its index, so that a reload and a shared link work. All is read at the start:
who has the page open keeps getting the files that belong to it, whatever is built meanwhile.
"""

from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from starlette.routing import Route

from cluster.edge.files import ALWAYS_ASK, NEVER_ASK, PLAIN, File
from cluster.runtime import telemetry
from cluster.runtime.paths import shipped

ROUTES = ("/", "/tasks", "/tasks/{task_id}", "/workers", "/activity", "/create", "/tour")
BUILT_IN = "cluster/edge/dashboard/dist"
ADVICE = "run `make dashboard` in the checkout, or install a released wheel, and start again"
_INDEX = "index.html"
_HASHED = "assets"
_PACKED = {"br": ".br", "gzip": ".gz"}
_HTML = "text/html; charset=utf-8"
_MEDIA_TYPES = {
    ".html": _HTML,
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Not what this machine's own tables say: on some of them JavaScript is text/plain, which no browser runs."""
_NOT_BUILT = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>TaskMaster</title></head>
<body>
<h1>TaskMaster runs, but its dashboard was not built</h1>
<p>To see it: {ADVICE.replace("`make dashboard`", "<code>make dashboard</code>")}.</p>
<p>Everything else works: <a href="/api/stats">/api/stats</a>, <a href="/api/tasks">/api/tasks</a>,
<a href="/openapi.json">/openapi.json</a>.</p>
</body>
</html>
"""


def pages(folder: Path | None) -> list[Route]:
    """The dashboard in `folder`; without one, a page that says how to get it."""
    if folder is None:
        missing = {PLAIN: _NOT_BUILT.encode()}
        file = File(missing, _HTML, ALWAYS_ASK, HTTPStatus.SERVICE_UNAVAILABLE)
        return [_route(path, file) for path in ROUTES]
    index = _read(folder / _INDEX, ALWAYS_ASK)
    return [*(_route(path, index) for path in ROUTES), *_files(folder)]


def built() -> Path | None:
    """Where the built dashboard is, or None, which is told in the log."""
    with suppress(FileNotFoundError):
        folder = shipped("dashboard", BUILT_IN)
        # Whoever interrupts a build by hand leaves a folder without it.
        if (folder / _INDEX).is_file():
            return folder
    telemetry.emit("dashboard_missing", level="warning", advice=ADVICE)
    return None


def _files(folder: Path) -> list[Route]:
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    # What begins with a dot is about the build, for whoever builds next.
    public = (name for name in found if name.suffix not in _PACKED.values() and name.parts[0][0] != ".")
    return [
        _route(f"/{name.as_posix()}", _read(folder / name, NEVER_ASK if name.parts[0] == _HASHED else ALWAYS_ASK))
        for name in public
        if name.name != _INDEX
    ]


def _read(path: Path, cache: str) -> File:
    packed = {name: path.with_name(path.name + suffix) for name, suffix in _PACKED.items()}
    forms = {name: file.read_bytes() for name, file in packed.items() if file.is_file()}
    media_type = _MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return File({PLAIN: path.read_bytes(), **forms}, media_type, cache, HTTPStatus.OK)


def _route(path: str, file: File) -> Route:
    return Route(path, file, methods=["GET"])
