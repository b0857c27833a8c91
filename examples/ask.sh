#!/bin/sh
# Ask a running chat with curl: sh examples/ask.sh http://127.0.0.1:7860 "What did they sign?"
# Where the chat has a password, QA_AUTH=user:password in the environment opens it.
# The question is passed through python3 to become JSON, whatever it holds.
set -eu
body=$(python3 -c 'import json, sys; print(json.dumps({"question": sys.argv[1]}))' "$2")

for route in ask search; do
    curl --silent --show-error --fail-with-body ${QA_AUTH:+--user "$QA_AUTH"} \
        --header "content-type: application/json" --data "$body" "${1%/}/api/$route"
    echo
done
