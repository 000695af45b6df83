// Command clients runs one of the field's own Go clients against one resource and prints what it sees, a JSON line each.
//
// It works until its stdin ends. The first line says that the client is synced, and with how many objects; then comes a
// line for each change. What a client must never see (a stream that breaks, a list that contradicts a watch) ends it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// target is what the client is about.
type target struct {
	config    *rest.Config
	resource  schema.GroupVersionResource
	kind      schema.GroupVersionKind
	namespace string
	// What an object to be created says, and whether there is a status to write.
	spec      spec
	hasStatus bool
}

// line is one thing that was seen.
type line struct {
	Event    string `json:"event"`
	Name     string `json:"name,omitempty"`
	Revision string `json:"revision,omitempty"`
	Count    *int   `json:"count,omitempty"`
}

var printing sync.Mutex

// say prints a line.
func say(seen line) {
	printing.Lock()
	defer printing.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		os.Exit(1)
	}
}

// sayObject prints what happened to an object.
func sayObject(event string, object metav1.Object) {
	say(line{Event: event, Name: object.GetName(), Revision: object.GetResourceVersion()})
}

// saySynced prints that everything is known.
func saySynced(count int) {
	say(line{Event: "synced", Count: &count})
}

var clients = map[string]func(context.Context, target) error{
	"dynamic":            dynamicInformer,
	"metadata":           metadataInformer,
	"typed":              typedInformer,
	"typed-writes":       typedWrites,
	"metadata-writes":    metadataWrites,
	"scales":             scales,
	"leader":             leader,
	"pager":              pagedList,
	"controller-runtime": controllerRuntime,
}

func main() {
	client := flag.String("client", "dynamic", "which client")
	kubeconfig := flag.String("kubeconfig", "", "how to connect")
	group := flag.String("group", "", "the API group")
	version := flag.String("version", "", "its version")
	plural := flag.String("resource", "", "the resource, in the plural")
	kind := flag.String("kind", "", "the kind")
	namespace := flag.String("namespace", "", "the namespace")
	text := flag.String("spec", "{}", "the spec of an object to be created, as JSON")
	hasStatus := flag.Bool("status", false, "there is a subresource status")
	klog.InitFlags(nil)
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fail(err)
	}
	run, known := clients[*client]
	if !known {
		fail(fmt.Errorf("there is no client %s", *client))
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	groupVersion := schema.GroupVersion{Group: *group, Version: *version}
	about := target{
		config: config, resource: groupVersion.WithResource(*plural), kind: groupVersion.WithKind(*kind),
		namespace: *namespace, hasStatus: *hasStatus,
	}
	if err := json.Unmarshal([]byte(*text), &about.spec); err != nil {
		fail(err)
	}
	if err := run(ctx, about); err != nil && ctx.Err() == nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "clients:", err)
	os.Exit(1)
}
