#!/usr/bin/env bash
# Fuzzes every target under fuzz/ for so many seconds each: scripts/fuzz.sh [SECONDS].
# Without a sanitizer, so that the stable toolchain will do: there is no unsafe code for one to watch over.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds="${1:-60}"

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz@0.13.2
for target in $(cargo fuzz list); do
  echo "fuzz: $target for $seconds s"
  mkdir -p "corpus/$target"
  cargo fuzz run --sanitizer none "$target" "corpus/$target" "seeds/$target" -- \
    -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024
done
