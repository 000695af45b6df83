package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// object is a kind with Go types of one's own, as an operator declares them: a part of what there is, and no more.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              spec   `json:"spec,omitempty"`
	Status            status `json:"status,omitzero"`
}

// spec has the fields of a PostgreSQL, and those of sample-apiserver's Flunder.
type spec struct {
	ClassName string   `json:"className,omitempty"`
	Instances *int32   `json:"instances,omitempty"`
	Storage   *storage `json:"storage,omitempty"`

	Reference     string `json:"reference,omitempty"`
	ReferenceType string `json:"referenceType,omitempty"`
}

type storage struct {
	Size string `json:"size"`
}

type status struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// DeepCopyObject makes object one of a scheme.
func (o *object) DeepCopyObject() runtime.Object {
	return o.deepCopy()
}

func (o *object) deepCopy() *object {
	copied := &object{TypeMeta: o.TypeMeta, ObjectMeta: *o.ObjectMeta.DeepCopy(), Spec: o.Spec, Status: o.Status}
	if o.Spec.Instances != nil {
		instances := *o.Spec.Instances
		copied.Spec.Instances = &instances
	}
	if o.Spec.Storage != nil {
		storage := *o.Spec.Storage
		copied.Spec.Storage = &storage
	}
	copied.Status.Conditions = append([]metav1.Condition(nil), o.Status.Conditions...)
	return copied
}

// objectList is a list of them.
type objectList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []object `json:"items"`
}

// DeepCopyObject makes objectList one of a scheme.
func (l *objectList) DeepCopyObject() runtime.Object {
	copied := &objectList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for _, item := range l.Items {
		copied.Items = append(copied.Items, *item.deepCopy())
	}
	return copied
}
