"""A contender of the Python client's leader election: elector.py KUBECONFIG NAMESPACE LEASE IDENTITY SECONDS LOG

LOG gets a line of JSON for each write that was accepted, with CLOCK_MONOTONIC before it was sent and after it was
answered, and for the election's begin and end.
"""

import json
import sys
import time

import python_client  # noqa: F401  makes it importable
from kubernetes import config
from kubernetes.leaderelection import electionconfig, leaderelection

try:
    from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
except ImportError:
    # Old versions elect by a ConfigMap only.
    from lease_lock import LeaseLock


class Logged(LeaseLock):
    def __init__(self, log, *arguments):
        super().__init__(*arguments)
        self.log = log

    def create(self, *arguments, **named):
        return self.written(super().create, *arguments, **named)

    def update(self, *arguments, **named):
        return self.written(super().update, *arguments, **named)

    def written(self, write, *arguments, **named):
        sent = time.monotonic()
        accepted = write(*arguments, **named)
        if accepted:
            self.log(event="written", sent=sent, answered=time.monotonic())
        return accepted


def main(kubeconfig, namespace, lease, identity, duration, path):
    config.load_kube_config(kubeconfig)
    with open(path, "a", buffering=1) as file:
        def log(**entry):
            file.write(json.dumps(dict(entry, at=time.monotonic())) + "\n")

        log(event="contends")
        leaderelection.LeaderElection(electionconfig.Config(
            Logged(log, lease, namespace, identity), lease_duration=int(duration), renew_deadline=2, retry_period=1,
            onstarted_leading=lambda: log(event="elected"), onstopped_leading=lambda: log(event="lost"))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
