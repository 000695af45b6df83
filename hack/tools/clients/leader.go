package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// leader is a controller of which there are several: it takes a Lease, and informs itself while it holds it.
func leader(ctx context.Context, about target) error {
	config := rest.CopyConfig(about.config)
	config.ContentType = runtime.ContentTypeProtobuf
	deadline := 10 * time.Second
	identity := resourcelock.ResourceLockConfig{Identity: strconv.Itoa(os.Getpid())}
	lock, err := resourcelock.NewFromKubeconfig(
		resourcelock.LeasesResourceLock, about.namespace, "e2e", identity, config, deadline,
	)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   deadline,
		RetryPeriod:     time.Second,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				say(line{Event: "leading"})
				ended <- dynamicInformer(ctx, about)
			},
			OnStoppedLeading: func() { say(line{Event: "stopped"}) },
		},
	})
	if ctx.Err() == nil {
		return errors.Join(errors.New("the lease was lost"), <-ended)
	}
	return nil
}
