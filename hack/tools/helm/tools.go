//go:build tools

// Package helm pins the Helm that the tests lint, render and install the chart with.
package helm

import _ "helm.sh/helm/v4/cmd/helm"
