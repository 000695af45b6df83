#!/usr/bin/env bash
# Makes an environment with what the example backend in Python needs (deploy/examples/backends/python/requirements.txt), unless
# it is there already, and prints the path of its Python.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$here/python.sh" backend-python "$here/../../deploy/examples/backends/python/requirements.txt"
