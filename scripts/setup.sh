#!/usr/bin/env bash
# Makes sure that tools are there: scripts/setup.sh [rust] [node] [nextest] [deny] [chromium] [postgres] [python].
# What is there is left as it is, so that nothing is fetched when nothing is missing.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo "$@"
  else
    fail "this needs root: $*"
  fi
}

debian_packages() {
  command -v apt-get >/dev/null || fail "not a Debian system: install yourself what stands for $*"
  # By `env`, since sudo keeps no variables.
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
  as_root "${install[@]}" && return
  as_root apt-get update
  as_root "${install[@]}"
}

rust() {
  command -v cargo >/dev/null || fail "cargo is missing: install Rust by https://rustup.rs"
  local wanted found
  wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")"
  found="$(rustc --version | cut -d ' ' -f 2)"
  printf '%s\n' "$wanted" "$found" | sort --check=quiet --version-sort ||
    fail "Rust $found is too old: $wanted or later is needed (rustup update stable)"
  for component in rustfmt clippy; do
    cargo "${component#rust}" --version >/dev/null 2>&1 ||
      fail "$component is missing: rustup component add $component, or your system's package of it"
  done
}

node() {
  command -v npm >/dev/null || fail "npm is missing: install Node 20.19 or later"
  command node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
  ' || fail "Node $(command node --version) is too old: install 20.19 or later"
}

# Of a version that is known to do. Unoptimised, because they are built once and run for seconds.
cargo_tool() {
  say "building cargo-$1 (once)"
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug "cargo-$1"
}

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo_tool nextest@0.9.143; }

deny() { cargo deny --version >/dev/null 2>&1 || cargo_tool deny@0.20.2; }

# The tests look by the same names in the same order: web/tests/support/browser.ts.
chromium() {
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then return; fi
  done
  # A font, so that pages have a size to be laid out in.
  debian_packages chromium fonts-dejavu-core
}

# Debian keeps the server's programs out of PATH. The tests look in the same places: scripts/with-postgres.sh.
postgres() {
  if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then return; fi
  # Without it the package makes a server of its own and starts it.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  debian_packages postgresql
}

# With what makes virtual environments, which Debian packs apart.
python() { python3 -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3 python3-venv; }

for tool in "$@"; do
  case "$tool" in
    rust | node | nextest | deny | chromium | postgres | python) "$tool" ;;
    *) fail "unknown: $tool" ;;
  esac
done
