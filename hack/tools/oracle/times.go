package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// timing is a case: a point in time or a duration as a text or as protobuf.
type timing struct {
	Type     string  `json:"type"`
	Text     *string `json:"text"`
	Protobuf string  `json:"protobuf"`
}

// timed is how it is written.
type timed struct {
	JSON     any    `json:"json"`
	Protobuf string `json:"protobuf"`
}

// moment is what the three types have in common.
type moment interface {
	json.Marshaler
	json.Unmarshaler
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

func times(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked timing
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		read, known := map[string]moment{
			"Time": &metav1.Time{}, "MicroTime": &metav1.MicroTime{}, "Duration": &metav1.Duration{},
		}[asked.Type]
		if !known {
			return nil, fmt.Errorf("there is no type %s", asked.Type)
		}
		if err := asked.into(read); err != nil {
			return refused{err.Error()}, nil
		}
		written, err := json.Marshal(read)
		if err != nil {
			return nil, err
		}
		message, err := read.Marshal()
		if err != nil {
			return nil, err
		}
		answer := timed{Protobuf: hex.EncodeToString(message)}
		return answer, json.Unmarshal(written, &answer.JSON)
	}, nil
}

// into reads what the case has.
func (asked timing) into(read moment) error {
	if asked.Text != nil {
		text, err := json.Marshal(*asked.Text)
		if err != nil {
			return err
		}
		return read.UnmarshalJSON(text)
	}
	message, err := hex.DecodeString(asked.Protobuf)
	if err != nil {
		return err
	}
	return read.Unmarshal(message)
}
