"""XML from strangers: small, without DTD and entities, its namespaces cut off.

Servers differ in namespaces (Kamailio's inner elements may have none, pri: and ce: are vendors' own), so elements and
attributes are known by their local names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from adapters.sip.bodies.errors import BadBody

BYTES_LIMIT: Final = 256 * 1024
ELEMENTS_LIMIT: Final = 10_000
DEPTH_LIMIT: Final = 32
ATTRIBUTES_LIMIT: Final = 64
"""Of one element."""

_DECLARED: Final = re.compile(
    rb"""<\?xml[^>]{0,100}?\sencoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._-]{1,40})["']""", re.DOTALL
)
_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
}
"""What servers declare, and UTF-16, which is known by its mark."""
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Element:
    """An element by its local name."""

    __slots__ = ("_text", "attributes", "children", "tag")

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self._text: list[str] = []

    @property
    def text(self) -> str:
        """The text in the element itself, without the white space around it."""
        return "".join(self._text).strip()

    def add_text(self, text: str) -> None:
        """Append text."""
        self._text.append(text)

    def get(self, attribute: str) -> str | None:
        """Return an attribute, without the white space around it; ``None`` if it is missing or empty."""
        return self.attributes.get(attribute, "").strip() or None

    def all(self, tag: str) -> Iterator[Element]:
        """Return the children of this name."""
        return (child for child in self.children if child.tag == tag)

    def first(self, *path: str) -> Element | None:
        """Return the first child of this name, of that its first one of the next name, and so on."""
        found: Element | None = self
        for tag in path:
            found = None if found is None else next(found.all(tag), None)
        return found

    def walk(self) -> Iterator[Element]:
        """Return the element and all that is in it."""
        pending = [self]
        while pending:
            element = pending.pop()
            yield element
            pending.extend(reversed(element.children))


class _Builder:
    """What the parser calls: builds the elements and counts them."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._count = 0
        self.root: Element | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENTS_LIMIT:
            raise BadBody("body_size", f"more than {ELEMENTS_LIMIT:,} elements")
        if len(self._open) >= DEPTH_LIMIT:
            raise BadBody("body_size", f"elements nested deeper than {DEPTH_LIMIT}")
        if len(attributes) > ATTRIBUTES_LIMIT:
            raise BadBody("body_size", f"an element with more than {ATTRIBUTES_LIMIT} attributes")
        element = Element(_local(tag), _unqualified(attributes))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].add_text(text)

    def close(self) -> None:
        """The document is over."""


def parse(body: bytes, root: str) -> Element:
    """Return the root of a document, whose local name must be ``root``; raise :class:`BadBody`."""
    element = parse_any(body)
    if element.tag != root:
        raise BadBody("body_content", f"the root element is not {root}")
    return element


def parse_any(body: bytes) -> Element:
    """Return the root of a document, whatever it is; raise :class:`BadBody`."""
    if len(body) > BYTES_LIMIT:
        raise BadBody("body_size", f"{len(body):,} bytes are more than {BYTES_LIMIT:,}")
    text = _decode(body.strip(b" \t\r\n"))
    builder = _Builder()
    parser = XMLParser(  # the declaration's encoding was already followed
        target=builder, encoding="utf-8", forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(text.encode())
        parser.close()
    except DefusedXmlException as error:
        raise BadBody("body_xml", f"a document type or entity: {type(error).__name__}") from None
    except (ParseError, ValueError) as error:
        raise BadBody("body_xml", f"not well-formed XML: {str(error)[:200]}") from None
    if builder.root is None:
        raise BadBody("body_xml", "no XML at all")
    return builder.root


def _decode(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], encoding)
    declared = _DECLARED.match(body)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in _ENCODINGS:
        raise BadBody("body_xml", f"encoding {name} is not read")
    return _decoded(body, _ENCODINGS[name])


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        raise BadBody("body_xml", f"not text in {encoding}") from None


def _unqualified(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return attributes by local name; those that had no namespace win."""
    found = {_local(name): value for name, value in attributes.items()}
    found.update((name, value) for name, value in attributes.items() if not name.startswith("{"))
    return found


def _local(name: str) -> str:
    return name.rpartition("}")[2]
