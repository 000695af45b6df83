package main

import (
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/ssa"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// wait is for what is going to happen: its limit is only for what never does.
var wait = ssa.WaitOptions{Interval: 100 * time.Millisecond, Timeout: time.Minute}

// awaited: an object is ready when its status says so of the newest generation, and one that is stalled is not waited for.
func awaited(s session, how string) error {
	object := s.object("awaited", s.about.spec)
	if _, err := s.Apply(s, object, ssa.DefaultApplyOptions()); err != nil {
		return err
	}
	if err := s.is("awaited", status.InProgressStatus, "of which nothing is known"); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Wait([]*unstructured.Unstructured{object}, wait) }()
	if err := s.says("awaited", "Ready"); err != nil {
		return err
	}
	err := <-ended
	if err := holds("it waits until an object is ready, "+how, err == nil, err); err != nil {
		return err
	}
	changed := s.object("awaited", merged(s.about.spec, s.about.drift))
	if _, err := s.Apply(s, changed, ssa.DefaultApplyOptions()); err != nil {
		return err
	}
	if err := s.is("awaited", status.InProgressStatus, "whose status is about an older generation"); err != nil {
		return err
	}
	if err := s.says("awaited", "Stalled"); err != nil {
		return err
	}
	err = s.Wait([]*unstructured.Unstructured{changed}, wait)
	early := err != nil && strings.Contains(err.Error(), "failed early") && strings.Contains(err.Error(), "'Failed'")
	if err := holds("it does not wait for an object that is stalled, "+how, early, err); err != nil {
		return err
	}
	gone, err := s.Delete(s, changed, ssa.DefaultDeleteOptions())
	if err != nil {
		return err
	}
	return s.gone([]ssa.ChangeSetEntry{*gone})
}

// is: what kstatus makes of an object.
func (s session) is(name string, expected status.Status, which string) error {
	object, err := s.read(name)
	if err != nil {
		return err
	}
	seen, err := status.Compute(object)
	if err != nil {
		return err
	}
	return holds("an object "+which+" is "+expected.String(), seen.Status == expected, seen)
}

// says writes a status of the newest generation with one condition, which is true.
func (s session) says(name, condition string) error {
	object, err := s.read(name)
	if err != nil {
		return err
	}
	before := object.DeepCopy()
	object.Object["status"] = fields{
		"observedGeneration": object.GetGeneration(),
		"conditions": []any{fields{
			"type": condition, "status": "True", "reason": "Test", "message": "",
			"observedGeneration": object.GetGeneration(), "lastTransitionTime": metav1.Now().UTC().Format(time.RFC3339),
		}},
	}
	return s.client.Status().Patch(s, object, client.MergeFrom(before), by("e2e"))
}
