#!/bin/sh
# Ask a running chat with curl: sh examples/ask.sh http://127.0.0.1:7860 "What did they sign?"
# The question is passed through python3 to become JSON, whatever it holds.
set -eu
body=$(python3 -c 'import json, sys; print(json.dumps({"question": sys.argv[1]}))' "$2")

curl --silent --show-error --fail --json "$body" "$1/api/ask"
echo
curl --silent --show-error --fail --json "$body" "$1/api/search"
echo
