"""Signing webhooks as SendGrid and Twilio do, with keys of the fake's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class EventKey:
    """The ECDSA key of SendGrid's event webhook; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        number = int.from_bytes(hashlib.sha256(f"event webhook {seed}".encode()).digest()[:31], "big")
        self._key = ec.derive_private_key(number or 1, ec.SECP256R1())

    @property
    def public(self) -> str:
        """As SendGrid shows it: SPKI in base64."""
        shown = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(shown).decode()

    def headers(self, timestamp: int, body: bytes) -> dict[str, str]:
        """The two headers that prove a batch of events: over the timestamp and the raw body."""
        signature = self._key.sign(str(timestamp).encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": str(timestamp),
        }


def twilio_signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the whole address and the parameters in the order of their names, each name followed by its value."""
    signed = url + "".join(f"{name}{params[name]}" for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def appsecret_proof(secret: str, token: str) -> str:
    """What Graph wants beside a token: HMAC-SHA256 of the token by the app's secret, in hex."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
