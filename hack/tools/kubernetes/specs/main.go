// Command specs runs Kubernetes' own end-to-end specs of its API machinery, and none of other areas, so that it compiles in a
// part of the time that upstream's e2e.test takes. Its flags are upstream's: -kubeconfig, -ginkgo.focus, -list-images and so on.
package main

import (
	"flag"
	"os"
	"sync/atomic"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"k8s.io/component-base/logs"

	_ "k8s.io/kubernetes/test/e2e/apimachinery"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"
	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
)

// outcome is told when a spec fails.
type outcome struct{ failed atomic.Bool }

func (o *outcome) Fail() { o.failed.Store(true) }

func main() {
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	framework.AfterReadingAllFlags(&framework.TestContext)

	logs.InitLogs()
	gomega.RegisterFailHandler(framework.Fail)
	suite, reporter := framework.CreateGinkgoConfig()
	// What was asked for and is not there has not passed.
	suite.FailOnEmpty = true
	result := &outcome{}
	passed := ginkgo.RunSpecs(result, "Kubernetes API machinery", suite, reporter)
	logs.FlushLogs()
	if !passed || result.failed.Load() {
		os.Exit(1)
	}
}
