"""The types that the dashboard is compiled with are what the edge answers."""

import subprocess

from tests.acceptance.processes import CHECKOUT

GENERATED = CHECKOUT / "cluster" / "edge" / "dashboard" / "src" / "api" / "schema.gen.ts"


def test_the_generated_types_are_those_of_the_running_edge(shared, tmp_path):
    before = GENERATED.read_text()
    document = tmp_path / "openapi.json"
    document.write_bytes(shared.http.get("/openapi.json").content)
    fresh = tmp_path / "schema.gen.ts"
    program = CHECKOUT / "cluster/edge/dashboard/node_modules/.bin/openapi-typescript"
    subprocess.run([program, document, "--output", fresh, "--alphabetize"], check=True, capture_output=True)
    assert fresh.read_text() == before, "run `npm run types` in cluster/edge/dashboard"
