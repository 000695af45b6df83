package main

import (
	"encoding/hex"
	"encoding/json"

	"k8s.io/apimachinery/pkg/api/resource"
	kjson "sigs.k8s.io/json"
)

// measuring is a case: a quantity as a text or as it stands in JSON, and the text of another to compare it with.
type measuring struct {
	Text  *string `json:"text"`
	JSON  string  `json:"json"`
	Other string  `json:"other"`
}

// measured is the quantity in its canonical form and as protobuf, and how it compares.
type measured struct {
	Text     string `json:"text"`
	Protobuf string `json:"protobuf"`
	Compared int    `json:"compared"`
}

func quantities(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked measuring
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		var quantity resource.Quantity
		var err error
		if asked.Text != nil {
			quantity, err = resource.ParseQuantity(*asked.Text)
		} else {
			err = kjson.UnmarshalCaseSensitivePreserveInts([]byte(asked.JSON), &quantity)
		}
		if err != nil {
			return refused{err.Error()}, nil
		}
		// To negate it forgets the text that it came as.
		quantity.Neg()
		quantity.Neg()
		bytes, err := quantity.Marshal()
		if err != nil {
			return nil, err
		}
		answer := measured{Text: quantity.String(), Protobuf: hex.EncodeToString(bytes)}
		if other, err := resource.ParseQuantity(asked.Other); err == nil {
			answer.Compared = quantity.Cmp(other)
		}
		return answer, nil
	}, nil
}
