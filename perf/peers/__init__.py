"""TaskMaster beside the task queues that people would otherwise choose, on one machine in one run.

`bench`         interleaves the measurements of all peers and prints as they come in
`contract`      what is known of a peer, and the verbs that its program understands
`<name>/`       one folder for each peer: its facts, its program, its pinned requirements
`probe/`        what the programs have in common inside their environments: counting and noting times
`environments`  a virtual environment (or node_modules) for each, under .nox/peers
`servers`       PostgreSQL and Redis, started for the run unless the environment names them
`stage`         an empty store, notes and programs for one measurement; nothing is left of it
`measures`      rates, latency, recovery
`probes`, `figures`, `report`   notes → values → medians, ranges, ratios → tables, Markdown, JSON

README.md beside this file says what each row means and how to add a peer.
"""

from peers.awa import PEER as AWA
from peers.celery import PEER as CELERY
from peers.contract import Peer
from peers.dramatiq import PEER as DRAMATIQ
from peers.graphile_worker import PEER as GRAPHILE_WORKER
from peers.oban import PEER as OBAN
from peers.pg_boss import PEER as PG_BOSS
from peers.pgqueuer import PEER as PGQUEUER
from peers.procrastinate import PEER as PROCRASTINATE
from peers.taskmaster import PEER as TASKMASTER

PEERS: tuple[Peer, ...] = (
    TASKMASTER, GRAPHILE_WORKER, PG_BOSS, PGQUEUER, AWA, OBAN, PROCRASTINATE, CELERY, DRAMATIQ,
)  # fmt: skip
"""TaskMaster first: the others are told relative to it."""
