package main

import (
	"context"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// typedWrites is what a controller with a generated clientset does, step by step.
func typedWrites(ctx context.Context, about target) error {
	client, err := newClientset(about)
	if err != nil {
		return err
	}
	steps := &steps{ctx: ctx, client: client, about: about}
	for _, step := range []func() error{steps.create, steps.update, steps.patch, steps.updateStatus, steps.watch, steps.expired, steps.everywhere, steps.remove} {
		if err := step(); err != nil {
			return err
		}
	}
	say(line{Event: "done"})
	<-ctx.Done()
	return nil
}

type steps struct {
	ctx    context.Context
	client *clientset
	about  target
	// The object as it was created, and as it is now.
	first, now *object
}

// holds prints what holds, or says what does not.
func holds(what string, condition bool, seen any) error {
	if !condition {
		return fmt.Errorf("%s: %+v", what, seen)
	}
	say(line{Event: "holds", Name: what})
	return nil
}

func (s *steps) create() error {
	asked := &object{ObjectMeta: metav1.ObjectMeta{Name: "typed"}, Spec: s.about.spec}
	created, err := s.client.Create(s.ctx, asked, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	s.first, s.now = created, created.deepCopy()
	if _, err = s.client.Create(s.ctx, asked, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("created twice: %w", err)
	}
	_, err = s.client.Get(s.ctx, "none", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("read what is not there: %w", err)
	}
	whole := created.Spec.ClassName == asked.Spec.ClassName && created.Spec.Reference == asked.Spec.Reference
	return holds("typed: it is created once, and what is not there is not found", whole, created)
}

func (s *steps) update() error {
	s.now.Labels = map[string]string{"step": "update"}
	updated, err := s.client.Update(s.ctx, s.now, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	s.now = updated
	stale := s.first.deepCopy()
	stale.Labels = map[string]string{"step": "stale"}
	_, err = s.client.Update(s.ctx, stale, metav1.UpdateOptions{})
	return holds("typed: the newest is updated, a stale one conflicts", apierrors.IsConflict(err), err)
}

func (s *steps) patch() error {
	patch := []byte(`{"metadata":{"annotations":{"step":"patch"}}}`)
	patched, err := s.client.Patch(s.ctx, "typed", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "e2e"})
	if err != nil {
		return err
	}
	s.now = patched
	kept := patched.Labels["step"] == "update" && patched.Annotations["step"] == "patch"
	return holds("typed: a merge patch changes what it says and nothing else", kept, patched)
}

func (s *steps) updateStatus() error {
	if !s.about.hasStatus {
		return nil
	}
	asked := s.now.deepCopy()
	asked.Labels = nil
	asked.Status.ObservedGeneration = asked.Generation
	updated, err := s.client.UpdateStatus(s.ctx, asked, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	s.now = updated
	stated := updated.Status.ObservedGeneration == asked.Generation && updated.Labels["step"] == "update"
	return holds("typed: a status is updated, and nothing else", stated, updated)
}

func (s *steps) watch() error {
	events, err := s.client.Watch(s.ctx, metav1.ListOptions{
		ResourceVersion: s.first.ResourceVersion, FieldSelector: "metadata.name=typed",
	})
	if err != nil {
		return err
	}
	defer events.Stop()
	for event := range events.ResultChan() {
		seen, typed := event.Object.(*object)
		if !typed || event.Type != watch.Modified {
			return fmt.Errorf("%s of %T: %w", event.Type, event.Object, apierrors.FromObject(event.Object))
		}
		if seen.ResourceVersion == s.now.ResourceVersion {
			return holds("typed: a watch tells every change since", true, seen)
		}
	}
	return io.ErrUnexpectedEOF
}

func (s *steps) expired() error {
	events, err := s.client.Watch(s.ctx, metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		return err
	}
	defer events.Stop()
	event := <-events.ResultChan()
	told := event.Type == watch.Error && apierrors.IsResourceExpired(apierrors.FromObject(event.Object))
	if _, goesOn := <-events.ResultChan(); goesOn {
		return fmt.Errorf("a watch from long ago goes on")
	}
	return holds("typed: a watch from long ago is told that it is expired, and ends", told, event)
}

func (s *steps) everywhere() error {
	about := s.about
	about.namespace = metav1.NamespaceAll
	client, err := newClientset(about)
	if err != nil {
		return err
	}
	listed, err := client.List(s.ctx, metav1.ListOptions{FieldSelector: "metadata.namespace=" + s.about.namespace})
	if err != nil {
		return err
	}
	only := len(listed.Items) == 1 && listed.Items[0].UID == s.now.UID
	return holds("typed: of all namespaces one is selected", only, listed)
}

func (s *steps) remove() error {
	other := types.UID("other")
	precondition := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}}
	if err := s.client.Delete(s.ctx, "typed", precondition); !apierrors.IsConflict(err) {
		return fmt.Errorf("deleted another: %w", err)
	}
	listed, err := s.client.List(s.ctx, metav1.ListOptions{LabelSelector: "step=update"})
	if err != nil {
		return err
	}
	if len(listed.Items) != 1 || listed.Items[0].UID != s.now.UID {
		return fmt.Errorf("not listed by its label: %+v", listed)
	}
	everything := metav1.ListOptions{LabelSelector: "step"}
	if err := s.client.DeleteCollection(s.ctx, metav1.DeleteOptions{}, everything); err != nil {
		return err
	}
	_, err = s.client.Get(s.ctx, "typed", metav1.GetOptions{})
	return holds("typed: it is deleted with its collection, and not by another's uid", apierrors.IsNotFound(err), err)
}
