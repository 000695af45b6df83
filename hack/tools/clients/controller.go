package main

import (
	"context"
	"errors"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// label is what the controller sets, and what it is content with.
const label = "seen-by"

// reconciler labels every object it sees, by a merge patch with an optimistic lock, and then writes its status.
type reconciler struct {
	client.Client
	about target
}

// Reconcile labels one object.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	object := r.object()
	if err := r.Get(ctx, request.NamespacedName, object); err != nil {
		say(line{Event: "deleted", Name: request.Name})
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if object.GetLabels()[label] == "controller" {
		return reconcile.Result{}, r.state(ctx, object)
	}
	before := object.DeepCopy()
	object.SetLabels(map[string]string{label: "controller"})
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return reconcile.Result{}, r.Patch(ctx, object, patch, client.FieldOwner("e2e"))
}

// state writes which generation was seen, by a merge patch of the status, if there is one.
func (r *reconciler) state(ctx context.Context, object *unstructured.Unstructured) error {
	seen, _, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if err != nil {
		return err
	}
	if !r.about.hasStatus || seen == object.GetGeneration() {
		sayObject("updated", object)
		return nil
	}
	before := object.DeepCopy()
	if err := unstructured.SetNestedField(object.Object, object.GetGeneration(), "status", "observedGeneration"); err != nil {
		return err
	}
	return r.Status().Patch(ctx, object, client.MergeFrom(before))
}

func (r *reconciler) object() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(r.about.kind)
	return object
}

// controllerRuntime is what most operators are made with: a manager, its cache, a reconciler.
func controllerRuntime(ctx context.Context, about target) error {
	log.SetLogger(logr.Discard())
	options := manager.Options{
		Metrics: server.Options{BindAddress: "0"},
		Client:  client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{about.namespace: {}}},
	}
	running, err := manager.New(about.config, options)
	if err != nil {
		return err
	}
	r := &reconciler{Client: running.GetClient(), about: about}
	if err := builder.ControllerManagedBy(running).Named("e2e").For(r.object()).Complete(r); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Start(ctx) }()
	if !running.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the cache never synced")
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(about.kind)
	if err := running.GetClient().List(ctx, list, client.InNamespace(about.namespace)); err != nil {
		return err
	}
	saySynced(len(list.Items))
	return <-ended
}
