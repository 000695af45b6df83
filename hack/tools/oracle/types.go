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

// real are the types that Kubernetes itself has in Go, by their names in OpenAPI.
var real = map[string]reflect.Type{
	"io.k8s.api.core.v1.ConfigMap":                        reflect.TypeFor[corev1.ConfigMap](),
	"io.k8s.api.core.v1.Event":                            reflect.TypeFor[corev1.Event](),
	"io.k8s.api.core.v1.Namespace":                        reflect.TypeFor[corev1.Namespace](),
	"io.k8s.api.core.v1.Secret":                           reflect.TypeFor[corev1.Secret](),
	"io.k8s.apimachinery.pkg.api.resource.Quantity":       reflect.TypeFor[resource.Quantity](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.Condition":      reflect.TypeFor[metav1.Condition](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.Duration":       reflect.TypeFor[metav1.Duration](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1":       reflect.TypeFor[metav1.FieldsV1](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector":  reflect.TypeFor[metav1.LabelSelector](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime":      reflect.TypeFor[metav1.MicroTime](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta":     reflect.TypeFor[metav1.ObjectMeta](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference": reflect.TypeFor[metav1.OwnerReference](),
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":           reflect.TypeFor[metav1.Time](),
	"io.k8s.apimachinery.pkg.runtime.RawExtension":        reflect.TypeFor[runtime.RawExtension](),
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString":     reflect.TypeFor[intstr.IntOrString](),
}

// types makes Go types of schemas: those that Kubernetes has are taken from there, all others are structs with the tags that
// a Go developer would write for what the schema says.
type types struct {
	known schemas
	made  map[string]reflect.Type
}

// named is the type of that name.
func (t *types) named(name string) (reflect.Type, error) {
	if made, is := real[name]; is {
		return made, nil
	}
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
