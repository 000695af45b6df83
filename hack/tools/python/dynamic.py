"""The dynamic client, which finds out what there is by discovery."""

import json

from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError, UnprocessibleEntityError
from kubernetes.watch import Watch

from checks import LONG_AGO, MERGE, OBJECTS, PAGE, condition, expired, holds, is_about, manifest, refused


def with_dynamic(api, options):
    kind = DynamicClient(api).resources.get(api_version=f"{options.group}/{options.version}", kind=options.kind)
    verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    found = kind.name == options.plural and kind.namespaced and verbs <= set(kind.verbs)
    holds("dynamic: the kind and its verbs are discovered", found, kind)
    where = {"namespace": options.namespace}
    created = [kind.create(body=manifest(options, f"dynamic-{n}"), **where) for n in range(OBJECTS)]
    holds("dynamic: objects are created", all(one.metadata.uid for one in created))
    listed = reads(kind, where, created)
    writes(kind, where, options)
    refusals(kind, where, options)
    watches(kind, where, listed)
    if options.status:
        subresources(kind, where, options)
    kind.delete(field_selector="metadata.name!=none", **where)
    holds("dynamic: a collection is deleted", kind.get(**where).items == [])


def reads(kind, where, created):
    listed = kind.get(**where)
    holds("dynamic: all are listed", len(listed.items) == OBJECTS, listed)
    one = kind.get(name="dynamic-0", **where)
    holds("dynamic: one is read", one.to_dict() == created[0].to_dict(), one)
    names, token = [], None
    while token != "":
        page = kind.get(limit=PAGE, _continue=token, **where)
        names += [item.metadata.name for item in page.items]
        token = page.metadata.to_dict().get("continue", "")
    holds("dynamic: pages make the whole", names == [one.metadata.name for one in created], names)
    named = kind.get(field_selector="metadata.name=dynamic-1", **where)
    holds("dynamic: a field selects", [item.metadata.name for item in named.items] == ["dynamic-1"], named)
    return listed


def writes(kind, where, options):
    first = kind.get(name="dynamic-0", **where)
    changed = kind.patch(name="dynamic-0", body=json.loads(options.change), content_type=MERGE, **where)
    newer = int(changed.metadata.resourceVersion) > int(first.metadata.resourceVersion)
    holds("dynamic: a merge patch makes a newer object", newer, changed)
    body = refused("dynamic: a stale replacement", 409, "Conflict", kind.replace, body=first.to_dict(), **where)
    holds("dynamic: a conflict says of what", is_about(body, options, "dynamic-0"), body)
    current = kind.get(name="dynamic-0", **where).to_dict()
    current["metadata"]["labels"] = {"replaced": "yes"}
    replaced = kind.replace(body=current, **where)
    holds("dynamic: the newest is replaced", replaced.metadata.labels.replaced == "yes", replaced)
    selected = kind.get(label_selector="replaced=yes", **where)
    holds("dynamic: a label selects", [item.metadata.name for item in selected.items] == ["dynamic-0"])
    add = [{"op": "add", "path": "/metadata/labels/added", "value": "yes"}]
    added = kind.patch(name="dynamic-0", body=add, content_type="application/json-patch+json", **where)
    holds("dynamic: a JSON patch adds", added.metadata.labels.added == "yes", added)
    dry = kind.create(body=manifest(options, "dry"), dry_run="All", **where)
    holds("dynamic: a dry run creates", dry.metadata.name == "dry", dry)
    refused("dynamic: and keeps nothing", 404, "NotFound", kind.get, name="dry", **where)
    kind.delete(name="dynamic-0", **where)


def refusals(kind, where, options):
    body = refused("dynamic: reading what is gone", 404, "NotFound", kind.get, name="dynamic-0", **where)
    holds("dynamic: it says of what", is_about(body, options, "dynamic-0"), body)
    twice = manifest(options, "dynamic-1")
    body = refused("dynamic: creating it twice", 409, "AlreadyExists", kind.create, body=twice, **where)
    holds("dynamic: it says which", is_about(body, options, "dynamic-1"), body)
    wrong = manifest(options, "wrong")
    wrong["metadata"]["labels"] = {"no key": "x"}
    body = refused("dynamic: a wrong label", 422, "Invalid", kind.create, body=wrong, **where)
    cause = body["details"]["causes"][0]
    seen = (cause["reason"], cause["field"]) == ("FieldValueInvalid", "metadata.labels")
    holds("dynamic: it says which field", seen and cause["message"], body)
    for expected, call in [
        (NotFoundError, lambda: kind.delete(name="dynamic-0", **where)),
        (ConflictError, lambda: kind.create(body=twice, **where)),
        (UnprocessibleEntityError, lambda: kind.create(body=wrong, **where)),
    ]:
        try:
            call()
        except expected as error:
            holds(f"dynamic: it is a {expected.__name__} with a message", error.summary(), error)


def watches(kind, where, listed):
    seen = []
    for event in kind.watch(resource_version=listed.metadata.resourceVersion, timeout=2, **where):
        seen.append((event["type"], event["object"].metadata.name))
    expected = [("MODIFIED", "dynamic-0")] * 3 + [("DELETED", "dynamic-0")]
    holds("dynamic: a watch tells what has happened since, and ends in time", seen == expected, seen)
    initial = {"allow_watch_bookmarks": True, "send_initial_events": True, "resource_version_match": "NotOlderThan"}
    seen, stream = [], Watch()
    for event in kind.watch(timeout=30, watcher=stream, **initial, **where):
        seen.append(event["raw_object"])
        if event["type"] == "BOOKMARK":
            stream.stop()
    names = [item["metadata"]["name"] for item in seen[: OBJECTS - 1]]
    holds("dynamic: a watch begins with all there is", names == [f"dynamic-{n}" for n in range(1, OBJECTS)], seen)
    end = seen[-1]["metadata"]["annotations"].get("k8s.io/initial-events-end")
    holds("dynamic: a bookmark says that this was all", end == "true" and len(seen) == OBJECTS, seen)
    expired("dynamic: a watch from long ago is told to list again", kind.watch(resource_version=LONG_AGO, **where))


def subresources(kind, where, options):
    status = {"status": {"conditions": [condition()]}}
    patched = kind.status.patch(name="dynamic-1", body=status, content_type=MERGE, **where)
    holds("dynamic: a status is patched", "Tested" in [one.reason for one in patched.status.conditions], patched)
    if not options.scale:
        return
    scaled = kind.scale.patch(name="dynamic-1", body={"spec": {"replicas": 0}}, content_type=MERGE, **where)
    holds("dynamic: it is scaled", scaled.kind == "Scale" and scaled.spec.replicas in (0, None), scaled)
