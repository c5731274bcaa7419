package main

import (
	"context"
	"strconv"
	"time"

	"github.com/cert-manager/cert-manager/internal/apis/config/shared"
	config "github.com/cert-manager/cert-manager/internal/apis/config/webhook"
	cmwebhook "github.com/cert-manager/cert-manager/internal/webhook"
	_ "github.com/cert-manager/cert-manager/internal/webhook/feature"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// The API server asks it about every Issuer and Certificate; it makes its own serving certificate from a CA that it
// keeps in the Secret which the flags name, and cainjector writes that CA into the webhook's registration.
func webhook(ctx context.Context, given options) error {
	port, err := strconv.ParseInt(given.last("secure-port"), 10, 32)
	if err != nil {
		return err
	}
	server, err := cmwebhook.NewCertManagerWebhookServer(logf.FromContext(ctx), config.WebhookConfiguration{
		SecurePort:           int32(port),
		HealthzPort:          6080,
		MetricsListenAddress: "0",
		TLSConfig: shared.TLSConfig{Dynamic: shared.DynamicServingConfig{
			SecretNamespace: given.last("dynamic-serving-ca-secret-namespace"),
			SecretName:      given.last("dynamic-serving-ca-secret-name"),
			DNSNames:        given["dynamic-serving-dns-names"],
			LeafDuration:    7 * 24 * time.Hour,
		}},
	})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
