package main

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/gentype"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// clientset is what client-gen makes of types.
type clientset struct {
	*gentype.ClientWithList[*object, *objectList]
}

func newClientset(about target) (*clientset, error) {
	groupVersion := about.kind.GroupVersion()
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(about.kind, &object{})
	scheme.AddKnownTypeWithName(groupVersion.WithKind(about.kind.Kind+"List"), &objectList{})
	metav1.AddToGroupVersion(scheme, groupVersion)

	config := rest.CopyConfig(about.config)
	config.GroupVersion = &groupVersion
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &clientset{gentype.NewClientWithList(
		about.resource.Resource, client, runtime.NewParameterCodec(scheme), about.namespace,
		func() *object { return &object{} },
		func() *objectList { return &objectList{} },
	)}, nil
}

// typedInformer is what controllers with a generated clientset use.
func typedInformer(ctx context.Context, about target) error {
	client, err := newClientset(about)
	if err != nil {
		return err
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Watch(ctx, options)
		},
	}
	watched := cache.ToListWatcherWithWatchListSemantics(source, client)
	return inform(ctx, cache.NewSharedIndexInformer(watched, &object{}, 0, cache.Indexers{}))
}
