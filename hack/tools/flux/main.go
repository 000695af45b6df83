// Command flux does what Flux's controllers do, by their own library, and prints what it saw to hold, a line each.
//
// With -kind it works on objects of one kind, whose status it writes itself. Without, it takes a list of objects from stdin:
// it applies them in stages, waits until they are ready, and takes them away again. The first thing that does not hold ends it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/clusterreader"
	"github.com/fluxcd/cli-utils/pkg/kstatus/polling/engine"
	"github.com/fluxcd/pkg/ssa"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// owner is what kustomize-controller calls itself.
var owner = ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"}

// fields is JSON.
type fields = map[string]any

// target is the kind that is worked on.
type target struct {
	kind      schema.GroupVersionKind
	namespace string
	// Another version of it that is served.
	other string
	// What an object says, another spec it may change to and back, and one that it may not have.
	spec, drift, refused fields
	hasStatus            bool
}

// session is Flux's manager of resources at one server.
type session struct {
	context.Context
	*ssa.ResourceManager
	client client.Client
	about  target
}

// connect makes two of them, which look at what they wait for by lists, and object by object.
func connect(kubeconfig string, about target) ([]session, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	connection, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	var sessions []session
	for _, reader := range []engine.ClusterReaderFactoryFunc{clusterreader.NewCachingClusterReader, clusterreader.NewDirectClusterReader} {
		poller := polling.NewStatusPoller(connection, connection.RESTMapper(), polling.Options{ClusterReaderFactory: reader})
		manager := ssa.NewResourceManager(connection, poller, owner)
		sessions = append(sessions, session{Context: context.Background(), ResourceManager: manager, client: connection, about: about})
	}
	return sessions, nil
}

// holds prints what holds, or says what does not.
func holds(what string, condition bool, seen any) error {
	if !condition {
		return fmt.Errorf("does not hold: %s: %+v", what, seen)
	}
	fmt.Println("Flux: " + what)
	return nil
}

func work(kubeconfig string, about target) error {
	sessions, err := connect(kubeconfig, about)
	if err != nil {
		return err
	}
	if about.kind.Kind == "" {
		return stages(sessions[0])
	}
	for _, step := range []func(session) error{applied, together, drifted, contested, migrated, forgotten, renamed, refused, pruned} {
		if err := step(sessions[0]); err != nil {
			return err
		}
	}
	if !about.hasStatus {
		return nil
	}
	for number, name := range []string{"by lists", "object by object"} {
		if err := awaited(sessions[number], name); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to connect")
	apiVersion := flag.String("api-version", "", "the group and version of the kind")
	kind := flag.String("kind", "", "the kind")
	var about target
	flag.StringVar(&about.namespace, "namespace", "", "the namespace")
	flag.StringVar(&about.other, "other-version", "", "another version of the kind")
	flag.BoolVar(&about.hasStatus, "status", false, "there is a subresource status")
	for name, value := range map[string]*fields{"spec": &about.spec, "drift": &about.drift, "refused": &about.refused} {
		flag.Func(name, "a spec, as JSON", func(text string) error { return json.Unmarshal([]byte(text), value) })
	}
	flag.Parse()
	about.kind = schema.FromAPIVersionAndKind(*apiVersion, *kind)
	log.SetLogger(logr.Discard())
	if err := work(*kubeconfig, about); err != nil {
		fmt.Fprintln(os.Stderr, "flux:", err)
		os.Exit(1)
	}
}

// object is one to be applied.
func (s session) object(name string, spec fields) *unstructured.Unstructured {
	object := s.empty(name)
	object.Object["spec"] = copied(spec)
	return object
}

// empty is one that says nothing but its name.
func (s session) empty(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: fields{}}
	object.SetGroupVersionKind(s.about.kind)
	object.SetNamespace(s.about.namespace)
	object.SetName(name)
	return object
}

// copied is the same, of nobody else.
func copied(value fields) fields {
	return (&unstructured.Unstructured{Object: value}).DeepCopy().Object
}

// read gives an object as it is now.
func (s session) read(name string) (*unstructured.Unstructured, error) {
	object := s.empty(name)
	return object, s.client.Get(s, client.ObjectKeyFromObject(object), object)
}

// by names who applies or writes.
func by(name string) client.FieldOwner { return client.FieldOwner(name) }
