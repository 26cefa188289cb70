"""The dashboard as it is sent: what Vite built, how it is kept, and what stands in its place when nothing was built."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.routing import Router

from cluster.edge import page
from cluster.edge.page import ROUTES, pages

SCRIPT = b"console.log('a page');" * 100
BROTLI = b"\x8b\x02\x80 stands for brotli \x03"


def browser(folder: Path | None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Router(pages(folder)))
    return httpx.AsyncClient(transport=transport, base_url="http://edge", headers={"accept-encoding": "identity"})


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>TaskMaster</title>")
    (tmp_path / "mark.svg").write_text("<svg/>")
    (tmp_path / ".sources").write_text("what it was built from")
    script = tmp_path / "assets" / "index-Abc123.js"
    script.write_bytes(SCRIPT)
    script.with_name(script.name + ".gz").write_bytes(gzip.compress(SCRIPT))
    script.with_name(script.name + ".br").write_bytes(BROTLI)
    return tmp_path


@pytest.mark.parametrize("route", [route.replace("{task_id}", "0199") for route in ROUTES])
async def test_a_reload_on_any_of_its_pages_gets_the_dashboard(dist, route):
    answer = await browser(dist).get(route)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>TaskMaster</title>" in answer.text


async def test_whoever_asks_may_load_nothing_from_elsewhere(dist):
    for path in ("/", "/mark.svg", "/assets/index-Abc123.js"):
        headers = (await browser(dist).get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_what_has_its_content_in_its_name_is_kept_for_ever_and_the_index_never_unasked(dist):
    client = browser(dist)
    assert "immutable" in (await client.get("/assets/index-Abc123.js")).headers["cache-control"]
    for path in ("/", "/tasks", "/mark.svg"):
        assert (await client.get(path)).headers["cache-control"] == "no-cache"


async def test_who_has_the_page_already_is_only_told_so(dist):
    client = browser(dist)
    tag = (await client.get("/")).headers["etag"]
    again = await client.get("/", headers={"if-none-match": f'"another", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await client.get("/", headers={"if-none-match": '"another"'})).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("BR;q=0, gzip;q=0.5", "gzip"),
        ("gzip; q=0", None),
        ("deflate", None),
        ("", None),
    ],
)
async def test_the_smallest_form_that_the_client_takes_is_sent(dist, accepted, encoding):
    client = browser(dist)
    async with client.stream("GET", "/assets/index-Abc123.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert raw == {"br": BROTLI, "gzip": gzip.compress(SCRIPT), None: SCRIPT}[encoding]


async def test_two_forms_of_one_file_have_two_tags(dist):
    client = browser(dist)
    forms = [await client.head("/assets/index-Abc123.js", headers={"accept-encoding": each}) for each in ("gzip", "")]
    assert len({form.headers["etag"] for form in forms}) == 2


@pytest.mark.parametrize("path", ["/.sources", "/assets/index-Abc123.js.gz", "/assets/../.sources", "/index.htm"])
async def test_nothing_else_of_the_folder_is_sent(dist, path):
    assert (await browser(dist).get(path)).status_code == 404


async def test_without_a_built_dashboard_a_plain_page_says_what_to_run():
    answer = await browser(None).get("/workers")
    assert answer.status_code == 503
    assert "make dashboard" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_build_that_was_interrupted_counts_as_none(dist, monkeypatch):
    monkeypatch.setattr(page, "shipped", lambda *_: dist)
    assert page.built() == dist
    (dist / "index.html").unlink()
    assert page.built() is None


async def test_an_edge_answers_people_and_programs_side_by_side(http):
    assert "TaskMaster" in (await http.get("/")).text
    assert (await http.head("/")).content == b""
    assert (await http.post("/tasks")).status_code == 405
    assert (await http.get("/api/stats")).status_code == 200
