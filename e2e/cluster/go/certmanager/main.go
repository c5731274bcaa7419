// Command certmanager is cert-manager's controller, webhook and CA injector in one binary.
//
// Upstream's commands are modules of their own that the module proxy does not serve, but all that they do is in the
// main module: this is only their wiring, for one replica, so without leader election, metrics or a configuration file.
// It is called by the name of its part (a link), with the flags that upstream's chart passes; those that say nothing
// here are accepted and passed over, so that the chart runs unchanged.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// A part runs until the context ends, with the flags that it was given.
type part func(context.Context, options) error

var parts = map[string]part{"controller": controllers, "webhook": webhook, "cainjector": injectors}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := parts[name]
	if !known {
		fmt.Fprintln(os.Stderr, "certmanager: call it controller, webhook or cainjector")
		os.Exit(2)
	}
	given := parse(os.Args[1:])
	level := flag.NewFlagSet("klog", flag.ExitOnError)
	klog.InitFlags(level)
	if v := given.last("v"); v != "" {
		_ = level.Set("v", v)
	}
	log.SetLogger(klog.Background())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(logf.NewContext(ctx, klog.Background()), given); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Flags as given, each name with its values in order.
type options map[string][]string

// Every flag of upstream's chart is written --name=value.
func parse(arguments []string) options {
	given := options{}
	for _, argument := range arguments {
		name, value, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		given[name] = append(given[name], value)
	}
	return given
}

// The last value of a flag, as flag libraries have it, or "".
func (o options) last(name string) string {
	values := o[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
