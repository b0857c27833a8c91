"""Ask a running chat from Python: ``python examples/ask.py http://127.0.0.1:7860 "What did they sign?"``.

Works for a Space as well: give its name, owner/name. Where the chat has a password, ``QA_AUTH=user:password``
in the environment opens it. Needs ``pip install gradio_client``.
"""

import os
import sys

from gradio_client import Client

if len(sys.argv) != 3:
    sys.exit(__doc__)
address, question = sys.argv[1:]
user, _, password = os.environ.get("QA_AUTH", "").partition(":")
# HTTP Basic; Client's own auth= is for Gradio's login page, which this server does not have.
auth = (user, password) if user else None
# A Space that slept takes longer to wake than the five seconds that are waited otherwise.
client = Client(address, verbose=False, httpx_kwargs={"timeout": 60, "auth": auth})

answer = client.predict(question, api_name="/ask")
if answer["verdict"] == "answered":
    quote = answer["quote"]
    print(f"“{quote['text']}” (characters {quote['start']} to {quote['end']})")
else:
    print(answer["message"])

for passage in client.predict(question, 3, api_name="/search"):
    print(f"{passage['id']}: {passage['heading']}")
