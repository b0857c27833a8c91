"""Serves the chat, here and on Hugging Face Spaces: ``python app.py``."""

import sys

import qa

if __name__ == "__main__":
    try:
        from qa.web import serve

        serve()
    except qa.QaError as error:
        sys.exit(str(error))
