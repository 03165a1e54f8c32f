"""How senders sign, written down once more for the tests: requests as they would make them, and forgeries."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

Header = tuple[str, bytes]
PUBLIC_URL = "https://crm.example"
PATH = "/api/crm/capture/"


@dataclass(frozen=True)
class Signing:
    """What goes into a signature."""

    secret: str
    body: bytes
    at: str = ""
    url: str = ""
    method: str = "POST"


@dataclass(frozen=True)
class Call:
    """A request that may be sent: `path` follows the source's reference (a query)."""

    body: bytes
    headers: tuple[Header, ...]
    query: str = ""

    def value(self, name: str) -> bytes:
        """The value of a header that is there once."""
        (found,) = (value for header, value in self.headers if header == name)
        return found

    def having(self, name: str, *values: bytes) -> "Call":
        """The same with these values of one header in place of its own."""
        others = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*others, *((name, value) for value in values)))


@dataclass(frozen=True)
class Sender:
    """A sender that signs in headers: `made` gives the signature's text, `stamp` names its timestamp header."""

    format: str
    header: str
    made: Callable[[Signing], str]
    body: bytes
    status: int
    token_suffices: bool = False
    stamp: str | None = None
    query: str = ""
    signs_url: bool = False
    ref: str = field(default="")

    def call(
        self, secret: str, *, at: str | None = None, url: str | None = None, method: str = "POST"
    ) -> Call:
        """A request that is signed now and as it is made, unless told otherwise."""
        at = milliseconds() if at is None else at
        url = f"{PUBLIC_URL}{PATH}{self.ref}{decoded(self.query)}" if url is None else url
        made = self.made(Signing(secret, self.body, at, url, method))
        headers: tuple[Header, ...] = ((self.header, made.encode()),)
        if self.stamp is not None:
            headers += ((self.stamp, at.encode()),)
        return Call(self.body, headers, self.query)


def milliseconds(seconds_away: float = 0) -> str:
    """A timestamp as Webflow and HubSpot give it."""
    return str(int((time.time() + seconds_away) * 1000))


def decoded(query: str) -> str:
    """A query of these tests as HubSpot signs it."""
    return query.replace("%3A", ":")


def digest(secret: str, *parts: bytes | str) -> bytes:
    whole = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hmac.new(secret.encode(), whole, hashlib.sha256).digest()


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


CRM = Sender(
    "json",
    "X-CRM-Signature",
    lambda given: "sha256=" + digest(given.secret, given.body).hex(),
    b'{"email":"ada@analytical.example","name":"Ada Lovelace"}',
    202,
)
META = Sender(
    "meta",
    "X-Hub-Signature-256",
    lambda given: "sha256=" + digest(given.secret, given.body).hex(),
    b'{"object":"page","entry":[{"id":"153125381133","time":1438292065,"changes":[{"field":"leadgen","value":'
    b'{"leadgen_id":"123123123123","page_id":"123123123","form_id":"12312312312","created_time":1440120384}}]}]}',
    200,
)
TYPEFORM = Sender(
    "typeform",
    "Typeform-Signature",
    lambda given: "sha256=" + b64(digest(given.secret, given.body)),
    b'{"event_id":"01EVENT","event_type":"form_response","form_response":{"form_id":"lT4Z3j","token":"a3a12ec67a1365",'
    b'"definition":{"fields":[{"id":"e1","title":"Your e-mail","type":"email","ref":"mail"}]},'
    b'"answers":[{"type":"email","email":"ada@analytical.example","field":{"id":"e1","type":"email","ref":"mail"}}]}}',
    200,
)
WEBFLOW = Sender(
    "webflow",
    "X-Webflow-Signature",
    lambda given: digest(given.secret, given.at, ":", given.body).hex(),
    b'{"triggerType":"form_submission","payload":{"name":"Contact","siteId":"65427cf400e02b306eaa049c","data":'
    b'{"Name":"Ada Lovelace","Email":"ada@analytical.example"},"id":"6321ca84df3949bfc6752327"}}',
    200,
    stamp="X-Webflow-Timestamp",
)
HUBSPOT = Sender(
    "hubspot",
    "X-HubSpot-Signature-v3",
    lambda given: b64(digest(given.secret, given.method, given.url, given.body, given.at)),
    b'{"formGuid":"4f2e","submittedAt":1600000000000,"fields":[{"objectTypeId":"0-1","name":"email",'
    b'"value":"ada@analytical.example"},{"objectTypeId":"0-1","name":"firstname","value":"Ada"}]}',
    200,
    token_suffices=True,
    stamp="X-HubSpot-Request-Timestamp",
    query="?at=12%3A30&place=a%20b",
    signs_url=True,
)
SENDERS = (CRM, META, TYPEFORM, WEBFLOW, HUBSPOT)


