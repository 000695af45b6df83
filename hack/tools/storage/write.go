package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
)

// errStale says that what was suggested is not what is there.
var errStale = errors.New("the suggestion is stale")

// attempt calls a function with a suggestion, if there is one, and then with what is there, until it is not stale.
func (s *store) attempt(
	ctx context.Context, key string, suggestion runtime.Object, try func(current *example.Pod) error,
) error {
	if suggestion != nil && !reflect.ValueOf(suggestion).IsNil() {
		suggested := suggestion.(*example.Pod)
		err := try(suggested.DeepCopy())
		if err == nil {
			return nil
		}
		current, failure := s.read(ctx, key)
		if failure != nil {
			return failure
		}
		if current != nil && current.ResourceVersion == suggested.ResourceVersion {
			return err
		}
	}
	for {
		current, err := s.read(ctx, key)
		if err != nil {
			return err
		}
		if err := try(current); !errors.Is(err, errStale) {
			return err
		}
	}
}

func (s *store) GuaranteedUpdate(
	ctx context.Context, key string, out runtime.Object, ignoreNotFound bool, preconditions *storage.Preconditions,
	update storage.UpdateFunc, suggestion runtime.Object,
) error {
	place, err := objectAt(key)
	if err != nil {
		return err
	}
	return s.attempt(ctx, key, suggestion, func(current *example.Pod) error {
		isNew := current == nil
		if isNew && !ignoreNotFound {
			return storage.NewKeyNotFoundError(key, 0)
		}
		if isNew {
			current = &example.Pod{}
		}
		wanted, err := s.updated(key, current.DeepCopy(), preconditions, update, isNew)
		if err != nil {
			return err
		}
		var written *examplev1.Pod
		if isNew {
			written, err = s.create(ctx, place, wanted)
		} else {
			written, err = s.replace(ctx, place, wanted, current.ResourceVersion, preconditions)
		}
		if isStale(err) || (isNew && apierrors.IsAlreadyExists(err)) {
			return errStale
		}
		if err != nil {
			return storageError(key, err)
		}
		return s.show(place, written, out)
	})
}

// updated is what a caller makes of an object.
func (s *store) updated(
	key string, current *example.Pod, preconditions *storage.Preconditions, update storage.UpdateFunc, isNew bool,
) (*example.Pod, error) {
	meta := storage.ResponseMeta{}
	if isNew {
		// There is nothing yet that a server could compare.
		if err := preconditions.Check(key, current); err != nil {
			return nil, err
		}
	} else {
		version, err := s.Versioner().ParseResourceVersion(current.ResourceVersion)
		if err != nil {
			return nil, err
		}
		meta.ResourceVersion = version
	}
	wanted, ttl, err := update(current, meta)
	if err == nil && ttl != nil && *ttl != 0 && !s.forever {
		err = errTTL
	}
	if err != nil {
		return nil, err
	}
	pod := wanted.(*example.Pod).DeepCopy()
	pod.ResourceVersion = ""
	return pod, nil
}

func (s *store) replace(
	ctx context.Context, place place, wanted *example.Pod, version string, preconditions *storage.Preconditions,
) (*examplev1.Pod, error) {
	body, err := place.body(wanted)
	if err != nil {
		return nil, err
	}
	body.ResourceVersion = version
	if preconditions != nil && preconditions.UID != nil {
		body.UID = s.uid(place, *preconditions.UID)
	}
	if preconditions != nil && preconditions.ResourceVersion != nil {
		body.ResourceVersion = *preconditions.ResourceVersion
	}
	written := &examplev1.Pod{}
	return written, s.ask(ctx, http.MethodPut, place.path(), nil, body, written)
}

// isStale says whether a request was refused because the object is newer.
func isStale(err error) bool { return apierrors.IsConflict(err) && !isOtherObject(err) }

func (s *store) Delete(
	ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, suggestion runtime.Object, opts storage.DeleteOptions,
) error {
	place, err := objectAt(key)
	if err != nil {
		return err
	}
	if opts.ExpectTransformOrDecodeError {
		return s.deleteUnreadable(ctx, key, place, validate)
	}
	return s.attempt(ctx, key, suggestion, func(current *example.Pod) error {
		if current == nil {
			return storage.NewKeyNotFoundError(key, 0)
		}
		if err := validate(ctx, current.DeepCopy()); err != nil {
			return err
		}
		wanted := metav1.Preconditions{ResourceVersion: &current.ResourceVersion}
		if preconditions != nil && preconditions.UID != nil {
			uid := s.uid(place, *preconditions.UID)
			wanted.UID = &uid
		}
		if preconditions != nil && preconditions.ResourceVersion != nil {
			wanted.ResourceVersion = preconditions.ResourceVersion
		}
		return s.deleteSeen(ctx, key, place, &wanted, current, out.(*example.Pod))
	})
}

// deleteSeen deletes an object and returns its last state at the revision of the deletion, which only a watch is told.
func (s *store) deleteSeen(
	ctx context.Context, key string, place place, wanted *metav1.Preconditions, current, out *example.Pod,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	named := storage.SelectionPredicate{Field: fields.Everything()}
	seen, err := s.Watch(ctx, key, storage.ListOptions{ResourceVersion: current.ResourceVersion, Predicate: named})
	if err != nil {
		return err
	}
	options := metav1.DeleteOptions{Preconditions: wanted}
	err = s.ask(ctx, http.MethodDelete, place.path(), nil, options, nil)
	if isStale(err) {
		return errStale
	}
	if err != nil {
		return storageError(key, err)
	}
	for event := range seen.ResultChan() {
		if pod, ok := event.Object.(*example.Pod); ok && event.Type == watch.Deleted {
			*out = *pod
			return nil
		}
	}
	return fmt.Errorf("the watch of %s ended without its deletion", key)
}

// deleteUnreadable deletes an object that cannot be read, and no other.
func (s *store) deleteUnreadable(
	ctx context.Context, key string, place place, validate storage.ValidateObjectFunc,
) error {
	if err := validate(ctx, nil); err != nil {
		return err
	}
	yes := true
	options := metav1.DeleteOptions{IgnoreStoreReadErrorWithClusterBreakingPotential: &yes}
	return storageError(key, s.ask(ctx, http.MethodDelete, place.path(), nil, options, nil))
}
