"""What every process needs, whatever its role: settings, one lifecycle contract, one loop, signals, logs, metrics.

`variables`  reading one environment variable, and the message that names it when it is wrong
`settings`   environment → one frozen `Settings`, read once in a composition root and passed down
`paths`      where the embedded PostgreSQL and the files of this user live; where sql/ and other shipped files are
`lifecycle`  `Service` (start, stop) and `running(...)`: start in order, stop in reverse
`ticker`     `Ticker`: the one periodic loop, which can be woken and whose `step()` tests call themselves
`signals`    first SIGTERM or Ctrl-C drains, the second stops at once; children die with their parent
`entry`      `program(role, main)`: how every role begins and ends; `reasons`: how it says why it cannot go on
`telemetry`  `emit(event, …)`: the one place where events become log lines and metrics
`loop`       asyncio.run on uvloop
"""
