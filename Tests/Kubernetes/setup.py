"""Makes what was made between recorded requests: a recording has what clients asked, not how the stage was set.

An answer shows an object in a version. If no recorded request made that version, somebody else did: so before the
request is sent, the object is created, changed or deleted here as well. What an object had in it is taken from the
first answer that shows all of it.
"""

import base64
import json
import re
import time
import urllib.parse

SECONDS = 10
KEPT = ("labels", "annotations", "ownerReferences", "finalizers", "generateName")
PLACE = re.compile(r"/(api/v1/namespaces|apis/[^/]+/v1/namespaces/[^/]+/(?:leases|donemarkers))(?:/([^/?]+))?$")


class Setup:
    """- send: asks this daemon. - remember: that theirs is ours from now on."""

    def __init__(self, exchanges, send, remember):
        self.send, self.remember = send, remember
        # By path: what the recording showed last, as (uid, version).
        self.known = {}
        # What whole objects looked like, by (path, uid, version), by (path, uid) and by path.
        self.seen = {}
        for exchange in exchanges:
            for path, item in shown(exchange):
                uid, version = identity(item)
                if "spec" in item and uid:
                    for key in ((path, uid, version), (path, uid), (path,)):
                        self.seen.setdefault(key, item)

    def before(self, exchange):
        method, path = exchange.method, exchange.target.split("?")[0]
        self.name_namespace(exchange, path)
        self.learn_version(exchange, path)
        found = PLACE.match(path)
        if not found:
            for place, item in shown(exchange):
                self.make(place, item)
            return
        if method == "GET":
            if found.group(2) and exchange.status == 404 and path in self.known:
                self.delete(path)
            if path.startswith("/api/v1/namespaces/") and exchange.status == 200 and exchange.json() is None:
                self.make(path, self.seen.get((path,)) or {"metadata": {"name": found.group(2)}})
            for place, item in shown(exchange):
                self.make(place, item)
            is_whole = exchange.status == 200 and exchange.json() is not None
            if not found.group(2) and is_whole and "?" not in exchange.target.replace("?limit=500", ""):
                self.clear(path, {place for place, _ in shown(exchange)})
        elif method == "DELETE" and not found.group(2):
            for place, item in shown(exchange):
                if place not in self.known:
                    self.make(place, item)
        elif found.group(2) and path not in self.known and exchange.status not in (201, 404):
            if b'UID in object meta: \"' in exchange.answer:
                return  # It wasn't.
            # It was there. How it was, a later answer may say; else only that.
            uid = re.search(rb"UID in record \(([0-9a-f-]+)\)", exchange.answer)
            bare = {"name": found.group(2), "uid": uid.group(1).decode() if uid else ""}
            self.make(path, before_deletion(self.seen.get((path,)) or {"metadata": bare}))

    def name_namespace(self, exchange, path):
        """A namespace whose creation isn't recorded lives on when nothing is left in it."""
        within = re.match(r"/apis/[^/]+/v1(/namespaces/[^/]+)/", path)
        place = "/api/v1" + within.group(1) if within else ""
        if within and exchange.status in (200, 201) and place not in self.known:
            self.make(place, self.seen.get((place,)) or {"metadata": {"name": place.rsplit("/", 1)[1]}})

    def learn_version(self, exchange, path):
        """What is refused for its version tells the version, which the next request may ask for."""
        version = re.search(rb"ResourceVersion in record \((\d+)\)", exchange.answer)
        if version:
            _, _, raw = self.send("GET", path)
            ours = json.loads(raw).get("metadata", {}).get("resourceVersion")
            self.remember(version.group(1).decode(), ours)

    def after(self, exchange):
        """What a recorded answer shows is known from now on."""
        path = exchange.target.split("?")[0]
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(exchange.target).query)
        if "dryRun" in query or exchange.status >= 300:
            return
        for place, item in shown(exchange):
            self.known[place] = identity(item)
        answer = exchange.json() or {}
        is_gone = answer.get("kind") == "Status" or "deletionTimestamp" not in answer.get("metadata", {})
        if exchange.method == "DELETE" and b"dryRun" not in exchange.body and is_gone:
            for place in [path] + [place for place, _ in shown(exchange)]:
                self.known.pop(place, None)

    def make(self, path, item):
        """Creates or changes an object, by the manager that its managed fields name first or last."""
        uid, version = identity(item)
        if self.known.get(path) == (uid, version) and uid:
            return
        whole = self.seen.get((path, uid, version)) or self.seen.get((path, uid)) or item
        if "deletionTimestamp" not in item["metadata"]:
            whole = before_deletion(whole)
        body = {"metadata": {"name": item["metadata"]["name"]}}
        if not path.startswith("/api/v1/"):
            body["spec"] = whole.get("spec") or holder(item)
        for name in KEPT:
            if name in whole["metadata"]:
                body["metadata"][name] = whole["metadata"][name]
        was = self.known.get(path)
        collection = path.rsplit("/", 1)[0]
        headers = {"Content-Type": "application/json"}
        status, _, raw = self.send("GET", path)
        if status == 200 and was and was[0] == uid:
            body["metadata"]["resourceVersion"] = json.loads(raw)["metadata"]["resourceVersion"]
            status, _, raw = self.send("PUT", path + written_by(whole, -1), json.dumps(body), headers)
        else:
            if status == 200 and not path.startswith("/api/v1/"):
                self.delete(path)
            status, _, raw = self.send("POST", collection + written_by(whole, 0), json.dumps(body), headers)
        if status < 300 and "deletionTimestamp" in whole["metadata"]:
            _, _, raw = self.send("DELETE", path)
        if status < 300:
            ours = json.loads(raw)["metadata"]
            self.remember(uid, ours.get("uid"))
            self.remember(version, ours.get("resourceVersion"))
        self.known[path] = (uid, version)

    def clear(self, collection, wanted):
        """Deletes what a whole list doesn't show."""
        if collection.startswith("/api/v1/"):
            return
        _, _, raw = self.send("GET", collection)
        for item in json.loads(raw).get("items", []):
            path = collection + "/" + item["metadata"]["name"]
            if path not in wanted:
                self.delete(path)

    def delete(self, path):
        self.known.pop(path, None)
        patch = json.dumps({"metadata": {"finalizers": None}})
        self.send("PATCH", path, patch, {"Content-Type": "application/merge-patch+json"})
        self.send("DELETE", path)
        # A namespace is emptied first.
        deadline = time.monotonic() + SECONDS
        while self.send("GET", path)[0] == 200 and time.monotonic() < deadline:
            time.sleep(0.02)


