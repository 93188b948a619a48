// Tests of the client library follow.
