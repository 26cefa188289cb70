"""The edge: HTTP in, events out. "The scheduler" to its users, and the only room of the house that the public enters.

    request ─▶ app ─▶ operation ─▶ tasks │ steering │ workers │ logs │ probes │ page ─▶ answer
             (who may,  (bytes to a   │        │
              what went  checked      ▼        ├──SQL──▶ PostgreSQL
              wrong)     value)     ingest ────┤
                                               ▼
                                             herald ──hints──▶ coordinators ◀─ link (one per coordinator) ─events─┐
                                               ▼                                                                  │
                                   stream ◀─ feed (ring, shared bytes) ◀──────────────────────────────────────────┘

**One table of routes.** An `Operation` says what a route takes, what it answers and what it refuses. The router and
/openapi.json are both made from the same list and the same msgspec types (`payloads` in, `views` out), so the document
cannot drift from the behaviour; schemathesis looks for the difference in every test run. The event stream is not in the
document: OpenAPI cannot describe a response that never ends.

**201 means COMMIT.** The request path is decode → one INSERT → encode. Nothing a coordinator does is on it: hints are
coalesced and sent by a loop of their own, so tasks are taken when every coordinator is down.

**Nobody hears of a task before it was scheduled.** `ingest` announces ids before the INSERT
(`core.events.ScheduledFirst`) and `herald` tells `task_scheduled` after the COMMIT; what coordinators say of those ids
in between waits.

**Cancel and retry are answered with what is so.** One statement changes the rows; the answer says what each task was,
and saying it again changes nothing. A cancelled task has lost its lease when the answer comes, so no outcome of it is
accepted any more; the hint to the coordinators only makes its worker stop sooner.

**An edge is never alone.** It keeps nothing that another one would need, so any number of them serve one database: what
one changes all read, and what one tells reaches the clients of the others through a coordinator.

**Events cost bytes, clients cost a number.** An event is encoded once; a client is its position in the ring. An id is
`<life of this edge>-<number>`: it resumes exactly, or is told to `reset` when it is from another life or too old. Who
reads too slowly is told to `reset` and dropped, who reads nothing at all is dropped when a write has waited a minute.
Floods are told as sums (`core.budget`). With several edges an event that one of them made reaches the others through
one coordinator, because each edge watches all of them and would hear twice what two told.

**Every refusal is a problem+json that says what to change**: 400 not JSON, 403 a foreign page, 404 no such thing, 405,
409 impossible as things are, 413 too large, 415 not declared as JSON, 422 JSON with wrong content (also parameters),
503 PostgreSQL is away, with Retry-After. A 500 gives nothing away; the event `request_failed` in the log has the
traceback. Limits hold while the body is read, not after. Payloads are checked but never encoded again: what was posted
is what the worker gets.

**No password, so no foreign page.** See `origin`: same-origin or no Origin, JSON or 415, no CORS headers, and while the
edge listens on loopback only, only names of this machine. Whoever exposes it puts authentication in front.

`edge` the parts put together · `server` uvicorn in our lifecycle · `app` router and boundary · `operation`, `body`,
`advice`, `answer`, `problems`, `openapi`, `document` HTTP · `payloads`, `asked`, `filters`, `verdict`, `views`,
`cursor` meaning · `ring`, `feed`, `stream` events out · `link`, `coordinators` gRPC · `metrics`, `probes` for machines
· `page` for people
"""
