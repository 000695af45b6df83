package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	upstream "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
)

// plain is a test that needs a storage and nothing else.
type plain func(context.Context, *testing.T, storage.Interface)

// all are the tests of upstream's package, by the names of their functions.
func all(server *server) []testing.InternalTest {
	tests := []testing.InternalTest{}
	// Each is given a storage of its own, over an empty store.
	add := func(name string, set func(*store), run func(context.Context, *testing.T, *store)) {
		tests = append(tests, testing.InternalTest{Name: name, F: func(t *testing.T) {
			storage := &store{server: server, test: t}
			if set != nil {
				set(storage)
			}
			if err := server.order("reset"); err != nil {
				t.Fatal(err)
			}
			run(t.Context(), t, storage)
		}})
	}
	for name, test := range plains {
		add(name, nil, func(ctx context.Context, t *testing.T, s *store) { test(ctx, t, s) })
	}
	clusterScoped := func(s *store) { s.clusterScoped = true }
	for name, test := range withoutNamespace {
		add(name, clusterScoped, func(ctx context.Context, t *testing.T, s *store) { test(ctx, t, s) })
	}
	for name, test := range others {
		add(name, test.set, test.run)
	}
	slices.SortFunc(tests, func(a, b testing.InternalTest) int { return strings.Compare(a.Name, b.Name) })
	return tests
}

var plains = map[string]plain{
	"RunTestCreateWithTTL":                                    upstream.RunTestCreateWithTTL,
	"RunTestCreateWithKeyExist":                               upstream.RunTestCreateWithKeyExist,
	"RunTestUnconditionalDelete":                              upstream.RunTestUnconditionalDelete,
	"RunTestConditionalDelete":                                upstream.RunTestConditionalDelete,
	"RunTestDeleteWithSuggestion":                             upstream.RunTestDeleteWithSuggestion,
	"RunTestDeleteWithSuggestionAndConflict":                  upstream.RunTestDeleteWithSuggestionAndConflict,
	"RunTestDeleteWithConflict":                               upstream.RunTestDeleteWithConflict,
	"RunTestDeleteWithSuggestionOfDeletedObject":              upstream.RunTestDeleteWithSuggestionOfDeletedObject,
	"RunTestValidateDeletionWithSuggestion":                   upstream.RunTestValidateDeletionWithSuggestion,
	"RunTestValidateDeletionWithOnlySuggestionValid":          upstream.RunTestValidateDeletionWithOnlySuggestionValid,
	"RunTestPreconditionalDeleteWithSuggestion":               upstream.RunTestPreconditionalDeleteWithSuggestion,
	"RunTestPreconditionalDeleteWithOnlySuggestionPass":       upstream.RunTestPreconditionalDeleteWithOnlySuggestionPass,
	"RunTestGetListRecursivePrefix":                           upstream.RunTestGetListRecursivePrefix,
	"RunTestGuaranteedUpdateWithTTL":                          upstream.RunTestGuaranteedUpdateWithTTL,
	"RunTestGuaranteedUpdateWithConflict":                     upstream.RunTestGuaranteedUpdateWithConflict,
	"RunTestGuaranteedUpdateWithSuggestionAndConflict":        upstream.RunTestGuaranteedUpdateWithSuggestionAndConflict,
	"RunTestListPaging":                                       upstream.RunTestListPaging,
	"RunTestNamespaceScopedList":                              upstream.RunTestNamespaceScopedList,
	"RunTestKeySchema":                                        upstream.RunTestKeySchema,
	"RunTestWatch":                                            upstream.RunTestWatch,
	"RunTestDeleteTriggerWatch":                               upstream.RunTestDeleteTriggerWatch,
	"RunTestWatchFromNonZero":                                 upstream.RunTestWatchFromNonZero,
	"RunTestDelayedWatchDelivery":                             upstream.RunTestDelayedWatchDelivery,
	"RunTestWatchContextCancel":                               upstream.RunTestWatchContextCancel,
	"RunTestWatcherTimeout":                                   upstream.RunTestWatcherTimeout,
	"RunTestWatchDeleteEventObjectHaveLatestRV":               upstream.RunTestWatchDeleteEventObjectHaveLatestRV,
	"RunTestWatchInitializationSignal":                        upstream.RunTestWatchInitializationSignal,
	"RunTestNamespaceScopedWatch":                             upstream.RunTestNamespaceScopedWatch,
	"RunTestOptionalWatchBookmarksWithCorrectResourceVersion": upstream.RunTestOptionalWatchBookmarksWithCorrectResourceVersion,
	"RunSendInitialEventsBackwardCompatibility":               upstream.RunSendInitialEventsBackwardCompatibility,
	"RunWatchSemantics":                                       upstream.RunWatchSemantics,
	"RunWatchSemanticInitialEventsExtended":                   upstream.RunWatchSemanticInitialEventsExtended,
	"RunWatchListMatchSingle":                                 upstream.RunWatchListMatchSingle,
}

// Upstream's tests of these put objects at keys without a namespace.
var withoutNamespace = map[string]plain{
	"RunTestClusterScopedWatch": upstream.RunTestClusterScopedWatch,
	"RunTestListPaginationRareObject": func(ctx context.Context, t *testing.T, s storage.Interface) {
		upstream.RunTestListPaginationRareObject(ctx, t, s, nil)
	},
	"RunTestStats": func(ctx context.Context, t *testing.T, s storage.Interface) {
		codec := serializer.NewCodecFactory(scheme).LegacyCodec(examplev1.SchemeGroupVersion)
		upstream.RunTestStats(ctx, t, s, codec, identity.NewEncryptCheckTransformer(), false)
	},
}

