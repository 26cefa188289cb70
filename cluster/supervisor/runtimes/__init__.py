"""Runtimes: what runs the workers. Each takes a count, kills one by name, and tells who is there and who has ended.

`runtime`      the interface
`placement`    SUPERVISOR_RUNTIME and the names in the engine; validated, and nothing else ever reaches an engine
`choose`       from the one to the other
`scaling`      `reconcile`: desired count → which workers to start, which to drain. Pure
`processes/`   children of the supervisor; it starts them again, and they end with it
`containers/`  compose, swarm, kubernetes: an engine starts them again, and the supervisor only scales and kills

What an order says is compared, never passed on: a worker's name with the names of those that are there, a count with
its bounds. What goes to an engine is the id that it gave itself, as an argument of its API. No shell, no command.

Names: a worker in a container is called by its WORKER_NAME if it is given one, else by its host name, which is the
short id of a container and the name of a pod. That is what its session, and so /api/workers, says, too.
"""
