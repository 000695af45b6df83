package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// converting is a case: a YAML body in hexadecimal digits. Keys that are the same in JSON come in the order of a Go map, and
// the case says how often it is asked.
type converting struct {
	Body  string `json:"body"`
	Times int    `json:"times"`
}

// converted has the different answers, and what strict clients hear.
type converted struct {
	Results []json.RawMessage `json:"results"`
	Strict  []string          `json:"strict"`
}

func yamls(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked converting
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		body, err := hex.DecodeString(asked.Body)
		if err != nil {
			return nil, err
		}
		return convert(body, max(asked.Times, 1)), nil
	}, nil
}

func convert(body []byte, times int) (answer any) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = refused{fmt.Sprint("panic: ", reason)}
		}
	}()
	found := converted{Strict: []string{}}
	for range times {
		result, err := yaml.YAMLToJSON(body)
		if err != nil {
			return refused{err.Error()}
		}
		same := func(known json.RawMessage) bool { return string(known) == string(result) }
		if !slices.ContainsFunc(found.Results, same) {
			found.Results = append(found.Results, result)
		}
	}
	if _, err := yaml.YAMLToJSONStrict(body); err != nil {
		lines := strings.Split(err.Error(), "\n")
		found.Strict = append(found.Strict, lines[1:]...)
	}
	return found
}
