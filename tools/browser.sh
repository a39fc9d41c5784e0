#!/bin/sh
# The browser and the independent PDF tools that the tests use. Nothing is skipped
# without them: the tests fail, so this script says the one command to run.
set -eu
need="chromium fonts-dejavu-core poppler-utils libnss3-tools qpdf openssl softhsm2"
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v pdfsig >/dev/null 2>&1 || missing="$missing poppler-utils"
command -v certutil >/dev/null 2>&1 || missing="$missing libnss3-tools"
command -v qpdf >/dev/null 2>&1 || missing="$missing qpdf"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v softhsm2-util >/dev/null 2>&1 || missing="$missing softhsm2"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
    exit 0
fi
echo "The tests need:$missing. Run: sudo apt-get update && sudo apt-get install -y $need" >&2
exit 1
