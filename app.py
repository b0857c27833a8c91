"""Serves the chat, here and on Hugging Face Spaces: ``python app.py``."""

import sys

import qa
from qa.web import serve

if __name__ == "__main__":
    try:
        serve()
    except qa.QaError as error:
        sys.exit(str(error))
