package main

import (
	"errors"
	"reflect"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	ssaerrors "github.com/fluxcd/pkg/ssa/errors"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// applied: an object is made by an apply, and not written again when nothing is new.
func applied(s session) error {
	made, err := s.Apply(s, s.object("one", s.about.spec), ssa.DefaultApplyOptions())
	if err != nil {
		return err
	}
	if err := holds("what is not there is created", made.Action == ssa.CreatedAction, made); err != nil {
		return err
	}
	first, err := s.read("one")
	if err != nil {
		return err
	}
	again, err := s.Apply(s, s.object("one", s.about.spec), ssa.DefaultApplyOptions())
	if err != nil {
		return err
	}
	now, err := s.read("one")
	if err != nil {
		return err
	}
	kept := again.Action == ssa.UnchangedAction && now.GetResourceVersion() == first.GetResourceVersion()
	if err := holds("what is as it should be is not written", kept, again); err != nil {
		return err
	}
	return s.managed("one", owner.Field)
}

// together: of several objects it is known before what becomes of each.
func together(s session) error {
	if _, err := s.Apply(s, s.object("three", s.about.spec), ssa.DefaultApplyOptions()); err != nil {
		return err
	}
	objects := []*unstructured.Unstructured{
		s.object("one", s.about.spec), s.object("two", s.about.spec), s.object("three", s.about.spec),
	}
	objects[2].SetLabels(map[string]string{"tier": "gold"})
	changes, err := s.ApplyAll(s, objects, ssa.DefaultApplyOptions())
	if err != nil {
		return err
	}
	actions := map[string]ssa.Action{}
	for _, entry := range changes.Entries {
		actions[entry.ObjMetadata.Name] = entry.Action
	}
	expected := map[string]ssa.Action{"one": ssa.UnchangedAction, "two": ssa.CreatedAction, "three": ssa.ConfiguredAction}
	return holds("of three objects one is created, one changed, one left alone", reflect.DeepEqual(actions, expected), changes)
}

// drifted: what another writer changed is seen without a write, and put back.
func drifted(s session) error {
	wanted := s.object("one", s.about.spec)
	entry, _, _, err := s.Diff(s, wanted.DeepCopy(), ssa.DefaultDiffOptions())
	if err != nil {
		return err
	}
	if err := holds("no drift is found where there is none", entry.Action == ssa.UnchangedAction, entry); err != nil {
		return err
	}
	before, err := s.read("one")
	if err != nil {
		return err
	}
	edited := before.DeepCopy()
	edited.Object["spec"] = merged(edited.Object["spec"].(fields), s.about.drift)
	if err := s.client.Patch(s, edited, client.MergeFrom(before), by("kubectl-edit")); err != nil {
		return err
	}
	entry, live, dry, err := s.Diff(s, wanted.DeepCopy(), ssa.DefaultDiffOptions())
	if err != nil {
		return err
	}
	found := entry.Action == ssa.ConfiguredAction && live != nil &&
		reflect.DeepEqual(live.Object["spec"], edited.Object["spec"]) && reflect.DeepEqual(dry.Object["spec"], before.Object["spec"])
	if err := holds("drift is found: what is, and what will be", found, []any{entry, live, dry}); err != nil {
		return err
	}
	now, err := s.read("one")
	if err != nil {
		return err
	}
	untouched := now.GetResourceVersion() == edited.GetResourceVersion()
	if err := holds("looking for drift writes nothing", untouched, now); err != nil {
		return err
	}
	return s.corrected("drift is put back", wanted, before)
}

// contested: another manager that applies is refused until it forces, and is put back all the same.
func contested(s session) error {
	before, err := s.read("one")
	if err != nil {
		return err
	}
	other := s.object("one", s.about.drift)

	err = s.client.Patch(s, other.DeepCopy(), client.Apply, by("other"))
	named := apierrors.IsConflict(err) && strings.Contains(err.Error(), owner.Field)
	if err := holds("another manager conflicts, and is told with whom", named, err); err != nil {
		return err
	}
	if err := s.client.Patch(s, other, client.Apply, by("other"), client.ForceOwnership); err != nil {
		return err
	}
	if err := s.managed("one", owner.Field, "other"); err != nil {
		return err
	}
	return s.corrected("what another manager forced is taken back", s.object("one", s.about.spec), before)
}

// corrected: an apply makes the spec what it was, and nobody else owns any of it.
func (s session) corrected(what string, wanted, before *unstructured.Unstructured) error {
	entry, err := s.Apply(s, wanted, ssa.DefaultApplyOptions())
	if err != nil {
		return err
	}
	now, err := s.read(wanted.GetName())
	if err != nil {
		return err
	}
	back := entry.Action == ssa.ConfiguredAction && reflect.DeepEqual(now.Object["spec"], before.Object["spec"])
	if err := holds(what, back, now); err != nil {
		return err
	}
	return s.managed(wanted.GetName(), owner.Field)
}

// refused: a change that the server refuses is told, and by force the object is made anew.
func refused(s session) error {
	if s.about.refused == nil {
		return nil
	}
	before, err := s.read("one")
	if err != nil {
		return err
	}
	spec := merged(s.about.spec, s.about.refused)
	_, err = s.ApplyAll(s, []*unstructured.Unstructured{s.object("one", spec)}, ssa.DefaultApplyOptions())
	var dry *ssaerrors.DryRunErr
	told := errors.As(err, &dry) && ssaerrors.IsImmutableError(dry.Unwrap())
	if err := holds("a change that cannot be made is refused as one", told, err); err != nil {
		return err
	}
	options := ssa.DefaultApplyOptions()
	options.Force = true
	changes, err := s.ApplyAll(s, []*unstructured.Unstructured{s.object("one", spec)}, options)
	if err != nil {
		return err
	}
	now, err := s.read("one")
	if err != nil {
		return err
	}
	anew := changes.Entries[0].Action == ssa.CreatedAction && now.GetUID() != before.GetUID()
	return holds("by force the object is made anew", anew, changes)
}

// merged puts the members of one object over another's, at every depth.
func merged(under, over fields) fields {
	result := copied(under)
	for key, value := range over {
		inner, isObject := value.(fields)
		below, hadObject := result[key].(fields)
		if isObject && hadObject {
			value = merged(below, inner)
		}
		result[key] = value
	}
	return result
}
