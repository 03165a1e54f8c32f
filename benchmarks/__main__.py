"""`python -m benchmarks [--only NAME] [--seconds N]`: each figure with its baseline or target, kept as JSON and in docs."""

import argparse
from collections.abc import Callable

from benchmarks import burst, capture, importing, lists, page, prefect_share, scoring, steady

MEASUREMENTS: dict[str, Callable[..., object]] = {
    "capture": capture.measure,
    "burst": burst.measure,
    "import": importing.measure,
    "prefect-share": prefect_share.measure,
    "scoring": scoring.measure,
    "lists": lists.measure,
    "steady": steady.measure,
}
TIMED = ("capture", "lists", "steady")
"""Those that last as long as they are told to."""


def main() -> None:
    """Run the measurements that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, help="one of the measurements")
    parser.add_argument(
        "--seconds",
        type=float,
        help="length of the loads of capture (default: 10), lists (8) and steady (300)",
    )
    chosen = parser.parse_args()
    for name, measure in MEASUREMENTS.items():
        if chosen.only in (None, name):
            measure(**{"seconds": chosen.seconds} if chosen.seconds and name in TIMED else {})
    print(f"written: {page.write()}")


if __name__ == "__main__":
    main()
