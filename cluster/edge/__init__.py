"""The edge: HTTP in, events out. "The scheduler" to its users, and the only room of the house that the public enters.

    request ─▶ app ─▶ operation ─▶ tasks │ steering │ queues │ workers │ cluster │ logs │ probes ─▶ answer
             (who may,  (bytes to a   │        │
              what went  checked      ▼        ├──SQL──▶ PostgreSQL
              wrong)     value)  group commit ─┤
                                               ▼
                                             herald ──hints──▶ coordinators ◀─ link (one per coordinator) ─events─┐
                                               ▼                                                                  │
                                   stream ◀─ feed (ring, shared bytes) ◀──────────────────────────────────────────┘

**One table of routes.** An `Operation` says what a route takes, what it answers and what it refuses. The router and
/openapi.json are both made from the same list and the same msgspec types (`payloads` in, `views` out), so the document
cannot drift from the behaviour; schemathesis looks for the difference in every test run. The event stream is not in the
document: OpenAPI cannot describe a response that never ends.

**201 means COMMIT.** The request path is decode → one INSERT → encode. The INSERT and its COMMIT are shared by the
requests of a moment (`store.group_commit`), and so is everything after it: one announcement, one hint. Nothing a
coordinator does is on the path: hints are coalesced and sent by a loop of their own, so tasks are taken when every
coordinator is down.

**Nobody hears of a task before it was scheduled.** Ids are announced before the INSERT (`core.events.ScheduledFirst`),
`herald` tells `task_scheduled` after the COMMIT, and what coordinators say of those ids in between waits.

**Cancel and retry are answered with what is so.** One statement changes the rows; the answer says what each task was,
and saying it again changes nothing. A cancelled task has lost its lease when the answer comes, so no outcome of it is
accepted any more; the hint to the coordinators only makes its worker stop sooner.

**An edge is never alone.** It keeps nothing that another one would need, so any number of them serve one database: what
one changes all read, and what one tells reaches the clients of the others through a coordinator.

**Events cost bytes, clients cost a number.** An event is encoded once; a client is its position in the ring. An id is
`<life of this edge>-<number>`: it resumes exactly, or is told to `reset` when it is from another life. Who was away for
too long, or reads too slowly, is told a `gap` and how many events it has lost; who reads nothing at all is dropped when
a write has waited a minute. Floods are told as sums (`core.budget`), and the more clients there are, the fewer events
of single tasks each is told and the longer is the moment that shares one write (`thinning`, `feed`): a thousand open
dashboards at 5,000 tasks/s, with what they ask, cost it 0.4 of a core (`taskmaster bench dashboards`). With several
edges an event that one of them made reaches the others through one coordinator, because each edge watches all of them
and would hear twice what two told.

**Looking is bounded.** Lists follow no index further than they may, queues are those of the first tasks of each state,
history is a row every other second: no route costs more because there are more tasks. What every dashboard asks is
made once for all who ask at one moment (`remembered`).

**Some may only look.** DASHBOARD=read_only makes an edge that refuses every change (`read_only`); another one of the
same cluster takes them.

**Every refusal is a problem+json that says what to change**: 400 not JSON, 403 a foreign page, 404 no such thing, 405,
409 impossible as things are, 413 too large, 415 not declared as JSON, 422 JSON with wrong content (also parameters),
431 a head above 64 KiB, 503 PostgreSQL is away, with Retry-After. A 500 gives nothing away; the event `request_failed`
in the log has the traceback. Limits hold while head and body are read, not after. Payloads are checked but never
encoded again: what was posted is what the worker gets.

**The dashboard is files.** Built from `dashboard/`, read once, sent small, under a policy that lets the page load
nothing from elsewhere and run nothing but them. It knows the API like any other client. An installation in which
nothing was built says so at its routes and does everything else.

**No password, so no foreign page.** See `origin`: same-origin or no Origin, JSON or 415, no CORS headers, and only
names of this machine while the edge listens on loopback only, or those of EDGE_NAMES. Whoever exposes it puts
authentication in front.

`edge` the parts put together · `server`, `head` uvicorn in our lifecycle · `app` router and boundary · `operation`,
`body`, `advice`, `answer`, `problems`, `openapi`, `document`, `remembered`, `read_only` HTTP · `payloads`, `asked`,
`filters`, `verdict`, `why`, `findings`, `history`, `schema`, `cursor` meaning · `tasks`, `steering`, `queues`,
`workers`, `cluster`, `logs` routes · `views`, `roster`, `overview` what is answered · `ring`, `thinning`, `feed`,
`stream` events out · `herald` what this edge did · `link`, `coordinators` gRPC · `metrics`, `probes` for machines ·
`page`, `files` for people
"""
