/// What `--version` and `/v1/status` say.
public let batonVersion = "0.1.0"
