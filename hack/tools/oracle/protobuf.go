package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// message is what all types with a protobuf form have.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// readMessage is the object that was read, unless it has no JSON form, and the message that is written of it.
type readMessage struct {
	Object json.RawMessage `json:"object,omitempty"`
	Body   string          `json:"body"`
}

func protobufs(known schemas) (func([]byte) (any, error), error) {
	types := newTypes(known)
	return func(text []byte) (any, error) {
		object, body, err := newly(types, text)
		if err != nil {
			return nil, err
		}
		read, is := object.(message)
		if !is {
			return nil, fmt.Errorf("%T has no protobuf form", object)
		}
		if err := read.Unmarshal(body); err != nil {
			return refused{err.Error()}, nil
		}
		written, err := read.Marshal()
		answer := readMessage{Body: hex.EncodeToString(written)}
		if text, err := json.Marshal(object); err == nil {
			answer.Object = text
		}
		return answer, err
	}, nil
}
