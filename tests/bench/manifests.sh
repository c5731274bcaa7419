#!/bin/bash
# manifests.sh FOLDER: the boxes that the load tools want: u1…u300, rc, 2rc…10rc @bench.test, all with the password pw,
# and sink.test, whose mail is handed on to 127.0.0.1:2526.
set -eu
mkdir -p "$1"
{
    cat <<'Y'
apiVersion: v1
kind: Secret
metadata: {name: pw, namespace: bench}
stringData: {password: pw}
---
apiVersion: postern.dev/v1alpha1
kind: Domain
metadata: {name: bench-test, namespace: bench}
spec: {domain: bench.test, dkim: {algorithms: [ed25519]}}
---
apiVersion: postern.dev/v1alpha1
kind: Domain
metadata: {name: sink-test, namespace: bench}
spec: {domain: sink.test, mode: Split, splitTo: "127.0.0.1:2526", dkim: {algorithms: [ed25519]}}
Y
    for local in $(seq -f 'u%g' 1 "${BOXES:-60}") rc $(seq -f '%grc' 2 10); do
        printf -- '---\napiVersion: postern.dev/v1alpha1\nkind: Mailbox\nmetadata: {name: "b%s", namespace: bench}\nspec: {address: %s@bench.test, auth: {passwordSecretRef: {name: pw, key: password}}}\n' "$local" "$local"
    done
} > "$1/bench.yaml"
