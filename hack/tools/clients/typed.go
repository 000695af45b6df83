package main

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// thing is an object with Go types, as a generated client has them: its fields are read, whatever they are.
type thing struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              json.RawMessage `json:"spec,omitempty"`
	Status            json.RawMessage `json:"status,omitempty"`
}

// DeepCopyObject makes thing an object of a scheme.
func (t *thing) DeepCopyObject() runtime.Object {
	copied := &thing{TypeMeta: t.TypeMeta, Spec: t.Spec, Status: t.Status}
	t.DeepCopyInto(&copied.ObjectMeta)
	return copied
}

// thingList is a list of them.
type thingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []thing `json:"items"`
}

// DeepCopyObject makes thingList an object of a scheme.
func (l *thingList) DeepCopyObject() runtime.Object {
	copied := &thingList{TypeMeta: l.TypeMeta, ListMeta: l.ListMeta}
	for _, item := range l.Items {
		copied.Items = append(copied.Items, *item.DeepCopyObject().(*thing))
	}
	return copied
}

// typedInformer is what controllers with a generated clientset use.
func typedInformer(ctx context.Context, about target) error {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(about.kind, &thing{})
	scheme.AddKnownTypeWithName(about.kind.GroupVersion().WithKind(about.kind.Kind+"List"), &thingList{})
	metav1.AddToGroupVersion(scheme, about.kind.GroupVersion())
	config := rest.CopyConfig(about.config)
	groupVersion := about.kind.GroupVersion()
	config.GroupVersion = &groupVersion
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return err
	}
	every := func(*metav1.ListOptions) {}
	listWatch := cache.NewFilteredListWatchFromClient(client, about.resource.Resource, about.namespace, every)
	return inform(ctx, cache.NewSharedIndexInformer(listWatch, &thing{}, 0, cache.Indexers{}))
}
