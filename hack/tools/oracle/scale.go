package main

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// scaling is a case: somebody applies the Scale of an object that has entries.
type scaling struct {
	Entries []metav1.ManagedFieldsEntry `json:"entries"`
	// Versions are those of the object, in each of which the count is the field of spec that Field names.
	Versions []string `json:"versions"`
	Field    string   `json:"field"`
	// Version is that of the request.
	Version string         `json:"version"`
	Live    map[string]any `json:"live"`
	Zero    map[string]any `json:"zero"`
	Manager string         `json:"manager"`
	Force   bool           `json:"force"`
	Object  map[string]any `json:"object"`
}

func scale(known schemas) (func([]byte) (any, error), error) {
	converter, err := managedfields.NewTypeConverter(known, false)
	if err != nil {
		return nil, err
	}
	return func(text []byte) (any, error) {
		var asked scaling
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		entries, err := asked.apply(converter)
		var status apierrors.APIStatus
		if errors.As(err, &status) {
			return stepped{Error: err.Error(), Causes: causes(status), Code: status.Status().Code}, nil
		} else if err != nil {
			return stepped{Error: err.Error(), Code: 500}, nil
		}
		object := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{}}}
		object.SetManagedFields(entries)
		setTimes(object, 0)
		return stepped{Object: object.Object}, nil
	}, nil
}

// apply is what the scale subresource of a kind in kube-apiserver does; the entries of the object.
func (s scaling) apply(converter managedfields.TypeConverter) ([]metav1.ManagedFieldsEntry, error) {
	version, err := schema.ParseGroupVersion(s.Version)
	if err != nil {
		return nil, err
	}
	paths := managedfields.ResourcePathMappings{}
	for _, version := range s.Versions {
		paths[version] = fieldpath.MakePathOrDie("spec", s.Field)
	}
	handler := managedfields.NewScaleHandler(s.Entries, version, paths)
	entries, err := handler.ToSubresource()
	if err != nil {
		return nil, err
	}
	live, sent := &unstructured.Unstructured{Object: s.Live}, &unstructured.Unstructured{Object: s.Object}
	live.SetManagedFields(entries)
	kind := schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"}
	manager, err := managedfields.NewDefaultFieldManager(converter, versions{kind: kind}, nothing{},
		zero{object: s.Zero, kind: kind}, kind, kind.GroupVersion(), "scale", nil)
	if err != nil {
		return nil, err
	}
	made, err := manager.Apply(live, sent, s.Manager, s.Force)
	if err != nil {
		return nil, err
	}
	return handler.ToParent(made.(*unstructured.Unstructured).GetManagedFields())
}
