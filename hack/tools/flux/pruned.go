package main

import (
	"encoding/json"
	"os"

	"github.com/fluxcd/pkg/ssa"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// pruned: what Flux made goes, what it did not make stays.
func pruned(s session) error {
	objects := []*unstructured.Unstructured{s.object("owned", s.about.spec), s.object("other", s.about.spec)}
	s.SetOwnerLabels(objects[:1], "apps", s.about.namespace)
	if _, err := s.ApplyAll(s, objects, ssa.DefaultApplyOptions()); err != nil {
		return err
	}
	options := ssa.DefaultDeleteOptions()
	options.Inclusions = s.GetOwnerLabels("apps", s.about.namespace)
	changes, err := s.DeleteAll(s, append(objects, s.empty("none")), options)
	if err != nil {
		return err
	}
	actions := map[string]ssa.Action{}
	for _, entry := range changes.Entries {
		actions[entry.ObjMetadata.Name] = entry.Action
	}
	chosen := actions["owned"] == ssa.DeletedAction && actions["other"] == ssa.SkippedAction && actions["none"] == ssa.DeletedAction
	if err := holds("of what is pruned only its own goes", chosen, changes); err != nil {
		return err
	}
	if err := s.gone(changes.Entries); err != nil {
		return err
	}
	_, err = s.read("other")
	return holds("what is not its own is there", err == nil, err)
}

// gone: what was deleted is not there any more, soon.
func (s session) gone(entries []ssa.ChangeSetEntry) error {
	err := s.WaitForSetTermination(&ssa.ChangeSet{Entries: entries}, wait)
	return holds("what was deleted is gone", err == nil, err)
}

// stages: a namespace, a class and what is of them, in this order, as a Kustomization has them.
func stages(s session) error {
	var list unstructured.UnstructuredList
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil {
		return err
	}
	var objects []*unstructured.Unstructured
	for _, item := range list.Items {
		objects = append(objects, item.DeepCopy())
	}
	options := ssa.DefaultApplyOptions()
	options.WaitInterval, options.WaitTimeout = wait.Interval, wait.Timeout
	changes, err := s.ApplyAllStaged(s, objects, options)
	if err != nil {
		return err
	}
	if err := holds("stages are applied: "+said(changes), every(changes, ssa.CreatedAction), changes); err != nil {
		return err
	}
	err = s.WaitForSet(changes.ToObjMetadataSet(), wait)
	if err := holds("everything becomes ready", err == nil, err); err != nil {
		return err
	}
	changes, err = s.ApplyAllStaged(s, objects, options)
	if err != nil {
		return err
	}
	if err := holds("what is ready is as it was applied", every(changes, ssa.UnchangedAction), changes); err != nil {
		return err
	}
	changes, err = s.DeleteAll(s, objects, ssa.DefaultDeleteOptions())
	if err != nil {
		return err
	}
	if err := holds("it is taken away: "+said(changes), every(changes, ssa.DeletedAction), changes); err != nil {
		return err
	}
	return s.gone(changes.Entries)
}

func every(changes *ssa.ChangeSet, action ssa.Action) bool {
	for _, entry := range changes.Entries {
		if entry.Action != action {
			return false
		}
	}
	return len(changes.Entries) > 0
}

// said is the subjects in their order.
func said(changes *ssa.ChangeSet) string {
	var subjects []string
	for _, entry := range changes.Entries {
		subjects = append(subjects, entry.Subject)
	}
	return join(subjects)
}
