#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own: scripts/with-postgres.sh cargo nextest run
# The server has a free port and a data folder in /tmp, keeps nothing, and ends with the command. Its URL is in
# PARACLETE_TEST_POSTGRES; if that is set already, the command gets that one. With DURABLE=on it waits for the disk, as it does
# in production: for measurements.
set -euo pipefail

if [ -n "${PARACLETE_TEST_POSTGRES:-}" ]; then exec "$@"; fi

bin="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort --version-sort | tail -n 1)"
export PATH="${bin:+$bin:}$PATH"
command -v initdb >/dev/null || { echo "with-postgres: PostgreSQL is missing: scripts/setup.sh postgres" >&2; exit 1; }

folder="$(mktemp -d /tmp/paraclete-postgres-XXXXXX)"
finish() {
  # Immediate: what is in it is not wanted any more.
  as_owner pg_ctl --pgdata "$folder/data" --mode immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# It refuses to run as root, and wants to be where it may look.
as_owner() {
  if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; fi
  (cd "$folder" && "$@")
}
[ "$(id -u)" != 0 ] || chown postgres "$folder"

as_owner initdb --pgdata "$folder/data" --username paraclete --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
  >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }

cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 64MB
fsync = ${DURABLE:-off}
synchronous_commit = ${DURABLE:-off}
full_page_writes = ${DURABLE:-off}
CONF

# The port may be somebody's, or become it, so there is more than one try.
for try in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 12000))
  if as_owner pg_ctl --pgdata "$folder/data" --log "$folder/log" --options "-p $port" --wait start >/dev/null; then break; fi
  [ "$try" != 5 ] || { cat "$folder/log" >&2; exit 1; }
done

# Not by `exec`: the trap has to be there afterwards.
PARACLETE_TEST_POSTGRES="postgres://paraclete@127.0.0.1:$port/postgres?sslmode=disable" "$@"
