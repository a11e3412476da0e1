#!/usr/bin/env bash
# Makes sure that tools are there: scripts/setup.sh [node] [nextest] [deny] [chromium].
# What is there is left as it is, so that nothing is fetched when nothing is missing.
set -euo pipefail

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
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get install -y --no-install-recommends "$@" && return
  as_root apt-get update
  as_root apt-get install -y --no-install-recommends "$@"
}

node() {
  command -v npm >/dev/null || fail "npm is missing: install Node 20.19 or later"
  command node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
  ' || fail "Node $(command node --version) is too old: install 20.19 or later"
}

# Unoptimised, because they are built once and run for seconds.
cargo_tool() {
  say "building cargo-$1 (once)"
  CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --debug "cargo-$1"
}

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo_tool nextest; }

deny() { cargo deny --version >/dev/null 2>&1 || cargo_tool deny; }

chromium() {
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then return; fi
  done
  # A font, so that pages have a size to be laid out in.
  debian_packages chromium fonts-dejavu-core
}

for tool in "$@"; do
  case "$tool" in
    node | nextest | deny | chromium) "$tool" ;;
    *) fail "unknown: $tool" ;;
  esac
done
