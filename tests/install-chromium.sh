#!/bin/sh
# Install Chromium for the browser tests from Debian's or Ubuntu's packages, where there is none yet.
set -eu
if command -v chromium >/dev/null; then
    exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
