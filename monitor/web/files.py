"""The page's files: read once, served from memory, cached by their content."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from importlib.resources import files
from typing import NamedTuple

from aiohttp import ETag, web

CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
REVALIDATE = {"Cache-Control": "no-cache"}


class File(NamedTuple):
    """Something that changes only with its content."""

    body: bytes
    content_type: str
    tag: str

    @classmethod
    def of(cls, body: bytes, content_type: str) -> File:
        """Return a file with its tag."""
        return cls(body, content_type, hashlib.sha256(body).hexdigest()[:32])

    def answer(self, request: web.Request) -> web.Response:
        """Return it, or 304 to those who have it."""
        headers = {"Content-Type": self.content_type, **REVALIDATE}
        known = request.if_none_match or ()
        if ETag(self.tag) in known or any(tag.value in (self.tag, "*") for tag in known):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=REVALIDATE)
        else:
            response = web.Response(body=self.body, headers=headers)
        response.etag = self.tag
        return response


def page_files() -> dict[str, File]:
    """Return the files of the page by name."""
    found = {}
    for entry in files("monitor.web").joinpath("page").iterdir():
        content_type = CONTENT_TYPES.get(entry.name.rpartition(".")[2])
        if content_type is not None:
            found[entry.name] = File.of(entry.read_bytes(), content_type)
    return found
