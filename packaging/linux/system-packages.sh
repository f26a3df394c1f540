#!/bin/sh
# Installs what Qt, PortAudio and the fonts need on Debian and Ubuntu (apt-packages.txt beside this file).
# Does nothing where everything is there, says what is missing where it cannot install.
# With the word "test" also what only the tests use (apt-packages-test.txt), where the system offers it.
set -eu
list="$(dirname "$0")/apt-packages.txt"
[ "$(uname -s)" = Linux ] || exit 0
packages=$(grep -v '^#' "$list" | tr '\n' ' ')

if ! command -v apt-get >/dev/null 2>&1; then
    echo "This system has no apt. MM Studio needs the counterparts of these Debian packages:" >&2
    echo "  $packages" >&2
    echo "Going on; if the window does not open, install them with your package manager." >&2
    exit 0
fi

missing=""
for package in $packages; do
    # Ubuntu 24.04 renamed some libraries with a t64 suffix.
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        dpkg-query -W -f='${Status}' "${package}t64" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
if [ "${1:-}" = test ]; then
    for package in $(grep -v '^#' "$(dirname "$0")/apt-packages-test.txt"); do
        command -v "$package" >/dev/null 2>&1 && continue
        # Ubuntu's package of that name is a snap, which does not run in containers: left out.
        candidate=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
        case "$candidate" in
            "" | "(none)" | *snap*) echo "$package is not offered here; tests that use it are skipped." ;;
            *) missing="$missing $package" ;;
        esac
    done
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=""
elif command -v sudo >/dev/null 2>&1; then
    sudo="sudo"
else
    echo "These system packages are missing and sudo is not there to install them:" >&2
    echo "  $missing" >&2
    echo "Ask an administrator to run: apt-get install$missing" >&2
    exit 1
fi
echo "Installing system packages:$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