def version_asked(target):
    """The version of which a list or a watch is asked for; None: none is."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
    version = query.get("resourceVersion", [None])[0]
    try:
        token = query.get("continue", [""])[0]
        if token:
            version = str(json.loads(base64.urlsafe_b64decode(token + "==="))["rv"])
    except (ValueError, KeyError, TypeError):
        return None
    return version if version and version.isdigit() else None


def identity(item):
    metadata = item.get("metadata", {})
    return metadata.get("uid", ""), metadata.get("resourceVersion", "")


def written_by(item, index):
    """The query by which the manager that was first, or last, is the manager again."""
    entries = sorted(item["metadata"].get("managedFields", []), key=lambda entry: entry.get("time", ""))
    return "?fieldManager=" + urllib.parse.quote(entries[index]["manager"]) if entries else ""


def before_deletion(item):
    """As an object was before somebody deleted it."""
    metadata = {name: value for name, value in item["metadata"].items() if name != "deletionTimestamp"}
    if "finalizers" in metadata:
        metadata["finalizers"] = [
            name for name in metadata["finalizers"] if name not in ("foregroundDeletion", "orphan")]
    return dict(item, metadata=metadata)


def holder(item):
    """Of a lease that only a table shows."""
    cells = item.get("cells", [])
    return {"holderIdentity": cells[1]} if len(cells) == 3 and cells[1] else {}


def shown(exchange):
    """The objects in an answer, with their paths."""
    answer = exchange.json()
    path = exchange.target.split("?")[0]
    everywhere = re.match(r"/(apis/[^/]+/v1)/(leases|donemarkers)$", path)
    found = PLACE.match(path)
    if not (found or everywhere) or not isinstance(answer, dict) or exchange.status >= 300:
        return
    collection = "/" + found.group(1) if found else ""
    items = answer.get("items")
    if items is None and "rows" in answer:
        items = [dict(row.get("object") or {}, cells=row["cells"]) for row in answer["rows"]]
    for item in [answer] if items is None else items:
        name = item.get("metadata", {}).get("name") if isinstance(item, dict) else None
        if not name or item.get("kind") in ("Status", "List"):
            continue
        if everywhere:
            collection = "/%s/namespaces/%s/%s" % (
                everywhere.group(1), item["metadata"].get("namespace"), everywhere.group(2))
        # Of namespaces those of a real cluster aren't part of a list here.
        if collection != "/api/v1/namespaces" or found.group(2):
            yield collection + "/" + name, item
