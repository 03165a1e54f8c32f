"""A client that posts, or reads, as fast as answers come, in a process of its own.

`python -m benchmarks.hammering URL KEY CONNECTIONS SECONDS ITEMS` prints one JSON object: `answered` (202s, of reads 200s),
`other`, `seconds`, `milliseconds` (percentiles), `cpu_seconds` of this client. ITEMS: leads a request; more than one go as an
array, and with 0 the URL is read. It speaks HTTP by the standard library: on few processors a heavier client would be what is
measured.
"""

import json
import sys
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks.figures import spread

_PERSON = '{"email": "p%d.%d.%s@capture.example", "name": "A Person", "company": "Load", "value": 1}'


def hammer(url: str, api_key: str, *, connections: int, seconds: float, items: int) -> dict[str, object]:
    """Post another person, or read the same page, with each request on each kept-open connection."""
    times: list[float] = []
    others: list[int] = []
    run, until = f"{time.time_ns():x}", time.monotonic() + seconds
    senders = [
        threading.Thread(target=_send, args=(url, api_key, f"{run}-{number}", until, items, times, others))
        for number in range(connections)
    ]
    began, cpu = time.monotonic(), time.process_time()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return {
        "answered": len(times),
        "other": len(others),
        "seconds": round(time.monotonic() - began, 2),
        "milliseconds": spread([1000 * one for one in times]),
        "cpu_seconds": round(time.process_time() - cpu, 2),
    }


def _send(
    url: str, api_key: str, run: str, until: float, items: int, times: list[float], others: list[int]
) -> None:
    parts, number = urlsplit(url), 0
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"X-API-Key": api_key, "Content-Type": "application/json"}
    while (began := time.monotonic()) < until:
        number += 1
        if items:
            people = [_PERSON % (number, item, run) for item in range(items)]
            body = people[0] if items == 1 else f"[{','.join(people)}]"
            connection.request("POST", parts.path, body, {**headers, "Idempotency-Key": f"{run}-{number}"})
        else:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status in {200, 202}:
            times.append(time.monotonic() - began)
        else:
            others.append(answer.status)
    connection.close()


def main() -> None:
    """Hammer as the arguments say."""
    url, api_key, connections, seconds, items = sys.argv[1:]
    answered = hammer(url, api_key, connections=int(connections), seconds=float(seconds), items=int(items))
    print(json.dumps(answered))


if __name__ == "__main__":
    main()
