package main

import (
	"encoding/json"
	"fmt"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

// patching is a case: what a JSON patch, or else a merge patch, makes of a document.
type patching struct {
	Document json.RawMessage `json:"document"`
	Patch    json.RawMessage `json:"patch"`
	Merges   bool            `json:"merges"`
}

// patched is the document, or a panic.
type patched struct {
	Result json.RawMessage `json:"result,omitempty"`
	Panic  string          `json:"panic,omitempty"`
}

func jsonPatch(schemas) (func([]byte) (any, error), error) {
	// The limit of kube-apiserver.
	jsonpatch.AccumulatedCopySizeLimit = 3 * 1024 * 1024
	return func(text []byte) (any, error) {
		var asked patching
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		// As kube-apiserver writes an object.
		document, err := json.Marshal(asked.Document)
		if err != nil {
			return nil, err
		}
		return patch(document, asked), nil
	}, nil
}

func patch(document []byte, asked patching) (answer any) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = patched{Panic: fmt.Sprint(reason)}
		}
	}()
	result, err := []byte(nil), error(nil)
	if asked.Merges {
		result, err = jsonpatch.MergePatch(document, asked.Patch)
	} else {
		var operations jsonpatch.Patch
		if operations, err = jsonpatch.DecodePatch(asked.Patch); err == nil {
			result, err = operations.Apply(document)
		}
	}
	if err != nil {
		// What the library prints where it wraps no error.
		return refused{strings.TrimSuffix(err.Error(), ": %!w(<nil>)")}
	}
	return patched{Result: result}
}
