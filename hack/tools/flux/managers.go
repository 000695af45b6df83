package main

import (
	"maps"
	"slices"

	"github.com/fluxcd/pkg/ssa"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// managed: these own what the object says, and nobody else.
func (s session) managed(name string, managers ...string) error {
	object, err := s.read(name)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, entry := range object.GetManagedFields() {
		found[entry.Manager] = true
	}
	names := slices.Sorted(maps.Keys(found))
	slices.Sort(managers)
	return holds("its managers are "+join(managers), slices.Equal(names, managers), object.GetManagedFields())
}

func join(names []string) string {
	text := ""
	for number, name := range names {
		if number > 0 {
			text += " and "
		}
		text += name
	}
	return text
}

// cleanup is what kustomize-controller removes of those who managed an object before.
func cleanup() ssa.ApplyOptions {
	options := ssa.DefaultApplyOptions()
	manager := func(name string, operation metav1.ManagedFieldsOperationType) ssa.FieldManager {
		return ssa.FieldManager{Name: name, OperationType: operation}
	}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{"kubectl.kubernetes.io/last-applied-configuration"},
		FieldManagers: []ssa.FieldManager{
			manager("kubectl", metav1.ManagedFieldsOperationApply),
			manager("kubectl", metav1.ManagedFieldsOperationUpdate),
			manager("before-first-apply", metav1.ManagedFieldsOperationUpdate),
		},
	}
	return options
}

// migrated: an object that kubectl applied by itself becomes Flux's, with all that kubectl had said.
func migrated(s session) error {
	before, err := s.read("kubectl")
	if err != nil {
		return err
	}
	if err := s.managed("kubectl", "kubectl-client-side-apply"); err != nil {
		return err
	}
	if err := holds("kubectl had set a label", before.GetLabels()["tier"] == "gold", before); err != nil {
		return err
	}
	entry, err := s.Apply(s, s.object("kubectl", s.about.spec), cleanup())
	if err != nil {
		return err
	}
	now, err := s.read("kubectl")
	if err != nil {
		return err
	}
	bare := entry.Action == ssa.ConfiguredAction && len(now.GetAnnotations()) == 0 && len(now.GetLabels()) == 0
	if err := holds("what kubectl had said and Flux does not say goes", bare, now); err != nil {
		return err
	}
	if err := s.managed("kubectl", owner.Field); err != nil {
		return err
	}
	entry, err = s.Apply(s, s.object("kubectl", s.about.spec), cleanup())
	if err != nil {
		return err
	}
	return holds("an object that was taken over is then as it should be", entry.Action == ssa.UnchangedAction, entry)
}

// forgotten: an object whose managers nobody knows any more becomes Flux's.
func forgotten(s session) error {
	object := s.object("forgotten", s.about.spec)
	object.SetLabels(map[string]string{"tier": "gold"})
	if err := s.client.Create(s, object); err != nil {
		return err
	}
	forget := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]`))
	if err := s.client.Patch(s, object, forget); err != nil {
		return err
	}
	if err := holds("managers are forgotten", len(object.GetManagedFields()) == 0, object); err != nil {
		return err
	}
	object = s.object("forgotten", s.about.spec)
	object.SetAnnotations(map[string]string{"step": "one"})
	if _, err := s.Apply(s, object, ssa.DefaultApplyOptions()); err != nil {
		return err
	}
	if err := s.managed("forgotten", "before-first-apply", owner.Field); err != nil {
		return err
	}
	if _, err := s.Apply(s, s.object("forgotten", s.about.spec), cleanup()); err != nil {
		return err
	}
	now, err := s.read("forgotten")
	if err != nil {
		return err
	}
	bare := len(now.GetAnnotations()) == 0 && len(now.GetLabels()) == 0
	if err := holds("what somebody had said before is Flux's", bare, now); err != nil {
		return err
	}
	return s.managed("forgotten", owner.Field)
}

// renamed: who applied in another version is known in the one that is applied now.
func renamed(s session) error {
	other := s.empty("one")
	version := s.about.kind.GroupVersion()
	version.Version = s.about.other
	other.SetAPIVersion(version.String())
	other.SetLabels(map[string]string{"other": "version"})

	if err := s.client.Patch(s, other, client.Apply, by("old")); err != nil {
		return err
	}
	options := ssa.DefaultApplyOptions()
	options.MigrateAPIVersion = true
	if _, err := s.Apply(s, s.object("one", s.about.spec), options); err != nil {
		return err
	}
	now, err := s.read("one")
	if err != nil {
		return err
	}
	for _, entry := range now.GetManagedFields() {
		if entry.APIVersion != s.about.kind.GroupVersion().String() {
			return holds("every manager is known in the new version", false, entry)
		}
	}
	kept := now.GetLabels()["other"] == "version"
	if err := holds("every manager is known in the new version, and keeps what is its own", kept, now); err != nil {
		return err
	}
	return s.managed("one", owner.Field, "old")
}
