#!/usr/bin/env bash
# Compares the OpenAPI document with what the server answers: scripts/schemathesis.sh [EXAMPLES]
# Schemathesis reads the document from the server itself, asks every call for good and for bad data (EXAMPLES of each, 40
# by default), and looks at each answer with all checks that it has. Nothing is excluded: a finding is a fault of the server or of
# the document. The seed is fixed (SEED, 1), so two runs ask the same.
#
# PARACLETE_BIN is the server; target/debug/paraclete if it is unset.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
examples="${1:-40}"
version=4.32.5
seed="${SEED:-1}"

target="${CARGO_TARGET_DIR:-$root/target}"
binary="${PARACLETE_BIN:-$target/debug/paraclete}"
[ -x "$binary" ] || { echo "schemathesis: $binary is missing: cargo build" >&2; exit 1; }

venv="$target/schemathesis-$version"
if [ ! -x "$venv/bin/schemathesis" ]; then
  echo "schemathesis: installing $version into $venv (once)" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" || { rm -rf "$venv"; exit 1; }
fi

folder="$(mktemp -d /tmp/paraclete-schemathesis-XXXXXX)"
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"

# Nothing of this machine's environment reaches it. Without limits, which are there to be in the way of this.
mkfifo "$folder/out"
exec 3<>"$folder/out"
env -i "$binary" serve --port 0 --data-dir "$folder/data" --log-level info \
  --api-requests-per-window 0 --auth-failures-per-window 0 >"$folder/out" 2>"$folder/log" 3>&- &
server=$!
read -r -t 60 line <&3 || { cat "$folder/log" >&2; exit 1; }
address="${line#Paraclete listens on }"

# The account of the document's examples, so that these succeed.
ask() { curl --silent --show-error --fail-with-body -H 'content-type: application/json' "$address$1" -d "$2"; }
account='"email":"ada@example.org","password":"correct horse battery staple"'
ask /api/auth/register "{$account,\"name\":\"Ada Lovelace\"}" >/dev/null

run() {
  local token
  token="$(ask /api/auth/login "{$account}" | sed 's/.*"token":"\([^"]*\)".*/\1/')"
  "$venv/bin/schemathesis" run "$address/api/openapi.json" --checks all --seed "$seed" --max-examples "$examples" \
    --generation-database none --max-response-time 10 --no-color -H "Authorization: Bearer $token" "$@"
}

# Logging out ends the token that the other calls need, and another password is what some of them may set.
run --include-path /api/auth/logout
run --exclude-path /api/auth/logout

# What answered 500 without being asked about it, or panicked, is in the log.
if grep -E '"level":"ERROR"' "$folder/log"; then
  echo "schemathesis: the server logged errors" >&2
  exit 1
fi
