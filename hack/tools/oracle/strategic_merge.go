package main

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// merging is a case: what a strategic merge patch makes of an object. The library goes through maps in any order, and where
// that matters it gives several answers; the case says how often it is asked.
type merging struct {
	Type     string         `json:"type"`
	Original map[string]any `json:"original"`
	Patch    map[string]any `json:"patch"`
	Times    int            `json:"times"`
}

// merged is one of the answers: an object, an error with the status that kube-apiserver answers with, or a panic.
type merged struct {
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code,omitempty"`
	Panic  string `json:"panic,omitempty"`
}

func strategicMerge(known schemas) (func([]byte) (any, error), error) {
	types := newTypes(known)
	return func(text []byte) (any, error) {
		var asked merging
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		of, err := types.named(asked.Type)
		if err != nil {
			return nil, err
		}
		object := reflect.New(of).Interface()
		var answers []merged
		for range max(asked.Times, 1) {
			if answer := merge(asked, object); !contains(answers, answer) {
				answers = append(answers, answer)
			}
		}
		return answers, nil
	}, nil
}

// merge applies the patch to copies, because the library writes into both. The lists of a copy have no room to grow, as
// those that kube-apiserver makes of an object have none.
func merge(asked merging, object any) (answer merged) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = merged{Panic: fmt.Sprint(reason)}
		}
	}()
	original, patch := runtime.DeepCopyJSON(asked.Original), runtime.DeepCopyJSON(asked.Patch)
	result, err := strategicpatch.StrategicMergeMapPatch(original, patch, object)
	if err != nil {
		return merged{Error: err.Error(), Code: code(err)}
	}
	return merged{Result: map[string]any(result)}
}

// code is the status that kube-apiserver answers an error of the library with.
func code(err error) int {
	switch err {
	case mergepatch.ErrBadJSONDoc, mergepatch.ErrBadPatchFormatForPrimitiveList,
		mergepatch.ErrBadPatchFormatForRetainKeys, mergepatch.ErrBadPatchFormatForSetElementOrderList:
		return 400
	case mergepatch.ErrNoListOfLists, mergepatch.ErrPatchContentNotMatchRetainKeys:
		return 422
	default:
		return 500
	}
}

func contains(answers []merged, answer merged) bool {
	for _, known := range answers {
		if reflect.DeepEqual(known, answer) {
			return true
		}
	}
	return false
}
