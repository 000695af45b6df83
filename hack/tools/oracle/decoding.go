package main

import (
	"encoding/hex"
	"encoding/json"
	"reflect"

	kjson "sigs.k8s.io/json"
)

// reading is a case: a body, in hexadecimal digits because it may be any bytes, and the type to read from it.
type reading struct {
	Type string `json:"type"`
	Body string `json:"body"`
}

// readIn is the object that was read, and what strict clients want to hear of.
type readIn struct {
	Object any      `json:"object"`
	Strict []string `json:"strict"`
}

// newly reads a case, and makes a new object of its type.
func newly(types *types, text []byte) (object any, body []byte, err error) {
	var asked reading
	if err := json.Unmarshal(text, &asked); err != nil {
		return nil, nil, err
	}
	of, err := types.named(asked.Type)
	if err != nil {
		return nil, nil, err
	}
	body, err = hex.DecodeString(asked.Body)
	return reflect.New(of).Interface(), body, err
}

func decoding(known schemas) (func([]byte) (any, error), error) {
	types := newTypes(known)
	return func(text []byte) (any, error) {
		object, body, err := newly(types, text)
		if err != nil {
			return nil, err
		}
		problems, err := kjson.UnmarshalStrict(body, object)
		if err != nil {
			return refused{err.Error()}, nil
		}
		answer := readIn{Object: object, Strict: []string{}}
		written, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		// What is carried along without being known may hold a number that nobody can read.
		if err := json.Unmarshal(written, new(any)); err != nil {
			return refused{err.Error()}, nil
		}
		for _, problem := range problems {
			answer.Strict = append(answer.Strict, problem.Error())
		}
		return answer, nil
	}, nil
}
