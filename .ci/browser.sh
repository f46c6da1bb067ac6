#!/usr/bin/env bash
# Installs a browser from Debian, for the tests of the live page, where there is none and we may. Without one these tests say that
# they are skipped. Called by `make test-python`.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    ! command -v "$name" >/dev/null || exit 0
done
as=()
if [ "$(id -u)" -ne 0 ]; then
    as=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as[@]}" true 2>/dev/null; then
    echo "setup: no Chromium here: the tests of the live page are skipped (apt-get install chromium)"
    exit 0
fi
echo "setup: installing Debian packages: chromium"
"${as[@]}" apt-get update -qq
"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    echo "setup: Chromium cannot be installed: the tests of the live page are skipped"
