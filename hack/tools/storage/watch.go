package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/util/flowcontrol"
)

// waiting is how many events wait for who watches; so long as a storage lets them.
const waiting = 100

// watcher is a watch whose events come over HTTP.
type watcher struct {
	events chan watch.Event
	stop   context.CancelFunc
}

func (w *watcher) ResultChan() <-chan watch.Event { return w.events }
func (w *watcher) Stop()                          { w.stop() }

func (s *store) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	about, query, err := s.selected(key, opts)
	if err == nil && opts.ProgressNotify {
		err = errProgress
	}
	if err != nil {
		return nil, err
	}
	query.Set("watch", "true")
	query.Set("allowWatchBookmarks", strconv.FormatBool(opts.Predicate.AllowWatchBookmarks))
	if opts.SendInitialEvents != nil {
		query.Set("sendInitialEvents", strconv.FormatBool(*opts.SendInitialEvents))
		query.Set("resourceVersionMatch", string(metav1.ResourceVersionMatchNotOlderThan))
	}
	if deadline, ok := ctx.Deadline(); ok {
		seconds := math.Ceil(time.Until(deadline).Seconds())
		query.Set("timeoutSeconds", strconv.Itoa(int(max(seconds, 1))))
	}
	watching, stop := context.WithCancel(ctx)
	w := &watcher{events: make(chan watch.Event, waiting), stop: stop}
	stream, err := s.open(watching, http.MethodGet, about.collection(), query, nil)
	if ctx.Err() != nil {
		// Who gave up before it began has a watch that is over.
		close(w.events)
		return w, nil
	}
	if err != nil {
		stop()
		return nil, err
	}
	flowcontrol.WatchInitialized(ctx)
	go s.follow(watching, about, stream, w.events)
	return w, nil
}

// follow passes events on until the stream ends or nobody wants them any more.
func (s *store) follow(ctx context.Context, about place, stream io.ReadCloser, events chan<- watch.Event) {
	defer close(events)
	defer stream.Close()
	decoder := json.NewDecoder(stream)
	for {
		frame := metav1.WatchEvent{}
		if decoder.Decode(&frame) != nil {
			return
		}
		object, err := s.event(about, &frame)
		if err != nil {
			object = &metav1.Status{Status: metav1.StatusFailure, Message: err.Error()}
			frame.Type = string(watch.Error)
		}
		select {
		case events <- watch.Event{Type: watch.EventType(frame.Type), Object: object}:
		case <-ctx.Done():
			return
		}
	}
}

// event is the object of an event.
func (s *store) event(about place, frame *metav1.WatchEvent) (runtime.Object, error) {
	if frame.Type == string(watch.Error) {
		status := &metav1.Status{}
		return status, json.Unmarshal(frame.Object.Raw, status)
	}
	pod, shown := &examplev1.Pod{}, &example.Pod{}
	if err := json.Unmarshal(frame.Object.Raw, pod); err != nil {
		return nil, fmt.Errorf("%s: %w", frame.Object.Raw, err)
	}
	return shown, s.show(about, pod, shown)
}