def forgeries(sender: Sender, secret: str, stranger: str) -> Iterator[tuple[str, Call]]:
    """Requests that were not signed with the secret as they are; `stranger`: the secret of another org."""
    good = sender.call(secret)
    yield from _changed_bodies(good)
    yield from _changed_values(sender, good)
    yield from _wrong_keys(sender, good, secret, stranger)
    yield from _other_headers(sender, good, secret)
    if sender.stamp is not None:
        yield from _changed_times(sender, sender.stamp, good, secret)
    if sender.signs_url:
        yield from _other_requests(sender, good, secret)


def _changed_bodies(good: Call) -> Iterator[tuple[str, Call]]:
    size = len(good.body)
    for place in (0, 1, size // 4, size // 2, size - 2, size - 1):
        flipped = bytearray(good.body)
        flipped[place] ^= 1
        yield f"body byte {place} flipped", replace(good, body=bytes(flipped))
    yield "a line end appended", replace(good, body=good.body + b"\n")
    yield "a zero byte appended", replace(good, body=good.body + b"\0")
    yield "a blank before", replace(good, body=b" " + good.body)
    yield "a byte order mark before", replace(good, body=b"\xef\xbb\xbf" + good.body)
    yield "the last byte missing", replace(good, body=good.body[:-1])
    yield "the JSON written anew", replace(good, body=json.dumps(json.loads(good.body)).encode())


def _changed_values(sender: Sender, good: Call) -> Iterator[tuple[str, Call]]:
    name, value = sender.header, good.value(sender.header)
    prefix, bare = (b"sha256=", value[7:]) if value.startswith(b"sha256=") else (b"", value)
    other = b"0" if bare[:1] != b"0" else b"1"
    changed = {
        "nothing in the header": b"",
        "the prefix alone": prefix or b"sha256=",
        "another prefix": b"sha1=" + bare,
        "the prefix missing, or one too many": bare if prefix else b"sha256=" + bare,
        "the prefix twice": b"sha256=" + (prefix or b"sha256=") + bare,
        "the case changed": prefix + bare.swapcase(),
        "the prefix in capitals": prefix.upper() + bare if prefix else b"V3=" + bare,
        "the first character": prefix + other + bare[1:],
        "one character less": value[:-1],
        "one character more": value + b"0",
        "half of it": prefix + bare[: len(bare) // 2],
        "a blank inside": prefix + bare[:9] + b" " + bare[9:],
        "a tab inside": prefix + bare[:9] + b"\t" + bare[9:],
        "quoted": b'"' + value + b'"',
        "twice in one header": value + b"," + value,
        "twice with a blank": value + b", " + value,
        "zeros": prefix + b"0" * len(bare),
        "not ASCII at the end": value[:-1] + "é".encode(),
        "not UTF-8": value[:-1] + b"\xff\xfe",
        "no base64": prefix + b"%%%=" * 4,
        "very long": value * 40,
    }
    for words, text in changed.items():
        yield words, good.having(name, text)
    yield "two headers", good.having(name, value, value)
    yield "two headers, the right one last", good.having(name, prefix + b"0" * len(bare), value)
    yield "two headers, the right one first", good.having(name, value, b"")


def _wrong_keys(sender: Sender, good: Call, secret: str, stranger: str) -> Iterator[tuple[str, Call]]:
    keys = {
        "another secret": "another secret",
        "the secret of another org": stranger,
        "no secret": "",
        "a line end after the secret": secret + "\n",
        "the secret's case changed": secret.swapcase(),
    }
    for words, key in keys.items():
        yield words, sender.call(key)
    plain = hashlib.sha256(good.body)
    yield "the hash without a key, hex", good.having(sender.header, b"sha256=" + plain.hexdigest().encode())
    yield "the hash without a key, base64", good.having(sender.header, b64(plain.digest()).encode())
    yield "the secret itself", good.having(sender.header, secret.encode())


def _other_headers(sender: Sender, good: Call, secret: str) -> Iterator[tuple[str, Call]]:
    """Signatures in the header or in the way of another sender, made with the right secret."""
    yield "no signature", good.having(sender.header)
    for other in SENDERS:
        if other.header == sender.header:
            continue
        theirs = replace(other, body=sender.body).call(secret)
        if other.made(Signing("s", b"b", "1", "u")) != sender.made(Signing("s", b"b", "1", "u")):
            value = theirs.value(other.header)
            yield f"signed as for {other.header}", good.having(sender.header, value)
        if CRM.header not in {
            other.header,
            sender.header,
        }:  # ours proves any source; any sender's proves a plain one
            yield f"in {other.header} only", replace(theirs, query=good.query)
            beside = (*good.headers, *theirs.headers)
            yield f"{other.header} beside", replace(good, headers=beside)
        wrong = (*good.headers, (other.header, b"sha256=" + b"0" * 64))
        yield f"a wrong {other.header} beside", replace(good, headers=wrong)


def _changed_times(sender: Sender, stamp: str, good: Call, secret: str) -> Iterator[tuple[str, Call]]:
    for words, at in {
        "five minutes and a bit ago": milliseconds(-303),
        "a day ago": milliseconds(-86_400),
        "five minutes and a bit ahead": milliseconds(303),
        "a day ahead": milliseconds(86_400),
        "in seconds": milliseconds()[:-3],
        "nought": "0",
        "negative": "-" + milliseconds(),
        "with a sign": "+" + milliseconds(),
        "with a fraction": milliseconds() + ".0",
        "with an exponent": milliseconds()[:-3] + "e3",
        "of twenty digits": milliseconds() + "0000000",
        "of two hundred digits": "9" * 200,
        "as a date": "2026-11-22T12:00:00Z",
        "with a blank inside": milliseconds()[:5] + " " + milliseconds()[5:],
        "no number": "now",
        "digits of another script": "١٢٣",
        "with underlines": milliseconds()[:4] + "_" + milliseconds()[4:],
        "hexadecimal": hex(int(milliseconds())),
        "empty": "",
    }.items():
        yield f"signed {words}", sender.call(secret, at=at)
    yield "no timestamp", good.having(stamp)
    yield "the timestamp twice", good.having(stamp, good.value(stamp), good.value(stamp))
    yield "another timestamp than the signed one", good.having(stamp, milliseconds(-2).encode())
    yield "nothing in the timestamp", good.having(stamp, b"")
    yield "a timestamp that is not ASCII", good.having(stamp, "１２３".encode())


def _other_requests(sender: Sender, good: Call, secret: str) -> Iterator[tuple[str, Call]]:
    url = f"{PUBLIC_URL}{PATH}{sender.ref}"
    signed = decoded(sender.query)
    for words, other in {
        "another host": url.replace("crm.example", "crm.evil") + signed,
        "another scheme": url.replace("https", "http") + signed,
        "another source": url + "x" + signed,
        "no query": url,
        "a longer query": url + signed + "&x=1",
        "everything decoded": url + signed.replace("%20", " "),
        "nothing decoded": url + sender.query,
        "the path alone": url.removeprefix(PUBLIC_URL) + signed,
    }.items():
        yield f"signed for {words}", sender.call(secret, url=other)
    for method in ("GET", "PUT", "post"):
        yield f"signed for {method}", sender.call(secret, method=method)
    yield "sent with another query", replace(good, query="?at=12%3A31&place=a%20b")
    yield "sent with one more parameter", replace(good, query=sender.query + "&automation=false")
    yield "sent without its query", replace(good, query="")
