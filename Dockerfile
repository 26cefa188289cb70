# One image for every role: docker run … taskmaster edge | coordinator | worker | supervisor | migrate
#
#   docker build -t taskmaster .
#   docker build -t taskmaster --build-arg BASE_IMAGE=my-python:3.13 --secret id=pip.conf,src=$HOME/.config/pip/pip.conf .
#
# BASE_IMAGE is any image with Python 3.11 or newer, its venv and pip. A package index of your own comes in by PIP_…
# build arguments or, with its password, by the secret pip.conf, an npm registry of your own by NPM_CONFIG_REGISTRY or
# the secret npmrc: the final stage has none of them, nor their caches.
ARG BASE_IMAGE=python:3.13-slim

# What pyproject.toml asks for and nothing else of it: as long as that is the same, so are the layers of `dependencies`.
FROM ${BASE_IMAGE} AS requirements
# What a supervisor can scale workers on, of pyproject.toml: "compose kubernetes" is 140 MB larger.
ARG EXTRAS="compose"
COPY pyproject.toml /
RUN python3 -c 'import os, tomllib; \
told = tomllib.load(open("/pyproject.toml", "rb")); \
extras = [told["project"]["optional-dependencies"][extra] for extra in os.environ["EXTRAS"].split()]; \
print(*sum(extras, told["project"]["dependencies"]), sep="\n", file=open("/runs.txt", "w")); \
print(*told["build-system"]["requires"], sep="\n", file=open("/builds.txt", "w"))'

FROM ${BASE_IMAGE} AS dependencies
ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_TRUSTED_HOST
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv --without-pip /opt/taskmaster
COPY --from=requirements /builds.txt /runs.txt /
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    python3 -m pip --python /opt/taskmaster/bin/python install -q --only-binary :all: -r /runs.txt \
 && python3 -m pip install -q --target /opt/builds -r /builds.txt

FROM dependencies AS package
ARG PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_TRUSTED_HOST NPM_CONFIG_REGISTRY
WORKDIR /src
COPY pyproject.toml ./
COPY tools tools
COPY cluster/edge/dashboard cluster/edge/dashboard
# Does nothing where the checkout has the dashboard built (`make dashboard`): then no npm registry is needed.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    needs=$(python3 tools/dashboard.py --needs) \
 && { [ -z "$needs" ] || python3 -m pip install -q --target /opt/builds $needs; } \
 && PYTHONPATH=/opt/builds python3 tools/dashboard.py
COPY README.md LICENSE ./
COPY sql sql
COPY cluster cluster
# Apart from the dependencies, so that a change of the code is a small layer of its own.
RUN PYTHONPATH=/opt/builds python3 -m pip --python /opt/taskmaster/bin/python install -q --prefix /opt/package \
    --no-deps --no-index --no-build-isolation .

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="TaskMaster" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --create-home --home-dir /app taskmaster
COPY --from=dependencies /opt/taskmaster /opt/taskmaster
COPY --from=package /opt/package /opt/taskmaster
# In a network of its own each worker may listen on the same port, where its health is asked for. The root file system
# may be read-only: everything was compiled when it was installed.
ENV PATH=/opt/taskmaster/bin:$PATH WORKER_PORT=8082 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
# Modules named by TASKMASTER_TASKS are found here: mount them, or COPY them into an image of your own.
WORKDIR /app
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s CMD ["python", "-m", "cluster.cli.health"]
# `taskmaster` becomes the role, with the same pid: process 1 gets SIGTERM and drains.
ENTRYPOINT ["taskmaster"]
CMD ["--help"]
