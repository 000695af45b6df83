"""CustomObjectsApi, which is told where things are, and its watches."""

import json

from kubernetes import client, watch

from checks import LONG_AGO, OBJECTS, PAGE, condition, expired, holds, is_about, manifest, refused


def with_custom_objects(api, options):
    custom = client.CustomObjectsApi(api)
    where = (options.group, options.version, options.namespace, options.plural)
    for number in range(OBJECTS):
        custom.create_namespaced_custom_object(*where, manifest(options, f"custom-{number}"))
    discovers(custom, options)
    start = pages(custom, where)
    everywhere(custom, options)
    watches(custom, where, options, start)
    writes(custom, where, options)
    refusals(custom, where, options)
    if options.status:
        status(custom, where)
    if options.scale:
        scale(custom, where)
    custom.delete_collection_namespaced_custom_object(*where, label_selector="replaced=yes")
    left = [item["metadata"]["name"] for item in custom.list_namespaced_custom_object(*where)["items"]]
    expected = [f"custom-{number}" for number in range(OBJECTS) if number not in (1, 2)]
    holds("custom: what a label selects is deleted, and nothing else", left == expected, left)


def discovers(custom, options):
    found = custom.get_api_resources(options.group, options.version).resources
    kinds = {resource.name: resource.kind for resource in found}
    holds("custom: the kind is among its group's resources", kinds.get(options.plural) == options.kind, kinds)


def everywhere(custom, options):
    where = (options.group, options.version, options.plural)
    found = custom.list_cluster_custom_object(*where, field_selector=f"metadata.namespace={options.namespace}")
    names = [item["metadata"]["name"] for item in found["items"]]
    holds("custom: of all namespaces one is selected", names == [f"custom-{n}" for n in range(OBJECTS)], names)


def pages(custom, where):
    """Where a watch of all that was listed begins."""
    names, token = [], None
    while token != "":
        page = custom.list_namespaced_custom_object(*where, limit=PAGE, _continue=token)
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
    holds("custom: pages make the whole", names == [f"custom-{number}" for number in range(OBJECTS)], names)
    return page["metadata"]["resourceVersion"]


def watches(custom, where, options, start):
    listing = custom.list_namespaced_custom_object
    custom.patch_namespaced_custom_object(*where, "custom-1", json.loads(options.change))
    custom.delete_namespaced_custom_object(*where, "custom-2")
    seen, stream = [], watch.Watch()
    for event in stream.stream(listing, *where, resource_version=start, timeout_seconds=30):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        if len(seen) == 2:
            stream.stop()
    holds("custom: a watch streams", seen == [("MODIFIED", "custom-1"), ("DELETED", "custom-2")], seen)
    events = watch.Watch().stream(listing, *where, resource_version=LONG_AGO, timeout_seconds=30)
    expired("custom: a watch from long ago is told to list again", events)


def writes(custom, where, options):
    one = custom.get_namespaced_custom_object(*where, "custom-1")
    changed = json.loads(options.change)["spec"]
    holds("custom: one is read as it was patched", changed.items() <= one["spec"].items(), one)
    one["metadata"]["labels"] = {"replaced": "yes"}
    replaced = custom.replace_namespaced_custom_object(*where, "custom-1", one)
    holds("custom: the newest is replaced", replaced["metadata"]["labels"] == {"replaced": "yes"}, replaced)
    replace = custom.replace_namespaced_custom_object
    body = refused("custom: a stale replacement", 409, "Conflict", replace, *where, "custom-1", one)
    holds("custom: a conflict says of what", is_about(body, options, "custom-1"), body)


def refusals(custom, where, options):
    body = refused(
        "custom: reading what is gone", 404, "NotFound", custom.get_namespaced_custom_object, *where, "custom-2"
    )
    holds("custom: it says of what", is_about(body, options, "custom-2"), body)
    create = custom.create_namespaced_custom_object
    twice = manifest(options, "custom-1")
    body = refused("custom: creating it twice", 409, "AlreadyExists", create, *where, twice)
    holds("custom: it says which", is_about(body, options, "custom-1"), body)
    wrong = manifest(options, "wrong")
    wrong["metadata"]["annotations"] = {"no key": "x"}
    body = refused("custom: a wrong annotation", 422, "Invalid", create, *where, wrong)
    fields = [cause["field"] for cause in body["details"]["causes"]]
    holds("custom: it says which field", fields == ["metadata.annotations"], body)
    unknown = manifest(options, "unknown")
    unknown["spec"]["nonsense"] = True
    strict = {"field_validation": "Strict"}
    refused("custom: an unknown field, strictly", 400, "BadRequest", create, *where, unknown, **strict)
    listing = custom.list_namespaced_custom_object
    refused("custom: a token of nobody", 400, "BadRequest", listing, *where, _continue="nonsense")


def status(custom, where):
    one = custom.get_namespaced_custom_object_status(*where, "custom-3")
    stale = json.loads(json.dumps(one))
    one.setdefault("status", {})["conditions"] = [condition()]
    written = custom.replace_namespaced_custom_object_status(*where, "custom-3", one)
    reasons = [one["reason"] for one in written["status"]["conditions"]]
    holds("custom: a status is replaced", "Tested" in reasons, written)
    replace = custom.replace_namespaced_custom_object_status
    refused("custom: a stale status", 409, "Conflict", replace, *where, "custom-3", stale)
    patch = {"status": {"observedGeneration": 1}}
    patched = custom.patch_namespaced_custom_object_status(*where, "custom-3", patch)
    holds("custom: a status is patched", patched["status"]["observedGeneration"] == 1, patched)


def scale(custom, where):
    asked = custom.get_namespaced_custom_object_scale(*where, "custom-4")
    holds("custom: its scale is read", asked["spec"]["replicas"] == 1, asked)
    asked["spec"]["replicas"] = 0
    custom.replace_namespaced_custom_object_scale(*where, "custom-4", asked)
    scaled = custom.get_namespaced_custom_object_scale(*where, "custom-4")
    holds("custom: it is scaled to zero", scaled["spec"].get("replicas", 0) == 0, scaled)
    custom.patch_namespaced_custom_object_scale(*where, "custom-4", {"spec": {"replicas": 1}})
    back = custom.get_namespaced_custom_object_scale(*where, "custom-4")
    holds("custom: and back", back["spec"]["replicas"] == 1, back)
