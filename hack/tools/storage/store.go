package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
)

// store is upstream's storage.Interface over the HTTP API of a server.
//
// Keys are /pods/NAMESPACE/NAME, and without a namespace /pods/NAME or /pods//NAME; these are objects of a resource of its own.
// What a server itself writes into metadata is not shown, because a storage returns what was put into it.
type store struct {
	*server
	test *testing.T
	// clusterScoped says that /pods/ means the objects without namespace.
	clusterScoped bool
	// forever says that objects may live longer than they need; without it one that is to go by itself is refused.
	forever bool
	// unhooked says that what gets between a server and its store is left out.
	unhooked bool
	uids     sync.Map
}

// named is what a caller calls an object whose UID is the server's.
type named struct{ server, caller types.UID }

var _ storagetesting.InterfaceWithPrefixTransformer = &store{}

var (
	errTTL      = errors.New("no object goes by itself over HTTP")
	errProgress = errors.New("no client asks for the progress of its watch")
)

func (s *store) Versioner() storage.Versioner { return storage.APIObjectVersioner{} }

func (s *store) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	if ttl != 0 && !s.forever {
		return errTTL
	}
	place, err := objectAt(key)
	if err != nil {
		return err
	}
	created, err := s.create(ctx, place, obj.(*example.Pod))
	if err != nil {
		return storageError(key, err)
	}
	return s.show(place, created, out)
}

func (s *store) create(ctx context.Context, place place, pod *example.Pod) (*examplev1.Pod, error) {
	body, err := place.body(pod)
	if err != nil {
		return nil, err
	}
	created := &examplev1.Pod{}
	err = s.ask(ctx, http.MethodPost, place.collection(), nil, body, created)
	if status := (apierrors.APIStatus)(nil); apierrors.IsNotFound(err) && errors.As(err, &status) {
		// Upstream's tests know no namespaces that must be there.
		if details := status.Status().Details; details != nil && details.Kind == "namespaces" {
			namespace := map[string]any{"metadata": map[string]any{"name": place.namespace}}
			err = s.ask(ctx, http.MethodPost, "/api/v1/namespaces", nil, namespace, nil)
			if err == nil || apierrors.IsAlreadyExists(err) {
				err = s.ask(ctx, http.MethodPost, place.collection(), nil, body, created)
			}
		}
	}
	if err == nil {
		s.uids.Store(place, named{created.UID, pod.UID})
	}
	return created, err
}

func (s *store) Get(ctx context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	place, err := objectAt(key)
	if err != nil {
		return err
	}
	query := url.Values{}
	if opts.ResourceVersion != "" {
		query.Set("resourceVersion", opts.ResourceVersion)
	}
	pod := &examplev1.Pod{}
	err = s.ask(ctx, http.MethodGet, place.path(), query, nil, pod)
	if apierrors.IsNotFound(err) && opts.IgnoreNotFound {
		return runtime.SetZeroValue(out)
	}
	if err != nil {
		return storageError(key, err)
	}
	return s.show(place, pod, out)
}

// read is what an object is now; nothing where it is not.
func (s *store) read(ctx context.Context, key string) (*example.Pod, error) {
	pod := &example.Pod{}
	err := s.Get(ctx, key, storage.GetOptions{}, pod)
	if storage.IsNotFound(err) {
		return nil, nil
	}
	return pod, err
}

// storageError is an answer of a server as a storage says it.
func storageError(key string, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return storage.NewKeyNotFoundError(key, 0)
	case apierrors.IsAlreadyExists(err):
		return storage.NewKeyExistsError(key, 0)
	case isOtherObject(err), apierrors.IsConflict(err) && strings.Contains(err.Error(), "invalid object"):
		return storage.NewInvalidObjError(key, err.Error())
	case err != nil && strings.Contains(err.Error(), storage.ErrResourceVersionSetOnCreate.Error()):
		return storage.ErrResourceVersionSetOnCreate
	}
	return err
}

// isOtherObject says whether a request was refused because the object is not the one of that UID; updates and deletions say so in
// other words.
func isOtherObject(err error) bool {
	return apierrors.IsConflict(err) && strings.Contains(err.Error(), "UID in ")
}

// uid is what the server calls an object that the caller calls so.
func (s *store) uid(place place, caller types.UID) types.UID {
	if known, ok := s.uids.Load(place); ok && known.(named).caller == caller {
		return known.(named).server
	}
	return caller
}

func (s *store) Stats(ctx context.Context) (storage.Stats, error) {
	list, err := s.first(ctx)
	if err != nil {
		return storage.Stats{}, err
	}
	count := int64(len(list.Items))
	if list.RemainingItemCount != nil {
		count += *list.RemainingItemCount
	}
	return storage.Stats{ObjectCount: count}, nil
}

func (s *store) GetCurrentResourceVersion(ctx context.Context) (uint64, error) {
	list, err := s.first(ctx)
	if err != nil {
		return 0, err
	}
	return s.Versioner().ParseResourceVersion(list.ResourceVersion)
}

// first is a list of one object.
func (s *store) first(ctx context.Context) (*examplev1.PodList, error) {
	list := &examplev1.PodList{}
	all := place{resource: s.resource()}
	return list, s.ask(ctx, http.MethodGet, all.collection(), url.Values{"limit": {"1"}}, nil, list)
}

func (s *store) ReadinessCheck() error {
	return s.ask(s.test.Context(), http.MethodGet, "/readyz", nil, nil, nil)
}

func (s *store) RequestWatchProgress(context.Context) error {
	return errProgress
}

func (s *store) EnableResourceSizeEstimation(storage.KeysFunc) error {
	return errors.New("no client is told how large objects are stored")
}

func (s *store) CompactRevision() int64 {
	s.test.Fatal("no client is told what was compacted")
	return 0
}

func (s *store) UpdatePrefixTransformer(modify storagetesting.PrefixTransformerModifier) func() {
	if !s.unhooked {
		s.test.Fatal("no client gets between a server and its store")
	}
	modify(storagetesting.NewPrefixTransformer(nil, false))
	return func() {}
}

func (s *store) UpdateTransformer(storagetesting.TransformerModifier) func() {
	s.test.Fatal("no client gets between a server and its store")
	return nil
}
