#!/usr/bin/env bash
# Fuzzes every target under fuzz/ for so many seconds each: scripts/fuzz.sh [SECONDS].
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-60}"

[ -d fuzz ] || { echo "fuzz: there are no fuzz targets here" >&2; exit 1; }
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
cargo +nightly --version >/dev/null 2>&1 || {
  echo "fuzz: needs a nightly toolchain: rustup toolchain install nightly" >&2
  exit 1
}
for target in $(cargo +nightly fuzz list); do
  echo "fuzz: $target for $seconds s"
  cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024
done
