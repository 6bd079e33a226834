"""Signatures by Standard Webhooks (https://www.standardwebhooks.com), made by its own library."""

from __future__ import annotations

import base64
import binascii
import contextlib
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from monitor.alerts.webhooks.errors import WebhookMisconfigured
from monitor.alerts.webhooks.settings import WebhookSettings, plain

PREFIX = "whsec_"
MAX_BYTES = 4_096
"""Of a secret's file that are looked at."""
HOW = f"make one with: echo {PREFIX}$(openssl rand -base64 32)"


class Signer:
    """Signs the requests of one webhook.

    A secret in a file is read anew for each request, so that a changed one needs no restart; while the file can't be read
    or holds no secret, the last good one stays in use.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._id = settings.id
        self._path = settings.secret_file
        self._secret = b""
        self._key: Webhook | None = None
        if settings.secret is not None:
            self._use(plain(settings.secret).encode(), "secret")
        elif self._path is not None:
            self._use(self._read(self._path), "secret_file")

    def headers(self, notification: str, body: bytes, at: float) -> dict[str, str]:
        """Return the headers that identify and, with a secret, sign a request sent at a time (unix seconds)."""
        seconds = int(at)
        headers = {"webhook-id": notification, "webhook-timestamp": str(seconds)}
        if self._path is not None:
            with contextlib.suppress(WebhookMisconfigured):  # said at the start and by `check`
                self._use(self._read(self._path), "secret_file")
        if self._key is not None:
            signed_at = datetime.fromtimestamp(seconds, UTC)
            headers["webhook-signature"] = self._key.sign(notification, signed_at, body.decode())
        return headers

    def _read(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES).strip()
        except OSError as error:
            problem = f"{path} can't be read: {error.strerror or error}; put the secret alone there"
            raise WebhookMisconfigured(self._id, "secret_file", problem) from error

    def _use(self, secret: bytes, key: str) -> None:
        if self._key is not None and secret == self._secret:
            return
        try:
            # The library passes over what is no base64: a mistyped secret would sign with another key in silence.
            encoded = secret.removeprefix(PREFIX.encode())
            raw = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not raw:
            problem = f"the secret is not {PREFIX}… nor base64; {HOW}"
            raise WebhookMisconfigured(self._id, key, problem)
        self._secret, self._key = secret, Webhook(raw)
