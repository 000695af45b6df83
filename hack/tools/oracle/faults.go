package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// faulty is a case: an object with faults.
type faulty struct {
	Group  string  `json:"group"`
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Faults []fault `json:"faults"`
}

// fault is one of them; which of the members count depends on its type.
type fault struct {
	Type      string   `json:"type"`
	Path      []any    `json:"path"`
	Value     any      `json:"value"`
	Detail    string   `json:"detail"`
	Supported []string `json:"supported"`
	Count     int      `json:"count"`
	Most      int      `json:"most"`
}

func faults(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked faulty
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		var list field.ErrorList
		for _, fault := range asked.Faults {
			made, err := fault.made()
			if err != nil {
				return nil, err
			}
			list = append(list, made)
		}
		return invalid(schema.GroupKind{Group: asked.Group, Kind: asked.Kind}, asked.Name, list), nil
	}, nil
}

func (f fault) made() (*field.Error, error) {
	path := f.path()
	switch f.Type {
	case "required":
		return field.Required(path, f.Detail), nil
	case "invalid":
		return field.Invalid(path, f.Value, f.Detail), nil
	case "not supported":
		return field.NotSupported(path, f.Value, f.Supported), nil
	case "duplicate":
		return field.Duplicate(path, f.Value), nil
	case "forbidden":
		return field.Forbidden(path, f.Detail), nil
	case "not found":
		return field.NotFound(path, f.Value), nil
	case "too long":
		return field.TooLong(path, "", f.Most), nil
	case "too many":
		return field.TooMany(path, f.Count, f.Most), nil
	default:
		return nil, fmt.Errorf("there is no fault %s", f.Type)
	}
}

// path has the names of fields, the keys of maps, each in a list of its own, and the indices of lists.
func (f fault) path() *field.Path {
	var path *field.Path
	for _, step := range f.Path {
		switch step := step.(type) {
		case string:
			path = path.Child(step)
		case []any:
			path = path.Key(fmt.Sprint(step...))
		case int64:
			path = path.Index(int(step))
		}
	}
	return path
}
