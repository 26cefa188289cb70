"""Workers in containers: the engine restarts what crashes, the supervisor takes orders to scale and to kill.

    Orders ──▶ Containers ── look, scale, kill, replace ──▶ Engine: Compose, Swarm, Kubernetes
    Exits ◀──── ends(before, after) ◀── Units ──────────────┘  (blocks; one call at a time, in a thread)

`containers`   the runtime: a look each second, steps towards what was ordered, ends noted
`engine`       `Engine`, what the runtime asks of it, and `Unit`, a container or pod as it was seen
`ends`         two looks → which processes ended in between. Pure
`leaving`      who was told to drain, as names of containers and labels of a service say it. Pure
`compose`      containers with the labels of a compose project; a further one is a copy of a sibling
`copies`       that copy. Pure
`swarm`        a replicated service of a stack
`errands`      what a swarm's manager cannot do itself: kill a container on another machine, by a job there (`errand`)
`kubernetes`   a Deployment, by its scale and its pods
`daemon`       the Docker engine: how it is reached, what it says, its errors as ours

Nobody is overruled: an order to scale is carried out until that many are there, and then forgotten. Until the next one
`docker compose up --scale`, `docker service scale`, `kubectl scale` or an autoscaler may say otherwise. So the
supervisor has nothing to remember, wants no WORKERS, and can be restarted at any time; no worker ends with it. Who was
told to drain is written on it (`leaving`): the same order may come again, and whoever takes too long is killed by
whichever supervisor there is then.

The end of a process in a container is told by name and host name, for its pid is its own affair. A container that is
started again keeps both. So an end says when that process was surely still there, which is when the look began that saw
it running: sessions that began later are not meant (`ChildExit.ago_milliseconds`).
"""
