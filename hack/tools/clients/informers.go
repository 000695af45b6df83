package main

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
)

// dynamicInformer is what controllers without types of their own use.
func dynamicInformer(ctx context.Context, about target) error {
	client, err := dynamic.NewForConfig(about.config)
	if err != nil {
		return err
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(client, about.resource, about.namespace, 0, cache.Indexers{}, nil)
	return inform(ctx, informer.Informer())
}

// metadataInformer is what the garbage collector and the quota controller use.
func metadataInformer(ctx context.Context, about target) error {
	client, err := metadata.NewForConfig(about.config)
	if err != nil {
		return err
	}
	informer := metadatainformer.NewFilteredMetadataInformer(client, about.resource, about.namespace, 0, cache.Indexers{}, nil)
	return inform(ctx, informer.Informer())
}

// inform runs an informer and prints what its handlers are told after it is synced.
func inform(ctx context.Context, informer cache.SharedIndexInformer) error {
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("the informer never synced")
	}
	tell := func(event string, object any) {
		if tombstone, is := object.(cache.DeletedFinalStateUnknown); is {
			object = tombstone.Obj
		}
		if accessor, err := meta.Accessor(object); err == nil {
			sayObject(event, accessor)
		}
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(object any, isInInitialList bool) {
			if !isInInitialList {
				tell("added", object)
			}
		},
		UpdateFunc: func(before, object any) {
			// An informer that had to list again tells of objects that did not change.
			if revision(before) != revision(object) {
				tell("updated", object)
			}
		},
		DeleteFunc: func(object any) { tell("deleted", object) },
	})
	if err != nil {
		return err
	}
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return errors.New("the handler never synced")
	}
	saySynced(len(informer.GetStore().List()))
	<-ctx.Done()
	return nil
}

func revision(object any) string {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return accessor.GetResourceVersion()
}
