module databases.standard.k8s.io/hack/tools/pause

go 1.26.0
