"""The work of one run of lead-capture, with Prefect around it or without, in a process that has done it before.

`python -m benchmarks.one_run`: for each line on its input, `flow` or `plain`, it captures what waits and answers with a JSON
line: the processor seconds of this process. It needs the environment of an intake.
"""

import json
import sys
import time

from prefect.client.orchestration import get_client

from deployments.lanes.in_process import Runner, no_heartbeats
from flows.lead_capture import lead_capture
from tasks import linger
from tasks.capture import capture_and_prepare
from tasks.tally import Window

LANE = "benchmark"


def main() -> None:
    """Work as the lines on the input say."""
    linger.stay(0.0)
    with no_heartbeats(), get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("lead-capture/lead-capture").id
        runner = Runner(client, LANE, "one")
        for line in sys.stdin:
            began = time.process_time()
            if line.strip() == "flow":
                runner.run_now(lead_capture, deployment)
            else:
                capture_and_prepare.fn(Window())
            print(json.dumps({"cpu_seconds": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    main()
