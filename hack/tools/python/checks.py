"""What the checks of both clients share."""

import json

from kubernetes.client.exceptions import ApiException

OBJECTS = 7
PAGE = 3
MERGE = "application/merge-patch+json"
# What no server has kept.
LONG_AGO = "1"


def holds(what, condition, seen=None):
    """Prints what holds; raises when it does not."""
    if not condition:
        raise AssertionError(f"{what}: {seen}")
    print(what, flush=True)


def refused(what, code, reason, call, *arguments, **named):
    """Prints that a call is refused, and returns the body of the refusal."""
    try:
        answer = call(*arguments, **named)
    except ApiException as error:
        body = json.loads(error.body)
        seen = (error.status, body["kind"], body["status"], body["code"], body["reason"])
        holds(f"{what}: {code} {reason}", seen == (code, "Status", "Failure", code, reason), error)
        return body
    raise AssertionError(f"{what} was not refused: {answer}")


def expired(what, events):
    """Prints that a watch ends at once because it begins too long ago."""
    try:
        seen = next(iter(events))
    except ApiException as error:
        holds(what, error.status == 410 and str(error.reason).startswith("Expired: "), error)
    else:
        raise AssertionError(f"{what}: {seen}")


def manifest(options, name):
    return {
        "apiVersion": f"{options.group}/{options.version}",
        "kind": options.kind,
        "metadata": {"name": name, "namespace": options.namespace},
        "spec": json.loads(options.spec),
    }


def is_about(body, options, name):
    """Whether the details of a refusal say of which object it is."""
    details = body["details"]
    return (details["group"], details["kind"], details["name"]) == (options.group, options.plural, name)


def condition():
    return {
        "type": "Ready",
        "status": "False",
        "reason": "Tested",
        "message": "",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }
