"""Holds every answer that the tests see against docs/api/openapi.yaml.

An operation, status or media type that the document doesn't know is a failure, and so is a
body that doesn't fit its schema. What has been seen is written down, so that at the end of a
whole run one can tell what the document promises and nobody has seen.
"""

import json
import os
import re
import threading
import urllib.parse

import jsonschema
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, "docs", "api", "openapi.yaml")
METHODS = ("get", "put", "post", "delete", "patch")


class Violation(AssertionError):
    pass


class Contract:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            self.document = yaml.load(file, Loader=loader)
        # A literal segment goes before a parameter.
        templates = sorted(self.document["paths"], key=lambda path: (path.count("{"), path))
        self.templates = [(self.pattern(template), template) for template in templates]
        self.validators = {}
        self.seen = set()
        self.lock = threading.Lock()

    @staticmethod
    def pattern(template):
        parts = re.split(r"\{[^}]+\}", template)
        return re.compile("^" + "[^/]+".join(re.escape(part) for part in parts) + "$")

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def template(self, path):
        bare = urllib.parse.urlsplit(path).path
        for pattern, template in self.templates:
            if pattern.match(bare):
                return template
        raise Violation("the OpenAPI document has no path for %s" % bare)

    def validator(self, method, template, status, media):
        key = (method, template, status, media)
        if key not in self.validators:
            self.validators[key] = self.make_validator(*key)
        return self.validators[key]

    def make_validator(self, method, template, status, media):
        operation = self.resolve(self.document["paths"][template]).get(method)
        if operation is None:
            raise Violation("the OpenAPI document has no %s %s" % (method.upper(), template))
        responses = operation["responses"]
        if str(status) not in responses:
            raise Violation("%s %s: status %d isn't documented" % (method.upper(), template, status))
        content = self.resolve(responses[str(status)]).get("content") or {}
        if not content and not media:
            return None
        if media not in content:
            raise Violation("%s %s %d: media type %r isn't documented" % (method.upper(), template, status, media))
        described = self.resolve(content[media])
        schema = described.get("itemSchema") or described.get("schema") or {}
        # The components stand beside it, so that references within the document are found.
        whole = dict(schema)
        whole["components"] = self.document.get("components", {})
        return jsonschema.Draft202012Validator(whole)

    def check(self, method, path, status, content_type, raw):
        if method == "OPTIONS":
            return
        media = content_type.split(";")[0].strip()
        head = method == "HEAD"
        method = "get" if head else method.lower()
        template = self.template(path)
        methods = [method]
        if status == 405 and method not in self.document["paths"][template]:
            # Of a method that the path hasn't got: what any of its own would say.
            methods = [name for name in self.document["paths"][template] if name in METHODS]
        with self.lock:
            for name in methods:
                validator = self.validator(name, template, status, media)
                self.seen.add((name, template, status))
        if head or validator is None or not ("json" in media):
            return
        value = json.loads(raw)
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        if error is not None:
            raise Violation(
                "%s %s %d: at %s: %s\n%s" % (
                    method.upper(), template, status, "/".join(map(str, error.absolute_path)) or "the top",
                    error.message[:1500], raw[:1500].decode(errors="replace")))

    def promised(self):
        """Every operation and status in the document."""
        for template, item in self.document["paths"].items():
            for method, operation in self.resolve(item).items():
                if method in METHODS:
                    for status in operation["responses"]:
                        if status.isdigit():
                            yield (method, template, int(status))


_contract = None
_lock = threading.Lock()


def contract():
    global _contract
    with _lock:
        if _contract is None and os.path.exists(DOCUMENT):
            _contract = Contract(DOCUMENT)
    return _contract


def check(method, path, status, content_type, raw):
    known = contract()
    if known is not None:
        known.check(method, path, status, content_type, raw)


REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}$")


def check_request_id(headers, raw):
    """Every answer has one, and a problem shows it in its body as well."""
    found = headers.get("x-request-id", "")
    if not REQUEST_ID.match(found):
        raise Violation("an answer without a request id: %r" % headers)
    if headers.get("content-type") == "application/problem+json" and raw:
        if json.loads(raw).get("requestID") != found:
            raise Violation("a problem with another request id than %s: %r" % (found, raw[:600]))


def seen():
    known = contract()
    return sorted(known.seen) if known is not None else []
