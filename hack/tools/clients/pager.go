package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"
)

// pagedList reads everything in small pages, as the namespace controller and kubectl do in large ones.
func pagedList(ctx context.Context, about target) error {
	client, err := dynamic.NewForConfig(about.config)
	if err != nil {
		return err
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return client.Resource(about.resource).Namespace(about.namespace).List(ctx, options)
	})
	pages.PageSize = 3
	seen := map[string]bool{}
	err = pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		accessor, err := meta.Accessor(object)
		if err != nil {
			return err
		}
		if seen[accessor.GetName()] {
			return fmt.Errorf("%s was listed twice", accessor.GetName())
		}
		seen[accessor.GetName()] = true
		return nil
	})
	if err != nil {
		return err
	}
	saySynced(len(seen))
	<-ctx.Done()
	return nil
}
