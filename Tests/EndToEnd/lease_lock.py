"""A lock on a Lease for the Python client's leader election, as users of those versions write it that have none."""

import datetime

from kubernetes import client
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection.leaderelectionrecord import LeaderElectionRecord

TIME = "%Y-%m-%d %H:%M:%S.%f"


class LeaseLock:
    def __init__(self, name, namespace, identity):
        self.api = client.CoordinationV1Api()
        self.name, self.namespace, self.identity = name, namespace, str(identity)
        self.lease = None

    def get(self, name, namespace):
        try:
            self.lease = self.api.read_namespaced_lease(name, namespace)
        except ApiException as error:
            return False, error
        spec = self.lease.spec
        return True, LeaderElectionRecord(
            spec.holder_identity or None, spec.lease_duration_seconds and str(spec.lease_duration_seconds),
            spec.acquire_time and spec.acquire_time.strftime(TIME), spec.renew_time and spec.renew_time.strftime(TIME))

    def create(self, name, namespace, election_record):
        body = client.V1Lease(metadata=client.V1ObjectMeta(name=name), spec=self.spec(election_record))
        return self.sent(lambda: self.api.create_namespaced_lease(namespace, body))

    def update(self, name, namespace, updated_record):
        self.lease.spec = self.spec(updated_record)
        return self.sent(lambda: self.api.replace_namespaced_lease(name, namespace, self.lease))

    def sent(self, write):
        """Whether it was accepted: a conflict means that somebody else was first."""
        try:
            self.lease = write()
            return True
        except ApiException:
            return False

    def spec(self, record):
        def time(text):
            return datetime.datetime.strptime(text, TIME).replace(tzinfo=datetime.timezone.utc)
        return client.V1LeaseSpec(
            holder_identity=record.holder_identity, lease_duration_seconds=int(record.lease_duration),
            acquire_time=time(record.acquire_time), renew_time=time(record.renew_time))
