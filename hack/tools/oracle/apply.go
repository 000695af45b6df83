package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// older ends the other name under which every version is served.
const older = "older"

// unserved is a version in which no kind is served.
const unserved = "v0"

// applying is a case: what becomes of an object in several steps.
type applying struct {
	Live  map[string]any `json:"live"`
	Zero  map[string]any `json:"zero"`
	Steps []step         `json:"steps"`
}

// step is one write of the object.
type step struct {
	Applies     bool           `json:"applies"`
	Manager     string         `json:"manager"`
	Subresource string         `json:"subresource"`
	Version     string         `json:"version"`
	Force       bool           `json:"force"`
	Object      map[string]any `json:"object"`
}

// stepped is what a step made: the object, or an error, which leaves the object as it was.
type stepped struct {
	Object map[string]any       `json:"object,omitempty"`
	Error  string               `json:"error,omitempty"`
	Causes []metav1.StatusCause `json:"causes,omitempty"`
	Code   int32                `json:"code,omitempty"`
}

func apply(known schemas) (func([]byte) (any, error), error) {
	converter, err := managedfields.NewTypeConverter(inBothVersions(known), false)
	if err != nil {
		return nil, err
	}
	return func(text []byte) (any, error) {
		var asked applying
		if err := json.Unmarshal(text, &asked); err != nil {
			return nil, err
		}
		live := &unstructured.Unstructured{Object: asked.Live}
		var answers []stepped
		for number, step := range asked.Steps {
			written, err := write(converter, asked, step, live)
			var status apierrors.APIStatus
			switch {
			case errors.As(err, &status):
				answers = append(answers, stepped{
					Error: err.Error(), Causes: causes(status), Code: status.Status().Code,
				})
			case err != nil:
				answers = append(answers, stepped{Error: err.Error(), Code: 500})
			default:
				live = written.(*unstructured.Unstructured)
				setTimes(live, number)
				answers = append(answers, stepped{Object: live.DeepCopy().Object})
			}
		}
		return answers, nil
	}, nil
}

func causes(status apierrors.APIStatus) []metav1.StatusCause {
	if details := status.Status().Details; details != nil {
		return details.Causes
	}
	return nil
}

// inBothVersions has every version served under another name, too.
func inBothVersions(known schemas) map[string]*spec.Schema {
	both := map[string]*spec.Schema{}
	for name, of := range known {
		kinds, _ := of.Extensions["x-kubernetes-group-version-kind"].([]any)
		for _, kind := range kinds {
			if kind, is := kind.(map[string]any); is {
				version := fmt.Sprint(kind["version"]) + older
				more := map[string]any{"group": kind["group"], "version": version, "kind": kind["kind"]}
				copied := *of
				copied.Extensions = spec.Extensions{}
				for key, value := range of.Extensions {
					copied.Extensions[key] = value
				}
				copied.Extensions["x-kubernetes-group-version-kind"] = append(slices.Clone(kinds), more)
				of = &copied
			}
		}
		both[name] = of
	}
	return both
}

func write(converter managedfields.TypeConverter, asked applying, step step, live *unstructured.Unstructured) (
	runtime.Object, error,
) {
	sent := &unstructured.Unstructured{Object: step.Object}
	of := sent.GroupVersionKind()
	of.Version = step.Version
	live = live.DeepCopy()
	live.SetGroupVersionKind(of)
	hub := versions{kind: of}
	status := fieldpath.NewIncludeMatcherFilter(fieldpath.MakePrefixMatcherOrDie("status"))
	if step.Subresource == "" {
		status = fieldpath.NewExcludeSetFilter(fieldpath.NewSet(fieldpath.MakePathOrDie("status")))
	}
	filters := map[fieldpath.APIVersion]fieldpath.Filter{}
	name := strings.TrimSuffix(of.Version, older)
	for _, version := range []string{name, name + older} {
		filters[fieldpath.APIVersion(schema.GroupVersion{Group: of.Group, Version: version}.String())] = status
	}
	creater := zero{object: asked.Zero, kind: of}
	manager, err := managedfields.NewDefaultFieldManager(
		converter, hub, nothing{}, creater, of, of.GroupVersion(), step.Subresource, filters)
	if err != nil {
		return nil, err
	}
	if !step.Applies {
		return manager.Update(live, sent, step.Manager)
	}
	return manager.Apply(live, sent, step.Manager, step.Force)
}

// setTimes has the entries of a step say the second of its number, whenever it was.
func setTimes(live *unstructured.Unstructured, number int) {
	entries := live.GetManagedFields()
	for at := range entries {
		if entries[at].Time != nil && entries[at].Time.Year() > 2020 {
			entries[at].Time = &metav1.Time{Time: time.Date(2020, 1, 1, 0, 0, number, 0, time.UTC)}
		}
	}
	slices.SortFunc(entries, func(one, other metav1.ManagedFieldsEntry) int {
		return cmp.Or(
			cmp.Compare(one.Operation, other.Operation), cmp.Compare(seconds(one), seconds(other)),
			cmp.Compare(one.Manager, other.Manager), cmp.Compare(one.APIVersion, other.APIVersion),
			cmp.Compare(one.Subresource, other.Subresource),
		)
	})
	live.SetManagedFields(entries)
}

func seconds(entry metav1.ManagedFieldsEntry) int64 {
	if entry.Time == nil {
		return 0
	}
	return entry.Time.Unix()
}

// versions converts between the two versions of a kind.
type versions struct{ kind schema.GroupVersionKind }

func (v versions) ConvertToVersion(in runtime.Object, target runtime.GroupVersioner) (runtime.Object, error) {
	to, is := target.KindForGroupVersionKinds([]schema.GroupVersionKind{{Group: v.kind.Group, Kind: v.kind.Kind}})
	if version, named := target.(schema.GroupVersion); named {
		to, is = version.WithKind(v.kind.Kind), true
	}
	if !is || to.Version == unserved {
		return nil, runtime.NewNotRegisteredErrForKind("oracle", to)
	}
	out := in.(*unstructured.Unstructured).DeepCopy()
	out.SetGroupVersionKind(to)
	return out, nil
}

func (v versions) Convert(_, _, _ any) error { return errors.New("not asked for") }

func (v versions) ConvertFieldLabel(_ schema.GroupVersionKind, _, _ string) (string, string, error) {
	return "", "", errors.New("not asked for")
}

// zero makes the object that an object is before it is made.
type zero struct {
	object map[string]any
	kind   schema.GroupVersionKind
}

func (z zero) New(schema.GroupVersionKind) (runtime.Object, error) {
	made := (&unstructured.Unstructured{Object: z.object}).DeepCopy()
	made.SetGroupVersionKind(z.kind)
	return made, nil
}

// nothing has no defaults.
type nothing struct{}

func (nothing) Default(runtime.Object) {}
