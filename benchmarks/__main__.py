"""`python -m benchmarks [--only NAME] [--seconds N]`: each figure with its target or baseline, printed and kept as JSON."""

import argparse
from collections.abc import Callable

from benchmarks import capture, steady

MEASUREMENTS: dict[str, Callable[..., object]] = {"capture": capture.measure, "steady": steady.measure}


def main() -> None:
    """Run the measurements that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, help="one of the measurements")
    parser.add_argument("--seconds", type=float, help="length of each load (default: steady 300, capture 10)")
    chosen = parser.parse_args()
    length = {} if chosen.seconds is None else {"seconds": chosen.seconds}
    for name, measure in MEASUREMENTS.items():
        if chosen.only in (None, name):
            measure(**length)


if __name__ == "__main__":
    main()
