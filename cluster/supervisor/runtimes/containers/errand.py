"""`python -m cluster.supervisor.runtimes.containers.errand ID SIGNAL`: a signal to a container of the engine here.

A swarm's manager runs it as a job on the machine of a worker that shall end: a signal takes the engine there.
"""

import sys

from cluster.core.errors import TaskMasterError
from cluster.runtime.reasons import voice
from cluster.supervisor.runtimes.containers.daemon import opening, slay


def run(container_id: str, signal: str) -> int:
    """The exit code of the process."""
    try:
        with opening() as daemon:
            slay(daemon, container_id, signal)
            daemon.close()
    except TaskMasterError as error:
        voice("errand")(error.detail)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1], sys.argv[2]))
