"""The official Python client against one kind: its dynamic client, its CustomObjectsApi, and watches of both.

Prints a line for each thing that holds; the first that does not ends it with a traceback.
"""

import argparse
import json

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

OBJECTS = 7
PAGE = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ["kubeconfig", "namespace", "group", "version", "plural", "kind", "spec", "change"]:
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    api = config.new_client_from_config(config_file=options.kubeconfig)
    with_dynamic(dynamic.DynamicClient(api), options)
    with_custom_objects(client.CustomObjectsApi(api), options)


def holds(what, condition, seen=None):
    if not condition:
        raise AssertionError(f"{what}: {seen}")
    print(what, flush=True)


def refused(code, reason, call, *arguments, **named):
    """The body of the refusal that a call ends with."""
    try:
        call(*arguments, **named)
    except (ApiException, dynamic.exceptions.DynamicApiError) as error:
        body = json.loads(error.body)
        if (error.status, body["reason"]) == (code, reason):
            return body
        raise
    raise AssertionError(f"{call} was not refused with {code} {reason}")


def manifest(options, name):
    return {
        "apiVersion": f"{options.group}/{options.version}",
        "kind": options.kind,
        "metadata": {"name": name, "namespace": options.namespace},
        "spec": json.loads(options.spec),
    }


def with_dynamic(found, options):
    kind = found.resources.get(api_version=f"{options.group}/{options.version}", kind=options.kind)
    holds("dynamic: the kind is discovered", kind.name == options.plural and kind.namespaced)
    where = {"namespace": options.namespace}
    created = [kind.create(body=manifest(options, f"dynamic-{n}"), **where) for n in range(OBJECTS)]
    holds("dynamic: objects are created", all(one.metadata.uid for one in created))
    listed = kind.get(**where)
    holds("dynamic: all are listed", len(listed.items) == OBJECTS, listed)
    one = kind.get(name="dynamic-0", **where)
    holds("dynamic: one is read", one.metadata.uid == created[0].metadata.uid)

    media = {"content_type": "application/merge-patch+json"}
    changed = kind.patch(name="dynamic-0", body=json.loads(options.change), **where, **media)
    newer = int(changed.metadata.resourceVersion) > int(one.metadata.resourceVersion)
    holds("dynamic: a merge patch makes a newer object", newer, changed)
    refused(409, "Conflict", kind.replace, body=one.to_dict(), **where)
    current = kind.get(name="dynamic-0", **where).to_dict()
    current["metadata"]["labels"] = {"replaced": "yes"}
    replaced = kind.replace(body=current, **where)
    holds("dynamic: a replacement needs the newest version", replaced.metadata.labels.replaced == "yes")
    selected = kind.get(label_selector="replaced=yes", **where)
    holds("dynamic: a label selects", [item.metadata.name for item in selected.items] == ["dynamic-0"])
    named = kind.get(field_selector="metadata.name=dynamic-1", **where)
    holds("dynamic: a field selects", len(named.items) == 1)

    kind.delete(name="dynamic-0", **where)
    refused(404, "NotFound", kind.get, name="dynamic-0", **where)
    body = refused(409, "AlreadyExists", kind.create, body=manifest(options, "dynamic-1"), **where)
    holds("dynamic: refusals say of what", body["details"]["name"] == "dynamic-1", body)
    wrong = manifest(options, "wrong")
    wrong["metadata"]["labels"] = {"no key": "x"}
    body = refused(422, "Invalid", kind.create, body=wrong, **where)
    holds("dynamic: refusals say which field", body["details"]["causes"][0]["field"] == "metadata.labels", body)

    seen = []
    for event in kind.watch(resource_version=listed.metadata.resourceVersion, timeout=2, **where):
        seen.append((event["type"], event["object"].metadata.name))
    expected = [("MODIFIED", "dynamic-0"), ("MODIFIED", "dynamic-0"), ("DELETED", "dynamic-0")]
    holds("dynamic: a watch tells what has happened since, and ends in time", seen == expected, seen)
    kind.delete(field_selector="metadata.name!=none", **where)
    holds("dynamic: a collection is deleted", kind.get(**where).items == [])


def with_custom_objects(api, options):
    where = (options.group, options.version, options.namespace, options.plural)
    for number in range(OBJECTS):
        api.create_namespaced_custom_object(*where, manifest(options, f"custom-{number}"))
    names, token = [], None
    while True:
        page = api.list_namespaced_custom_object(*where, limit=PAGE, _continue=token)
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue")
        if not token:
            break
    holds("custom: pages make the whole", names == [f"custom-{number}" for number in range(OBJECTS)], names)

    start = page["metadata"]["resourceVersion"]
    api.patch_namespaced_custom_object(*where, "custom-1", json.loads(options.change))
    api.delete_namespaced_custom_object(*where, "custom-2")
    seen = []
    stream = watch.Watch()
    for event in stream.stream(
        api.list_namespaced_custom_object, *where, resource_version=start, timeout_seconds=30
    ):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        if len(seen) == 2:
            stream.stop()
    holds("custom: a watch streams", seen == [("MODIFIED", "custom-1"), ("DELETED", "custom-2")], seen)
    body = refused(404, "NotFound", api.get_namespaced_custom_object, *where, "custom-2")
    holds("custom: what is gone is not found", body["details"]["kind"] == options.plural, body)


if __name__ == "__main__":
    main()
