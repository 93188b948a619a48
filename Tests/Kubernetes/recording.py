"""Reads recordings of a real API server: Markdown with each request and the whole answer, as bytes on lines.

A block begins with ```http. A line that begins with `>` is the request's: its line, its fields, and an empty
one before the body. One that begins with `<` is the answer's, alike. What the recorder cut says so.
"""

import base64
import glob
import json
import os
import re

CUT = (b"... [cut", b"... (cut")


class Exchange:
    def __init__(self, file, line, title):
        self.file, self.line, self.title = file, line, title
        self.method, self.target = "", ""
        self.headers, self.body = {}, b""
        self.status, self.answer_headers, self.answer = 0, {}, b""
        self.is_cut = False
        # Whether the recording says where the body begins.
        self.has_body = False

    @property
    def place(self):
        return "%s:%d" % (self.file, self.line)

    def json(self):
        """The answer as JSON; None if it is something else, or not all of it is there."""
        if self.is_cut:
            return None
        try:
            return json.loads(self.answer)
        except ValueError:
            return None

    def sent(self):
        """The body as it was sent; None if the recording doesn't have all of it."""
        length = int(self.headers.get("content-length", len(self.body)))
        if not self.body:
            is_left_out = "content-type" in self.headers and not self.has_body
            return None if length or is_left_out else b""
        if "protobuf" in self.headers.get("content-type", "") and length != len(self.body):
            return None
        # JSON was indented by the recorder.
        return self.body


def read(folder):
    """All exchanges, file by file, in the order in which they were recorded."""
    for path in sorted(glob.glob(os.path.join(folder, "*.md"))):
        with open(path, "rb") as file:
            yield os.path.basename(path), list(exchanges(os.path.basename(path), file.read().split(b"\n")))


def exchanges(name, lines):
    title, block, start = "", None, 0
    for number, line in enumerate(lines, 1):
        if block is not None:
            if line.startswith(b"```"):
                exchange = parsed(name, start, title, block)
                if exchange:
                    yield exchange
                block = None
            else:
                block.append(line)
        elif line.startswith(b"```http"):
            block, start = [], number
        elif line.startswith(b"## "):
            title = line[3:].decode("utf-8", "replace").strip("`")


def parsed(name, line, title, block):
    exchange = Exchange(name, line, title)
    part, body = "", {">": [], "<": []}
    for text in block:
        mark = text[:1].decode("latin-1")
        if mark in "><" and mark and (part != "<" or not body["<"]) and (text[1:2] in (b" ", b"")):
            is_body = text[1:].strip() == b""
            if is_body:
                part = mark
                body[mark] = []
                exchange.has_body |= mark == ">"
                continue
            if not field(exchange, mark, text[2:].decode("utf-8", "replace")):
                body[mark].append(text[2:])
                part = mark
        elif part:
            body[part].append(text)
    exchange.body = strip(b"\n".join(body[">"]).strip(b"\n"))
    exchange.answer = strip(b"\n".join(body["<"]))
    exchange.is_cut = any(mark in exchange.answer for mark in CUT)
    return exchange if exchange.method and exchange.status else None


def field(exchange, mark, text):
    """A request or status line, or a header field; False for what is none."""
    if mark == ">" and not exchange.method:
        words = text.split(" ")
        exchange.method, exchange.target = words[0], " ".join(words[1:-1])
        return True
    if mark == "<" and not exchange.status:
        found = re.match(r"(?:HTTP/[\d.]+ )?(\d{3})\b", text)
        exchange.status = int(found.group(1)) if found else 0
        return True
    headers = exchange.headers if mark == ">" else exchange.answer_headers
    found = re.match(r"([A-Za-z][A-Za-z-]*): ?(.*)$", text)
    if not found:
        return False
    headers[found.group(1).lower()] = found.group(2)
    return True


def strip(body):
    """Without what the recorder added; binary as bytes."""
    body = re.sub(rb"\s*\((the server ended|curl )[^)]*\)\s*$", b"", body)
    found = re.match(rb"\(binary[^)]*base64\) ([A-Za-z0-9+/=]+)\s*$", body)
    return base64.b64decode(found.group(1) + b"==") if found else body
