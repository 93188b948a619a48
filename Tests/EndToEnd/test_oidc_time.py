"""Keys over time: new ones, old ones, and none."""

import threading

from issued import STATIC, Issued
from issuer import Key
from support import in_threads, until

SECONDS = 15


class Time(Issued):
    def test_new_keys_are_fetched_old_ones_refused_strangers_cause_few_fetches_and_nobody_waits_for_ever(self):
        self.issuer.silent.add("/silent/keys")
        self.issuer.keys["silent"] = [self.key]
        self.write_issuers("ci", "silent")
        self.serve()
        old = self.token()
        self.assertEqual(200, self.ask(old).status)
        new = Key("second")
        self.issuer.keys["ci"] = [new]
        fetched = self.issuer.fetches("ci")
        stop = threading.Event()

        def flood(index):
            client, count = self.batond.client(), 0
            while count < 250 or not stop.is_set():
                token = self.key.token(self.issuer.claims(), kid="x%d-%d" % (index, count))
                self.assertEqual(401, self.ask(token, client=client).status)
                count += 1

        def rotate(_):
            try:
                until(lambda: self.ask(self.token(new)).status == 200, "the new key is known", every=0.2)
                answer = self.ask(old)
                self.assertProblem(answer, 401, "unauthenticated")
                self.assertIn("a key that its issuer", answer["detail"])
            finally:
                stop.set()

        def wait_in_vain(_):
            # Ten seconds are what a fetch may take, and what a request may wait for one.
            answer = self.ask(self.token(name="silent"), client=self.batond.client())
            self.assertProblem(answer, 503, "unavailable")

        roles = [flood, flood, flood, flood, rotate, wait_in_vain]
        in_threads(len(roles), lambda index: roles[index](index))
        # The first comes 10 s after that of the start.
        self.assertIn(self.issuer.fetches("ci") - fetched, (1, 2))

    def test_while_the_issuer_is_away_its_keys_serve_until_they_are_too_old(self):
        self.serve(auth__keysMaxAge="1s", auth__keysStaleMax="3s")
        token = self.token()
        self.assertEqual(200, self.ask(token).status)
        self.issuer.close()
        self.assertEqual(200, self.ask(token).status)
        self.assertEqual(200, self.ask(self.token()).status)
        answer = until(lambda: (lambda given: given.status != 200 and given)(self.ask(token)), "they are too old")
        self.assertProblem(answer, 503, "unavailable")
        self.assertEqual(200, self.ask(STATIC).status)
