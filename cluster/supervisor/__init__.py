"""The supervisor: as many workers as are wanted, wherever they run; on one machine, everything else too.

It listens on nothing and never touches PostgreSQL. Orders (scale to n, kill this worker) are rows in PostgreSQL that a
coordinator hands down a stream which the supervisor opened. They mean the same whatever runs the workers.

    coordinator
        │ orders  ▲ reports
        ▼         │
       Link ── Orders ──▶ Runtime ──▶ processes   children of this process
        ▲                    │        compose     ┐
        └── members, Exits ──┘        swarm       ├ an engine that keeps running what runs
                                      kubernetes  ┘

`runtimes/`   what runs the workers, behind one interface; SUPERVISOR_RUNTIME chooses
`orders`      each order is carried out once; its outcome is told until a stream took it
`exits`       ends of workers, told at once: their sessions are over before a redial is refused
`report`      what a coordinator is told about the workers
`link`        the stream to a coordinator, the next one when it breaks
`ports`       who listens where: asked before anything starts, and to learn that something has
`welcome`     what `taskmaster up` says when it is up
`postgres/`   the embedded PostgreSQL, a role of its own
`__main__`    workers only, or everything (`--all`)
"""
