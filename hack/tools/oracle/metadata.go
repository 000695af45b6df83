package main

import (
	"context"
	"encoding/json"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
)

// judging is a case: the metadata of a new object, or of a changed one, whose kind has a rule of names.
type judging struct {
	Group      string             `json:"group"`
	Kind       string             `json:"kind"`
	Namespaced bool               `json:"namespaced"`
	Rule       string             `json:"rule"`
	New        metav1.ObjectMeta  `json:"new"`
	Old        *metav1.ObjectMeta `json:"old"`
}

// rules are those that kinds have. A kind without one leaves its metadata to what is asked of all kinds.
var rules = map[string]validation.ValidateNameFunc{
	"subdomain": validation.NameIsDNSSubdomain,
	"label":     validation.NameIsDNSLabel,
	"label1035": validation.NameIsDNS1035Label,
}

// kindOf is what a kind says of its objects, which have nothing but metadata.
type kindOf struct {
	rest.RESTCreateUpdateStrategy
	asked judging
}

func (k kindOf) NamespaceScoped() bool { return k.asked.Namespaced }

func (k kindOf) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	rule, has := rules[k.asked.Rule]
	if !has {
		return nil
	}
	meta := &object.(*metav1.PartialObjectMetadata).ObjectMeta
	return validation.ValidateObjectMeta(meta, k.asked.Namespaced, rule, field.NewPath("metadata"))
}

func (k kindOf) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	meta, before := object.(*metav1.PartialObjectMetadata), old.(*metav1.PartialObjectMetadata)
	return validation.ValidateObjectMetaUpdate(&meta.ObjectMeta, &before.ObjectMeta, field.NewPath("metadata"))
}

func metadata(schemas) (func([]byte) (any, error), error) {
	return func(text []byte) (any, error) {
		var asked judging
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		kind, object := kindOf{asked: asked}, &metav1.PartialObjectMetadata{ObjectMeta: asked.New}
		var faults field.ErrorList
		if asked.Old == nil {
			faults = rest.ValidateCreate(context.Background(), object, kind)
		} else {
			old := &metav1.PartialObjectMetadata{ObjectMeta: *asked.Old}
			faults = rest.ValidateUpdate(context.Background(), object, old, kind)
		}
		return invalid(schema.GroupKind{Group: asked.Group, Kind: asked.Kind}, asked.New.Name, faults), nil
	}, nil
}

// invalid is the status that is answered, unless there are no faults.
func invalid(kind schema.GroupKind, name string, faults field.ErrorList) any {
	if len(faults) == 0 {
		return struct{}{}
	}
	return apierrors.NewInvalid(kind, name, faults).Status()
}
