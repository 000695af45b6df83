// Command oracle answers what Kubernetes' own libraries make of a case, for tests that compare ours with them.
//
//	oracle DOCUMENT...
//
// The documents are OpenAPI v3 documents: their schemas are the types that cases speak of. A case is a JSON object in one
// line of stdin, `{"algorithm": NAME, "id": NUMBER, ...}`; its answer is one line of stdout, `{"id": NUMBER, ...}`. Answers
// come in the order of the cases. It ends when stdin does.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

// schemas are the types that cases speak of, by their full names.
type schemas map[string]*spec.Schema

// algorithm makes the function that answers cases, once for the whole run.
type algorithm func(schemas) (func(text []byte) (any, error), error)

// algorithms are those there are, each in a file of its own.
var algorithms = map[string]algorithm{
	"apply":           apply,
	"cel":             expressions,
	"decoding":        decoding,
	"faults":          faults,
	"json-patch":      jsonPatch,
	"metadata":        metadata,
	"protobuf":        protobufs,
	"quantities":      quantities,
	"scale":           scale,
	"selectors":       selectors,
	"strategic-merge": strategicMerge,
	"times":           times,
	"yaml":            yamls,
}

// refused is an answer that is nothing but an error.
type refused struct {
	Error string `json:"error"`
}

// answered is a line of stdout.
type answered struct {
	ID     int64  `json:"id"`
	Answer any    `json:"answer,omitempty"`
	Fault  string `json:"fault,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(documents []string) error {
	known, err := read(documents)
	if err != nil {
		return err
	}
	answer := map[string]func([]byte) (any, error){}
	for name, start := range algorithms {
		if answer[name], err = start(known); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out.Flush()
		} else if err != nil {
			return err
		}
		if err := encoder.Encode(answerOf(answer, text)); err != nil {
			return err
		}
		// Nothing more is there to be read: whoever asked waits.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// answerOf is the line for a case.
func answerOf(answer map[string]func([]byte) (any, error), text []byte) answered {
	var head struct {
		Algorithm string `json:"algorithm"`
		ID        int64  `json:"id"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return answered{Fault: err.Error()}
	}
	ask, known := answer[head.Algorithm]
	if !known {
		return answered{ID: head.ID, Fault: "there is no algorithm " + head.Algorithm}
	}
	found, err := ask(text)
	if err != nil {
		return answered{ID: head.ID, Fault: err.Error()}
	}
	return answered{ID: head.ID, Answer: found}
}

// read collects the schemas of all documents.
func read(documents []string) (schemas, error) {
	known := schemas{}
	for _, path := range documents {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var document struct {
			Components struct {
				Schemas schemas `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(text, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for name, schema := range document.Components.Schemas {
			known[name] = schema
		}
	}
	return known, nil
}
