package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
)

// scales is what the horizontal autoscaler does with a kind that it learned of by discovery alone.
func scales(ctx context.Context, about target) error {
	typed, err := newClientset(about)
	if err != nil {
		return err
	}
	asked := &object{ObjectMeta: metav1.ObjectMeta{Name: "scaled"}, Spec: about.spec}
	if _, err := typed.Create(ctx, asked, metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, media := range []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf} {
		client, err := scaleClient(about, media)
		if err != nil {
			return err
		}
		if err := scaleIn(ctx, media, client.Scales(about.namespace), about); err != nil {
			return fmt.Errorf("%s: %w", media, err)
		}
	}
	seen, err := typed.Get(ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := holds("scale: the object says what its scale says", *seen.Spec.Instances == 2, seen); err != nil {
		return err
	}
	say(line{Event: "done"})
	<-ctx.Done()
	return nil
}

func scaleClient(about target, media string) (scale.ScalesGetter, error) {
	found, err := discovery.NewDiscoveryClientForConfig(about.config)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(about.config)
	config.ContentType = media
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(found))
	return scale.NewForConfig(config, mapper, dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(found))
}

func scaleIn(ctx context.Context, media string, client scale.ScaleInterface, about target) error {
	resource := about.resource.GroupResource()
	first, err := client.Get(ctx, resource, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	wanted := first.DeepCopy()
	wanted.Spec.Replicas = 3
	updated, err := client.Update(ctx, resource, wanted, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	if err := holds("scale: a scale is updated, as "+media, updated.Spec.Replicas == 3, updated); err != nil {
		return err
	}
	_, err = client.Update(ctx, resource, wanted, metav1.UpdateOptions{})
	if err := holds("scale: a stale one conflicts, as "+media, apierrors.IsConflict(err), err); err != nil {
		return err
	}
	patch := []byte(`{"spec":{"replicas":2}}`)
	patched, err := client.Patch(ctx, about.resource, "scaled", types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if err := holds("scale: a scale is patched, as "+media, patched.Spec.Replicas == 2, patched); err != nil {
		return err
	}
	_, err = client.Get(ctx, resource, "none", metav1.GetOptions{})
	return holds("scale: what is not there has none, as "+media, apierrors.IsNotFound(err), err)
}
