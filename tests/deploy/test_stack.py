"""`tools/stack.py`: a compose project in a swarm's words."""

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "stack.py"


def stack(**services):
    project = {
        "name": "taskmaster",
        "services": services,
        "networks": {"store": {"name": "taskmaster_store", "ipam": {}, "internal": True}, "cluster": None},
        "volumes": {"postgres": {"name": "taskmaster_postgres"}},
        "x-role": {"image": "taskmaster"},
    }
    done = subprocess.run(
        [sys.executable, str(TOOL)], input=json.dumps(project), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_what_a_swarm_has_no_word_for_is_left_out():
    told = stack(
        worker={"image": "taskmaster", "build": {}, "depends_on": {"migrate": {}}, "restart": "no", "entrypoint": None}
    )
    assert told["services"]["worker"] == {"image": "taskmaster", "deploy": {}}
    assert told.keys() == {"version", "services", "networks", "volumes", "secrets"}


def test_a_file_system_in_memory_is_a_volume():
    data = {"type": "volume", "source": "postgres", "target": "/data"}
    told = stack(postgres={"tmpfs": ["/tmp", "/run/x:mode=1777"], "volumes": [data]})["services"]["postgres"]
    tmpfs = [{"type": "tmpfs", "target": "/tmp"}, {"type": "tmpfs", "target": "/run/x"}]
    assert (told["volumes"], "tmpfs" in told) == ([data, *tmpfs], False)


def test_a_stack_names_its_networks_and_volumes_itself():
    told = stack()
    assert told["networks"] == {"store": {"internal": True}, "cluster": {}}
    assert told["volumes"] == {"postgres": {}}


def test_ports_and_limits_are_said_as_a_swarm_wants_them():
    port = {"mode": "ingress", "host_ip": "127.0.0.1", "target": 8081, "published": "8081", "protocol": "tcp"}
    limits = {"cpus": 0.5, "memory": "1073741824"}
    edge = stack(edge={"ports": [port], "deploy": {"resources": {"limits": limits}, "replicas": 2}})["services"]["edge"]
    assert edge["ports"] == [{"mode": "ingress", "target": 8081, "published": 8081, "protocol": "tcp"}]
    assert edge["deploy"] == {"replicas": 2, "resources": {"limits": {"cpus": "0.5", "memory": "1073741824"}}}
