#!/bin/sh
# First start: initdb, user, database, init scripts. Then PostgreSQL in the foreground as user postgres.
set -eu
[ "${1:-postgres}" = postgres ] || exec "$@"
sockets=/var/run/postgresql

as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"; }

initialise() {
  user=${POSTGRES_USER:-postgres}
  db=${POSTGRES_DB:-$user}
  password=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:-/dev/null}")}
  [ -n "$password${POSTGRES_HOST_AUTH_METHOD:-}" ] || { echo "POSTGRES_PASSWORD is not set" >&2; exit 1; }
  # initdb reads it as postgres, to whom a pipe of root is closed.
  file=$(mktemp)
  printf '%s' "${password:-unused}" >"$file"
  chown postgres "$file"
  as_postgres initdb -D "$PGDATA" -U "$user" --pwfile="$file" --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 >/dev/null
  rm "$file"
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  as_postgres pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -c unix_socket_directories=$sockets" start >/dev/null
  [ "$db" = postgres ] || as_postgres createdb -h "$sockets" -U "$user" "$db"
  for script in /docker-entrypoint-initdb.d/*.sql; do
    [ -e "$script" ] && as_postgres psql -h "$sockets" -v ON_ERROR_STOP=1 -U "$user" -d "$db" -f "$script"
  done
  as_postgres pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  echo "PostgreSQL init process complete; ready for start up."
}

mkdir -p "$PGDATA"
chown -R postgres "$PGDATA" "$sockets"
chmod 700 "$PGDATA"
[ -s "$PGDATA/PG_VERSION" ] || initialise
[ $# -eq 0 ] || shift
exec setpriv --reuid=postgres --regid=postgres --clear-groups -- \
  postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories="$sockets" "$@"
