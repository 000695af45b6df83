package main

import (
	"slices"
	"strings"
)

// difference is a test of upstream's that fails over HTTP, and why it does.
type difference struct{ test, why string }

// name is the name that the test has where it runs.
func (d difference) name() string { return strings.ReplaceAll(d.test, " ", "_") }

// differingOver is what is known to fail over a store: etcd, or what a server has of its own.
func differingOver(store string) []difference {
	if store == "etcd" {
		return slices.Concat(differing, overEtcd)
	}
	return differing
}

const (
	hooks    = "gets between a server and its bytes, where no client is"
	goes     = "asks for an object that goes by itself, which no request can"
	uids     = "changes an object's UID, which a server gives and keeps"
	name     = "writes an object at another's key, where a server takes the name from the path"
	beneath  = "lists what lies below an object, for which there is no path"
	progress = "asks for the progress of a watch at once, which only a server asks of etcd"
	last     = "wants another page where nothing is left that is selected; here the last one says that it is the last"
	restart  = "counts revisions across a restart, which writes to etcd"
	first    = "asks for the changes since revision 1, which were in etcd before the server was there"
)

// differing is all that is known to fail over any store. What passes is no entry.
var differing = []difference{
	{"RunTestCreateWithTTL", goes},
	{"RunTestGuaranteedUpdateWithTTL", goes},
	{"RunTestGetListWithErrorAggregation", hooks},
	{"RunTestGetListWithoutErrorAggregation", hooks},
	{"RunTestGuaranteedUpdate/same data, stale", hooks},
	{"RunTestGuaranteedUpdateChecksStoredData", hooks},
	{"RunTestTransformationFailure", hooks},
	{"RunTestWatchError", hooks},
	{"RunTestWatchWithUnsafeDelete", hooks},
	{"RunWatchErrorIsBlockingFurtherEvents", hooks},
	{"RunTestPreconditionalDeleteWithSuggestion", uids},
	{"RunTestPreconditionalDeleteWithOnlySuggestionPass", uids},
	{"RunTestGuaranteedUpdate/non-existing key, ignoreNotFound=true", name},
	{"RunTestGuaranteedUpdateWithConflict", name},
	{"RunTestGuaranteedUpdateWithSuggestionAndConflict", "sets metadata.generation, which a server counts"},
	{"RunTestKeySchema", "is about keys that are no paths of objects"},
	{"RunTestGetListRecursivePrefix/Exact/Recursive on object key (prefix) doesn't return anything", beneath},
	{"RunTestGetListRecursivePrefix/Exact/Recursive on object key (no-prefix) doesn't return anything", beneath},
	{"RunTestGetListRecursivePrefix/Consistent/Recursive on object key (prefix) doesn't return anything", beneath},
	{"RunTestGetListRecursivePrefix/Consistent/Recursive on object key (no-prefix) doesn't return anything", beneath},
	{"RunTestGetListRecursivePrefix/NotOlderThan/Recursive on object key (prefix) doesn't return anything", beneath},
	{"RunTestGetListRecursivePrefix/NotOlderThan/Recursive on object key (no-prefix) doesn't return anything", beneath},
	{"RunOptionalTestProgressNotify", progress},
	{"RunTestCompactRevision", "asks what was compacted, which no client is told"},
	{"RunTestListInconsistentContinuation", "wants pages of version 0, which a cache answers whole"},
	{"RunTestList/test List with filter returning only one item, ensure only a single page returned", last},
	{"RunTestList/test List with filter returning only one item, ensure only a single page returned with current resource version and match=NotOlderThan", last},
	{"RunTestList/test List with filter returning two items, more pages possible", last},
	{"RunTestList/test List with filter returning two items, more pages possible with current resource version and match=NotOlderThan", last},
}

// overEtcd is what is known to fail over etcd alone.
var overEtcd = []difference{
	{"RunTestList/test List with continue from second pod, negative resource version gives consistent read", restart},
	{"RunTestList/test List with continue from second pod and limit, negative resource version gives consistent read", restart},
	{"RunTestList/test List with continue from third pod, negative resource version gives consistent read", restart},
	{"RunTestList/test List with future resource version, match=Exact", restart},
	{"RunTestList/test List with limit", restart},
	{"RunTestList/test consistent List", restart},
	{"RunWatchSemantics/allowWatchBookmarks=false, sendInitialEvents=false, RV=1", first},
	{"RunWatchSemantics/allowWatchBookmarks=true, sendInitialEvents=false, RV=1", first},
}
