package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// recorder remembers which answers came in which media type. Refusals do not count: a Status has no metadata form, so that the plain
// JSON which the client accepts last is right for them.
type recorder struct {
	mutex sync.Mutex
	media map[string]string
}

// wrap makes a transport one that is recorded.
func (r *recorder) wrap(inner http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := inner.RoundTrip(request)
		if err == nil && response.StatusCode < http.StatusBadRequest {
			r.mutex.Lock()
			defer r.mutex.Unlock()
			r.media[request.Method+" "+request.URL.String()] = response.Header.Get("Content-Type")
		}
		return response, err
	})
}

// foreign is every request whose answer was no protobuf.
func (r *recorder) foreign() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var foreign []string
	for request, media := range r.media {
		if !strings.HasPrefix(media, runtime.ContentTypeProtobuf) {
			foreign = append(foreign, request+": "+media)
		}
	}
	return foreign
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	return r(request)
}

// metadataWrites is what the garbage collector and the namespace controller do: metadata alone, as protobuf.
func metadataWrites(ctx context.Context, about target) error {
	typed, err := newClientset(about)
	if err != nil {
		return err
	}
	for _, name := range []string{"one", "two"} {
		asked := &object{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: about.spec}
		if _, err := typed.Create(ctx, asked, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	recorder := &recorder{media: map[string]string{}}
	config := rest.CopyConfig(about.config)
	config.Wrap(recorder.wrap)
	clients, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	client := clients.Resource(about.resource).Namespace(about.namespace)
	for _, step := range []func(context.Context, metadata.ResourceInterface) error{metadataReads, metadataPatch, metadataDelete} {
		if err := step(ctx, client); err != nil {
			return err
		}
	}
	foreign := recorder.foreign()
	if err := holds("metadata: every answer and every event was protobuf", len(foreign) == 0, foreign); err != nil {
		return err
	}
	say(line{Event: "done"})
	<-ctx.Done()
	return nil
}

func metadataReads(ctx context.Context, client metadata.ResourceInterface) error {
	listed, err := client.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	rest, err := client.List(ctx, metav1.ListOptions{Limit: 1, Continue: listed.Continue})
	if err != nil {
		return err
	}
	one, err := client.Get(ctx, "one", metav1.GetOptions{})
	if err != nil {
		return err
	}
	paged := len(listed.Items) == 1 && len(rest.Items) == 1 && listed.Items[0].UID == one.UID && rest.Items[0].Name == "two"
	if err := holds("metadata: two pages and one object", paged, listed); err != nil {
		return err
	}
	_, err = client.Get(ctx, "none", metav1.GetOptions{})
	return holds("metadata: what is not there is not found", apierrors.IsNotFound(err), err)
}

func metadataPatch(ctx context.Context, client metadata.ResourceInterface) error {
	before, err := client.Get(ctx, "one", metav1.GetOptions{})
	if err != nil {
		return err
	}
	patch := []byte(`{"metadata":{"labels":{"patched":"yes"},"uid":"` + string(before.UID) + `"}}`)
	patched, err := client.Patch(ctx, "one", types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if patched.Labels["patched"] != "yes" {
		return fmt.Errorf("not patched: %+v", patched)
	}
	foreign := []byte(`{"metadata":{"uid":"00000000-0000-4000-8000-000000000000"}}`)
	if _, err = client.Patch(ctx, "one", types.MergePatchType, foreign, metav1.PatchOptions{}); err == nil {
		return fmt.Errorf("another's uid was taken")
	}
	events, err := client.Watch(ctx, metav1.ListOptions{ResourceVersion: before.ResourceVersion, LabelSelector: "patched"})
	if err != nil {
		return err
	}
	defer events.Stop()
	event := <-events.ResultChan()
	seen, is := event.Object.(*metav1.PartialObjectMetadata)
	// To this watch an object that begins to match is new.
	same := is && event.Type == watch.Added && seen.ResourceVersion == patched.ResourceVersion
	return holds("metadata: a patch with a uid is seen by a watch, one with another's is refused", same, event)
}

func metadataDelete(ctx context.Context, client metadata.ResourceInterface) error {
	if err := client.Delete(ctx, "one", metav1.DeleteOptions{}); err != nil {
		return err
	}
	if err := client.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return err
	}
	left, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	return holds("metadata: one is deleted, then the rest", len(left.Items) == 0, left)
}
