package main

import (
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// real are the types that Kubernetes itself has in Go, by the packages that OpenAPI names them by. Namespace is
// not among them: the conditions in ours have another type.
var real = map[string][]any{
	"io.k8s.api.core.v1.": {
		corev1.Affinity{},
		corev1.ConfigMap{},
		corev1.Event{},
		corev1.EventSeries{},
		corev1.EventSource{},
		corev1.LocalObjectReference{},
		corev1.NamespaceSpec{},
		corev1.NodeAffinity{},
		corev1.NodeSelector{},
		corev1.NodeSelectorRequirement{},
		corev1.NodeSelectorTerm{},
		corev1.ObjectReference{},
		corev1.PodAffinity{},
		corev1.PodAffinityTerm{},
		corev1.PodAntiAffinity{},
		corev1.PreferredSchedulingTerm{},
		corev1.ResourceClaim{},
		corev1.ResourceRequirements{},
		corev1.Secret{},
		corev1.Toleration{},
		corev1.TopologySpreadConstraint{},
		corev1.WeightedPodAffinityTerm{},
	},
	"io.k8s.apimachinery.pkg.api.resource.": {resource.Quantity{}},
	"io.k8s.apimachinery.pkg.apis.meta.v1.": {
		metav1.Condition{},
		metav1.DeleteOptions{},
		metav1.Duration{},
		metav1.FieldsV1{},
		metav1.LabelSelector{},
		metav1.LabelSelectorRequirement{},
		metav1.ListMeta{},
		metav1.ManagedFieldsEntry{},
		metav1.MicroTime{},
		metav1.ObjectMeta{},
		metav1.OwnerReference{},
		metav1.Status{},
		metav1.Time{},
		metav1.WatchEvent{},
	},
	"io.k8s.apimachinery.pkg.runtime.":     {runtime.RawExtension{}, runtime.Unknown{}},
	"io.k8s.apimachinery.pkg.util.intstr.": {intstr.IntOrString{}},
}

// types makes Go types of schemas: those that Kubernetes has are taken from there, all others are structs with the tags that
// a Go developer would write for what the schema says.
type types struct {
	known schemas
	made  map[string]reflect.Type
}

func newTypes(known schemas) *types {
	made := map[string]reflect.Type{}
	for packaged, values := range real {
		for _, value := range values {
			made[packaged+reflect.TypeOf(value).Name()] = reflect.TypeOf(value)
		}
	}
	return &types{known: known, made: made}
}

// named is the type of that name.
func (t *types) named(name string) (reflect.Type, error) {
	if made, is := t.made[name]; is {
		return made, nil
	}
	schema, is := t.known[name]
	if !is {
		return nil, fmt.Errorf("there is no type %s", name)
	}
	made, err := t.of(schema)
	if err == nil {
		t.made[name] = made
	}
	return made, err
}

// of is the type of what a schema describes.
func (t *types) of(schema *spec.Schema) (reflect.Type, error) {
	if len(schema.AllOf) > 0 {
		return t.of(&schema.AllOf[0])
	}
	if reference := schema.Ref.String(); reference != "" {
		return t.named(strings.TrimPrefix(reference, "#/components/schemas/"))
	}
	switch {
	case schema.AdditionalProperties != nil:
		value, err := t.of(schema.AdditionalProperties.Schema)
		if err != nil {
			return nil, err
		}
		return reflect.MapOf(reflect.TypeFor[string](), value), nil
	case schema.Items != nil:
		item, err := t.of(schema.Items.Schema)
		if err != nil {
			return nil, err
		}
		return reflect.SliceOf(item), nil
	case schema.Type.Contains("object"):
		return t.structure(schema)
	case schema.Format == "byte":
		return reflect.TypeFor[[]byte](), nil
	case schema.Format == "int32":
		return reflect.TypeFor[int32](), nil
	case schema.Type.Contains("integer"):
		return reflect.TypeFor[int64](), nil
	case schema.Type.Contains("number"):
		return reflect.TypeFor[float64](), nil
	case schema.Type.Contains("boolean"):
		return reflect.TypeFor[bool](), nil
	default:
		return reflect.TypeFor[string](), nil
	}
}

func (t *types) structure(schema *spec.Schema) (reflect.Type, error) {
	var fields []reflect.StructField
	for name, property := range schema.Properties {
		of, err := t.of(&property)
		if err != nil {
			return nil, err
		}
		tag := fmt.Sprintf("json:%q", name)
		for _, pair := range [][2]string{
			{"patchStrategy", "x-kubernetes-patch-strategy"}, {"patchMergeKey", "x-kubernetes-patch-merge-key"},
		} {
			if value, is := property.Extensions.GetString(pair[1]); is {
				tag += fmt.Sprintf(" %s:%q", pair[0], value)
			}
		}
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Field%d", len(fields)), Type: of, Tag: reflect.StructTag(tag),
		})
	}
	return reflect.StructOf(fields), nil
}