// special is a test that needs more than a storage.
type special struct {
	set func(*store)
	run func(context.Context, *testing.T, *store)
}

var errCorrupt = errors.New("corrupt")

var others = map[string]special{
	"RunTestCreate": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestCreate(ctx, t, s, s.isServed)
	}},
	"RunTestGet": {
		set: func(s *store) { s.forever = true },
		run: func(ctx context.Context, t *testing.T, s *store) { upstream.RunTestGet(ctx, t, s) },
	},
	"RunTestGuaranteedUpdate": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestGuaranteedUpdate(ctx, t, s, s.isServed)
	}},
	"RunTestGuaranteedUpdateChecksStoredData": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestGuaranteedUpdateChecksStoredData(ctx, t, s)
	}},
	// Over etcd each list meets an object that is new; over HTTP none does.
	"RunTestListResourceVersionMatch": {
		set: func(s *store) { s.clusterScoped, s.unhooked = true, true },
		run: func(ctx context.Context, t *testing.T, s *store) { upstream.RunTestListResourceVersionMatch(ctx, t, s) },
	},
	"RunTestTransformationFailure": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestTransformationFailure(ctx, t, s)
	}},
	"RunTestWatchError": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestWatchError(ctx, t, s)
	}},
	"RunWatchErrorIsBlockingFurtherEvents": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunWatchErrorIsBlockingFurtherEvents(ctx, t, s)
	}},
	"RunTestWatchWithUnsafeDelete": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestWatchWithUnsafeDelete(ctx, t, s, errCorrupt)
	}},
	"RunTestGetListWithErrorAggregation": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestGetListWithErrorAggregation(ctx, t, s, errCorrupt)
	}},
	"RunTestGetListWithoutErrorAggregation": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestGetListWithoutErrorAggregation(ctx, t, s, errCorrupt)
	}},
	"RunTestDeleteExpectedTransformOrDecodeError": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestDeleteExpectedTransformOrDecodeError(ctx, t, s, s.setFailing)
	}},
	"RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError": {
		run: func(ctx context.Context, t *testing.T, s *store) {
			upstream.RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError(ctx, t, s, s.setFailing)
		},
	},
	"RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError": {
		run: func(ctx context.Context, t *testing.T, s *store) {
			upstream.RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError(ctx, t, s)
		},
	},
	// Lists come from a cache, which may be consistent, and whose older states are kept; no list of it goes to the store.
	"RunTestList": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestList(ctx, t, s, s.compact, true, upstream.NewKubernetesRecorder(nil))
	}},
	"RunTestConsistentList": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestConsistentList(ctx, t, s, s.increase, true, true, true)
	}},
	"RunTestGetListNonRecursive": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestGetListNonRecursive(ctx, t, s.increase, s)
	}},
	"RunTestListContinuation": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestListContinuation(ctx, t, s, nil)
	}},
	"RunTestListContinuationWithFilter": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestListContinuationWithFilter(ctx, t, s, nil)
	}},
	"RunTestListInconsistentContinuation": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestListInconsistentContinuation(ctx, t, s, s.compact)
	}},
	"RunTestCompactRevision": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestCompactRevision(ctx, t, s, s.increase, s.compact)
	}},
	"RunTestWatchFromZero": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestWatchFromZero(ctx, t, s, s.compact)
	}},
	"RunOptionalTestProgressNotify": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunOptionalTestProgressNotify(ctx, t, s, s.increase)
	}},
	"RunTestWatchDispatchBookmarkEvents": {run: func(ctx context.Context, t *testing.T, s *store) {
		upstream.RunTestWatchDispatchBookmarkEvents(ctx, t, s, true)
	}},
}

// isServed checks that an object is there, with what a server adds and without what it no longer has.
func (s *store) isServed(ctx context.Context, t *testing.T, key string) {
	place, err := objectAt(key)
	if err != nil {
		t.Fatal(err)
	}
	pod := &examplev1.Pod{}
	if err := s.ask(ctx, http.MethodGet, place.path(), nil, nil, pod); err != nil {
		t.Fatal(err)
	}
	if pod.UID == "" || pod.CreationTimestamp.IsZero() || pod.ResourceVersion == "" || pod.SelfLink != "" {
		t.Errorf("%s is served with metadata %+v", place.path(), pod.ObjectMeta)
	}
}

var written atomic.Int64

// increase makes one write that no object of the test is about, and returns its revision.
func (s *store) increase(ctx context.Context, t *testing.T) int64 {
	beside := place{resource: "clusterpods", name: fmt.Sprintf("increase-%d", written.Add(1))}
	pod := &example.Pod{}
	pod.Name = beside.name
	created, err := s.create(ctx, beside, pod)
	if err != nil {
		t.Fatal(err)
	}
	version, err := s.Versioner().ParseResourceVersion(created.ResourceVersion)
	if err != nil {
		t.Fatal(err)
	}
	return int64(version)
}

// compact forgets what was before a revision, and makes one write, as upstream's does.
func (s *store) compact(ctx context.Context, t *testing.T, version string) {
	s.increase(ctx, t)
	if err := s.order("compact", version); err != nil {
		t.Fatal(err)
	}
}

// setFailing makes the one object of a test unreadable, or readable again.
func (s *store) setFailing(fails bool) {
	order := []string{"mend"}
	if fails {
		order = []string{"spoil", "test-ns/foo"}
	}
	if err := s.order(order...); err != nil {
		s.test.Fatal(err)
	}
}
