# What the scripts beside this file share. Each runs alone; where BASE is set they try that server, else they start one of their own.
# Exit code 77: it could not run here, and the last line says why.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ocop=${TEST_OCOP:-$root/target/debug/ocop}
work=$(mktemp -d)
started=()
finish() { for pid in "${started[@]:-}"; do [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true; done; rm -rf "$work"; }
trap finish EXIT

skip() { echo "$*"; exit 77; }

install() { # COMMAND PACKAGE…
  command -v "$1" >/dev/null 2>&1 && return 0
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "${@:2}" >/dev/null 2>&1 || true
  fi
  command -v "$1" >/dev/null 2>&1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

built() { [ -x "$ocop" ] || (cd "$root" && cargo build --quiet --workspace --bins --features api/full); }

# A demo of its own, on a free port: sets BASE, DATA and LOG. Settings may be given as NAME=VALUE; HOST is what it is called.
demo() {
  built
  local port; port=$(free_port)
  BASE="http://${HOST:-127.0.0.1}:$port" DATA="$work/data" LOG="$work/server.log"
  mkdir -p "$DATA"
  env OCOP_DATA_DIR="$DATA" OCOP_LISTEN="127.0.0.1:$port" OCOP_BASE_URL="$BASE" OCOP_LOG=error OCOP_RATE_LIMIT_PER_SECOND=0 OCOP_AUTH_RATE_LIMIT_PER_MINUTE=0 \
    OCOP_WEBHOOKS_ALLOW_PRIVATE=true "$@" "$ocop" demo >"$LOG" 2>&1 &
  started+=($!)
  for _ in $(seq 300); do curl -fs "$BASE/readyz" >/dev/null && return 0; sleep 0.1; done
  echo "the demo did not start:"; tail -n 5 "$LOG"; return 1
}

# The server to try: BASE, or a demo. LOG is what it printed.
server() { [ -n "${BASE:-}" ] || demo; export BASE LOG; }

# Python with these packages, as $python.
python_with() {
  python3 -m venv "$work/venv" >/dev/null 2>&1 && "$work/venv/bin/pip" install -q "$@" >/dev/null 2>&1 ||
    skip "Python's venv or PyPI could not be used"
  python="$work/venv/bin/python"
}

# A folder with these packages of npm, and the files named after --.
node_with() {
  command -v npm >/dev/null 2>&1 || skip "npm is not here"
  local packages=(); while [ $# -gt 0 ] && [ "$1" != -- ]; do packages+=("$1"); shift; done; shift || true
  mkdir -p "$work/node"
  [ $# = 0 ] || cp "$@" "$work/node/"
  (cd "$work/node" && npm install --no-audit --no-fund --silent "${packages[@]}" >/dev/null 2>&1) || skip "npm could not install ${packages[*]}"
}

# A token of the demo's XANH Kim Bôi cooperative.
seller_token() {
  curl -fsS "$BASE/v1/auth/login" -H 'content-type: application/json' -d '{"login":"xanh-kim-boi@example.vn","password":"buoi-dien-kim-boi"}' -o "$work/login.json"
  sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$work/login.json"
}
