#!/usr/bin/env bash
# Sets up what sealline needs on a fresh Debian 12: `setup.sh run` for the product, `setup.sh test` with the test tools as well.
# A second call returns at once: a stamp holds the checksum of everything that the set-up depends on.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

RUN_PACKAGES="libzbar0 libaravis-0.8-0 mosquitto fonts-ocr-b fonts-noto-cjk fonts-hanazono libgl1 libglib2.0-0 cups-ipp-utils"
TEST_PACKAGES="chromium aravis-tools gcc libc6-dev python3-dev pkg-config libmodbus-dev mbpoll git avahi-daemon dbus poppler-utils nats-server mosquitto-clients"
PEERS=tests/wire/peers

case "$what" in
    run) lock=requirements.lock packages=$RUN_PACKAGES ;;
    test)
        lock=requirements-test.lock packages="$RUN_PACKAGES $TEST_PACKAGES"
        # A node from elsewhere brings an npm of its own, and Debian's would not go beside it.
        command -v npm >/dev/null || packages="$packages nodejs npm"
        ;;
    *) echo "usage: setup.sh run|test" >&2; exit 2 ;;
esac

sum=$(cat pyproject.toml requirements*.lock $PEERS/package-lock.json scripts/setup.sh | sha256sum | cut -d' ' -f1)
stamp=.venv/.sealline-$what
# An environment that was set up for the tests has everything that the product needs.
for done_stamp in "$stamp" .venv/.sealline-test; do
    if [ -f "$done_stamp" ] && [ "$(cat "$done_stamp")" = "$sum" ]; then exit 0; fi
done

say() { printf '\033[1m[setup]\033[0m %s\n' "$*"; }
is_root() { [ "$(id -u)" = 0 ]; }
installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

updated=
apt_install() {
    if [ -z "$updated" ]; then
        say "apt-get update"
        apt-get update -qq || say "apt-get update failed: going on with the package lists that are there"
        updated=yes
    fi
    say "apt-get install $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" |
        awk '/^Get:/{printf "\r[setup] downloading %d: %-50.50s", ++n, $5; fflush()}
             /^(Unpacking|Setting up)/{printf "\r[setup] %-72.72s", $0; fflush()} END{printf "\r%-82s\r", ""}'
}
without() {
    say "going on with what there is: without libzbar0 barcodes have one reader less, without libaravis-0.8-0 there are no GigE"
    say "cameras, without mosquitto the demo has an embedded"
    say "broker; the demo cannot do without the fonts and libgl1"
}

# --- Python ---
python=
for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "[setup] Python 3.11 or later is needed; on Debian 12: apt-get install python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if is_root; then
        apt_install python3-venv || { echo "[setup] python3-venv could not be installed; without it there is no environment" >&2; exit 1; }
    else
        echo "[setup] python3-venv is missing and this is not root. Run this, then make again:" >&2
        echo "    sudo apt-get install python3-venv $packages" >&2
        exit 1
    fi
fi

# --- Debian packages: wanted, not needed; without them the line runs with what there is ---
missing=
for package in $packages; do installed "$package" || missing="$missing $package"; done
if [ -n "$missing" ]; then
    if is_root; then
        # shellcheck disable=SC2086
        if ! apt_install $missing; then
            say "apt-get could not install:$missing (is this machine on line?)"
            without
        fi
    else
        say "not root: these Debian packages are missing and would be used:$missing"
        say "to add them:  sudo apt-get install$missing"
        without
    fi
fi

# --- virtual environment ---
if [ ! -x .venv/bin/python ]; then
    say "virtual environment with $("$python" --version)"
    "$python" -m venv .venv
fi
count=$(grep -c '==' "$lock")
say "installing $count locked packages (about 200 MB the first time)"
# --no-deps: the lock is complete by itself, and leaves out what a package wants but the product does not use.
PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 .venv/bin/python -m pip install --no-compile --no-deps --require-hashes -r "$lock" 2>&1 |
    awk -v n="$count" '/^Collecting /{i++; printf "\r[setup] %d/%d %-40.40s", i, n, $2; fflush()}
                       /^(ERROR|error)/{print "\n" $0; fflush()}
                       /^Installing collected/{printf "\r[setup] unpacking %-50s\n", ""; fflush()}'
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .

# --- peers of the wire tests: programs that nobody here has written; without them their tests skip and name the command ---
if [ "$what" = test ]; then
    say "peers of the wire tests"
    (cd $PEERS && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error) ||
        say "npm could not bring jsmodbus, modbus-serial, nodes7, mqtt and zpl-renderer-js: the tests with them skip"
    { [ -x $PEERS/venv/bin/python ] || "$python" -m venv $PEERS/venv; } &&
        PIP_DISABLE_PIP_VERSION_CHECK=1 $PEERS/venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-peers.lock ||
        say "pip could not bring libsnap7 and pyS7: the tests with them skip"
fi
echo "$sum" > "$stamp"
say "ready: .venv/bin/sealline"
