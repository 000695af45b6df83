package main

import (
	"cmp"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// selecting is a case: a selector of labels or of fields as a text, or one of labels as it stands in an object, and what
// it is tried with.
type selecting struct {
	Labels *string               `json:"labels"`
	Fields *string               `json:"fields"`
	Object *metav1.LabelSelector `json:"object"`
	Sets   []map[string]string   `json:"sets"`
}

// ofLabels is what a selector of labels is, in parts, and which of the sets it matches.
type ofLabels struct {
	Requirements [][]string `json:"requirements"`
	Matches      []bool     `json:"matches"`
}

// ofFields is likewise what a selector of fields is, as a text.
type ofFields struct {
	Text    string `json:"text"`
	Matches []bool `json:"matches"`
}

// operators are those that have the same meaning as another one.
var operators = map[selection.Operator]selection.Operator{
	selection.Equals: selection.In, selection.DoubleEquals: selection.In, selection.NotEquals: selection.NotIn,
}

func selectors(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked selecting
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		if asked.Fields != nil {
			selector, err := fields.ParseSelector(*asked.Fields)
			if err != nil {
				return refused{err.Error()}, nil
			}
			matches := func(set map[string]string) bool { return selector.Matches(fields.Set(set)) }
			return ofFields{selector.String(), each(asked.Sets, matches)}, nil
		}
		selector, err := labelSelector(asked)
		if err != nil {
			return refused{err.Error()}, nil
		}
		matches := func(set map[string]string) bool { return selector.Matches(labels.Set(set)) }
		answer := ofLabels{[][]string{}, each(asked.Sets, matches)}
		requirements, _ := selector.Requirements()
		for _, part := range requirements {
			operator := cmp.Or(operators[part.Operator()], part.Operator())
			words := append([]string{part.Key(), string(operator)}, part.Values().List()...)
			answer.Requirements = append(answer.Requirements, words)
		}
		return answer, nil
	}, nil
}

func labelSelector(asked selecting) (labels.Selector, error) {
	if asked.Labels != nil {
		return labels.Parse(*asked.Labels)
	}
	return metav1.LabelSelectorAsSelector(asked.Object)
}

func each(sets []map[string]string, matches func(map[string]string) bool) []bool {
	var found []bool
	for _, set := range sets {
		found = append(found, matches(set))
	}
	return found
}
