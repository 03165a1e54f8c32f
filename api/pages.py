"""Small pages for people whose browser posted a form: that it arrived, or why it did not."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape

from fastapi import Response

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.6 system-ui,sans-serif;margin:0;padding:15vh 1.5rem}"
    "main{max-width:34rem;margin:auto}h1{font-size:1.75rem;line-height:1.2}"
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{paragraphs}
</main>
</body>
</html>
"""


def page(
    title: str, *paragraphs: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A page of plain words, which loads nothing and runs nothing."""
    told = "\n".join(f"<p>{escape(words)}</p>" for words in paragraphs)
    text = _PAGE.format(title=escape(title), style=_STYLE, paragraphs=told)
    policy = {"Content-Security-Policy": _POLICY}
    return Response(text, status, headers={**(headers or {}), **policy}, media_type="text/html")


def thank_you() -> Response:
    """What a visitor sees whose form arrived, when the source has no page of its own for that."""
    return page("Thank you", "Your message has arrived. You can close this page.")
