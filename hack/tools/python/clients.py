"""The official Python client against one kind: its dynamic client, its CustomObjectsApi, and watches of both.

Prints a line for each thing that holds; the first that does not ends it with a traceback.
"""

import argparse

from kubernetes import config

from custom import with_custom_objects
from dynamic import with_dynamic


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ["kubeconfig", "namespace", "group", "version", "plural", "kind", "spec", "change"]:
        parser.add_argument("--" + name, required=True)
    for name in ["status", "scale"]:
        parser.add_argument("--" + name, action="store_true", help=f"the kind has a subresource {name}")
    options = parser.parse_args()
    api = config.new_client_from_config(config_file=options.kubeconfig)
    with_dynamic(api, options)
    with_custom_objects(api, options)


if __name__ == "__main__":
    main()
