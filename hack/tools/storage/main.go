// Command storage runs upstream's tests of storage.Interface (k8s.io/apiserver/pkg/storage/testing) over HTTP, against a server
// of the group that they are written for. Each test begins with an empty store, which it orders from whoever started it: a line
// that begins with ORDER is answered by a line on standard input.
//
//	storage -kubeconfig FILE [-store etcd] [-test.v] [-test.run PATTERN]
//	storage -kubeconfig FILE [-store etcd] -known    runs what is known to fail, and nothing else
//	storage [-store etcd] -list                      names what is known to fail, and why
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

func main() {
	testing.Init()
	kubeconfig := flag.String("kubeconfig", "", "the server that is asked")
	over := flag.String("store", "", "what the server stores its objects in: etcd, or nothing that is known")
	known := flag.Bool("known", false, "run what is known to fail, and nothing else")
	list := flag.Bool("list", false, "name what is known to fail, and why")
	flag.Parse()
	if *list {
		for _, entry := range differingOver(*over) {
			fmt.Printf("%s\t%s\n", entry.name(), entry.why)
		}
		return
	}
	pattern := "test.skip"
	if *known {
		pattern = "test.run"
	}
	if err := flag.Set(pattern, matching(differingOver(*over))); err != nil {
		fail(err)
	}
	server, err := connect(*kubeconfig)
	if err != nil {
		fail(err)
	}
	testing.Main(regexp.MatchString, all(server), nil, nil)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "storage: %v\n", err)
	os.Exit(2)
}

// matching is the pattern of these tests, as the flags of tests have it.
func matching(entries []difference) string {
	patterns := make([]string, len(entries))
	for at, entry := range entries {
		parts := strings.Split(entry.name(), "/")
		for at, part := range parts {
			parts[at] = "^" + regexp.QuoteMeta(part) + "$"
		}
		patterns[at] = strings.Join(parts, "/")
	}
	return strings.Join(patterns, "|")
}
