"""What every process needs, whatever its role: settings, one lifecycle contract, one loop, signals, logs, metrics.

`settings`   environment → one frozen `Settings`, read once in a composition root and passed down
`paths`      where the embedded PostgreSQL and the files of this user live; where sql/ and other shipped files are
`lifecycle`  `Service` (start, stop) and `running(...)`: start in order, stop in reverse
`ticker`     `Ticker`: the one periodic loop, which can be woken and whose `step()` tests call themselves
`signals`    first SIGTERM or Ctrl-C drains, the second stops at once; children die with their parent
`telemetry`  `emit(event, …)`: the one place where events become log lines and metrics
`loop`       asyncio.run on uvloop
"""
