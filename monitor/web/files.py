"""The wallboard's files: built by ``make setup``, read once, served from memory, cached by their content."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import NamedTuple

from aiohttp import ETag, web

CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
}
REVALIDATE = {"Cache-Control": "no-cache"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
"""How a name ends that changes with the file's content."""

INDEX = "index.html"
NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Operator Monitor</title>
<h1>The wallboard is not built</h1>
<p>Run <code>make setup</code> and start the service anew. Feed, API and metrics work without it.</p>
<p lang="ru">Табло не собрано: выполните <code>make setup</code> и перезапустите службу.</p>
"""


class File(NamedTuple):
    """Something that changes only with its content."""

    body: bytes
    content_type: str
    tag: str
    caching: Mapping[str, str]
    status: HTTPStatus

    @classmethod
    def of(
        cls,
        body: bytes,
        content_type: str,
        caching: Mapping[str, str] = REVALIDATE,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> File:
        """Return a file with its tag."""
        return cls(body, content_type, hashlib.sha256(body).hexdigest()[:32], caching, status)

    def saying(self, placeholder: bytes, text: str) -> File:
        """Return the page with a text, escaped, where its placeholder stands."""
        body = self.body.replace(placeholder, html.escape(text).encode())
        return File.of(body, self.content_type, self.caching, self.status)

    def answer(self, request: web.Request) -> web.Response:
        """Return it, or 304 to those who have it."""
        headers = {"Content-Type": self.content_type, **self.caching}
        known = request.if_none_match or ()
        if ETag(self.tag) in known or any(tag.value in (self.tag, "*") for tag in known):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=self.caching)
        else:
            response = web.Response(status=self.status, body=self.body, headers=headers)
        response.etag = self.tag
        return response


def page_files() -> dict[str, File]:
    """Return the files of the wallboard by name; alone a page that says so where it isn't built."""
    built = files("monitor.web").joinpath("wallboard")
    if not built.joinpath(INDEX).is_file():
        return {
            INDEX: File.of(NOT_BUILT.encode(), CONTENT_TYPES["html"], status=HTTPStatus.SERVICE_UNAVAILABLE)
        }
    found = {}
    for entry in built.iterdir():
        content_type = CONTENT_TYPES.get(entry.name.rpartition(".")[2])
        if content_type is not None:
            caching = FOR_EVER if HASHED.search(entry.name) else REVALIDATE
            found[entry.name] = File.of(entry.read_bytes(), content_type, caching)
    return found
