package main

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
)

const root = "/apis/example.apiserver.k8s.io/v1"

var scheme = func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{example.AddToScheme, examplev1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return scheme
}()

// place is where an object is; without a name it is all objects there.
type place struct{ resource, namespace, name string }

// objectAt is the place of the object of a key.
func objectAt(key string) (place, error) {
	rest, ok := strings.CutPrefix(key, "/pods/")
	parts := strings.Split(rest, "/")
	switch {
	case ok && len(parts) == 1:
		return place{"clusterpods", "", parts[0]}, nil
	case ok && len(parts) == 2 && parts[0] == "":
		return place{"clusterpods", "", parts[1]}, nil
	case ok && len(parts) == 2:
		return place{"pods", parts[0], parts[1]}, nil
	}
	return place{}, fmt.Errorf("%s is the key of no object", key)
}

func (s *store) resource() string {
	if s.clusterScoped {
		return "clusterpods"
	}
	return "pods"
}

// below is the place of all objects whose keys begin so.
func (s *store) below(key string) (place, error) {
	rest, ok := strings.CutPrefix(key, "/pods")
	namespace := strings.Trim(rest, "/")
	if !ok || strings.Contains(namespace, "/") || (s.clusterScoped && namespace != "") {
		return place{}, fmt.Errorf("%s is the key of no collection", key)
	}
	return place{s.resource(), namespace, ""}, nil
}

func (p place) collection() string {
	if p.namespace == "" {
		return root + "/" + p.resource
	}
	return root + "/namespaces/" + p.namespace + "/" + p.resource
}

func (p place) path() string { return p.collection() + "/" + p.name }

// at is the place of one of several objects.
func (p place) at(meta *metav1.ObjectMeta) place { return place{p.resource, meta.Namespace, meta.Name} }

// body is an object as a request has it; the server knows its UID itself.
func (p place) body(pod *example.Pod) (*examplev1.Pod, error) {
	if pod.Name != p.name || (pod.Namespace != "" && pod.Namespace != p.namespace) {
		return nil, fmt.Errorf("%s/%s cannot be written to %s: its name is that of its path", pod.Namespace, pod.Name, p.path())
	}
	body := &examplev1.Pod{}
	if err := scheme.Convert(pod.DeepCopy(), body, nil); err != nil {
		return nil, err
	}
	kind := map[string]string{"pods": "Pod", "clusterpods": "ClusterPod"}[p.resource]
	body.TypeMeta = metav1.TypeMeta{APIVersion: "example.apiserver.k8s.io/v1", Kind: kind}
	body.UID = ""
	return body, nil
}

// show makes a caller's object of an answer, where one is wanted.
func (s *store) show(place place, pod *examplev1.Pod, out runtime.Object) error {
	if out == nil {
		return nil
	}
	shown := out.(*example.Pod)
	*shown = example.Pod{}
	if err := scheme.Convert(pod, shown, nil); err != nil {
		return err
	}
	shown.UID = ""
	if known, ok := s.uids.Load(place.at(&pod.ObjectMeta)); ok && known.(named).server == pod.UID {
		shown.UID = known.(named).caller
	}
	shown.CreationTimestamp = metav1.Time{}
	shown.Generation = 0
	shown.ManagedFields = nil
	return nil
}
