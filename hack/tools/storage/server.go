package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// server is the server that is asked, and who started it.
type server struct {
	client *http.Client
	host   string

	lock    sync.Mutex
	answers *bufio.Reader
}

func connect(kubeconfig string) (*server, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return &server{client: client, host: config.Host, answers: bufio.NewReader(os.Stdin)}, nil
}

// open sends a request and returns the body of an answer that is no error.
func (s *server) open(ctx context.Context, method, path string, query url.Values, body any) (io.ReadCloser, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.host+path+"?"+query.Encode(), content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < http.StatusBadRequest {
		return response.Body, nil
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	status := metav1.Status{}
	if err := json.Unmarshal(data, &status); err != nil {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, data)
	}
	return nil, &apierrors.StatusError{ErrStatus: status}
}

// ask sends a request and reads the whole answer into an object, where one is wanted.
func (s *server) ask(ctx context.Context, method, path string, query url.Values, body, into any) error {
	answer, err := s.open(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	data, err := io.ReadAll(answer)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// order has whoever started the server do what no client of it can: "reset" begins with an empty store, "compact N" forgets
// what was before a revision, "spoil PATH" makes a stored object unreadable, "mend" takes that back.
func (s *server) order(words ...string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	fmt.Printf("ORDER %s\n", strings.Join(words, " "))
	answer, err := s.answers.ReadString('\n')
	if err != nil {
		return fmt.Errorf("nobody answers %q: %w", words, err)
	}
	// What was connected to the server before is not any more.
	s.client.CloseIdleConnections()
	if answer = strings.TrimSpace(answer); answer != "done" {
		return fmt.Errorf("%q: %s", words, answer)
	}
	return nil
}
