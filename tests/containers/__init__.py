"""The cluster as containers: the image and the compose file as people use them, on a real engine.

Left out by default (`nox -s containers`). Images are named by the environment, so that no registry is needed:
BASE_IMAGE, POSTGRES_IMAGE, and TASKMASTER_IMAGE for one that is built already. `.ci/docker/images` sees to the first
two.

`engine`   the Docker engine, and how the image is built
`stack`    docker-compose.yml as a project of its own
`single`   the same roles, each a container by itself
"""
