package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
)

// selected is the place that a list or a watch is about, and its query.
func (s *store) selected(key string, opts storage.ListOptions) (place, url.Values, error) {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	field := opts.Predicate.Field
	if field == nil {
		field = fields.Everything()
	}
	about, err := s.below(key)
	if !opts.Recursive {
		// One object, which is a list of those that are called so.
		if about, err = objectAt(key); err == nil {
			field = fields.AndSelectors(fields.OneTermEqualSelector("metadata.name", about.name), field)
		}
	}
	set("fieldSelector", field.String())
	if opts.Predicate.Label != nil {
		set("labelSelector", opts.Predicate.Label.String())
	}
	set("resourceVersion", opts.ResourceVersion)
	set("resourceVersionMatch", string(opts.ResourceVersionMatch))
	return about, query, err
}

func (s *store) GetList(ctx context.Context, key string, opts storage.ListOptions, out runtime.Object) error {
	about, query, err := s.selected(key, opts)
	if err != nil {
		return err
	}
	if opts.Predicate.Limit > 0 {
		query.Set("limit", strconv.FormatInt(opts.Predicate.Limit, 10))
	}
	if opts.Predicate.Continue != "" {
		query.Set("continue", opts.Predicate.Continue)
	}
	list := &examplev1.PodList{}
	if err := s.ask(ctx, http.MethodGet, about.collection(), query, nil, list); err != nil {
		return err
	}
	shown := out.(*example.PodList)
	*shown = example.PodList{ListMeta: list.ListMeta, Items: make([]example.Pod, len(list.Items))}
	for at := range list.Items {
		if err := s.show(about, &list.Items[at], &shown.Items[at]); err != nil {
			return err
		}
	}
	return nil
}
