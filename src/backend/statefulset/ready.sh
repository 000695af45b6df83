#!/bin/sh
# Whether PostgreSQL takes connections.
exec "$(cat "$RUN/bin")/pg_isready" -q -h "$RUN/sockets" -p "$PORT"
