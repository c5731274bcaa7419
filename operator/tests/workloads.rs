//! What a MailCluster becomes: every object to the letter (`golden/*.yaml`; `UPDATE_GOLDEN=1` writes them), and rules that
//! hold for all of them.

#![expect(clippy::unwrap_used, reason = "a test has nobody to report to")]

use std::{env, fs, path::PathBuf};

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{Secret, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use postern_crds::MailCluster;
use postern_operator::cluster::{Options, Workloads, render, validate};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The least that a MailCluster must say, as the API server would complete it.
fn least() -> Value {
    json!({
        "apiVersion": "postern.dev/v1alpha1",
        "kind": "MailCluster",
        "metadata": {"name": "main", "namespace": "mail-system", "uid": "1f0c", "generation": 1},
        "spec": {
            "hostnames": {"mail": "mail.provider.example"},
            "storage": {"postgres": {"secretRef": {"name": "pg-app", "key": "uri"}}},
        },
    })
}

/// One that says all there is.
fn most() -> Value {
    let mut most = least();
    most["spec"] = json!({
        "hostnames": {"mail": "mail.provider.example"},
        "storage": {
            "postgres": {"secretRef": {"name": "pg-app", "key": "uri"}},
            "blobs": {"s3": {"bucket": "mail", "secretRef": {"name": "s3"}}},
        },
        "frontend": {
            "replicas": {"min": 3, "max": 3},
            "resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
            "service": {
                "type": "LoadBalancer",
                "externalTrafficPolicy": "Cluster",
                "annotations": {"example.com/proxy-protocol": "v2"},
                "loadBalancerClass": "example.com/balancer",
            },
        },
        "sender": {"replicas": {"min": 1, "max": 1}},
        "egress": {"nodeSelector": {"mail.example/egress": "true"}, "namespace": "mail-egress"},
        "listeners": {"proxyProtocol": {"trusted": ["192.0.2.0/28", "2001:db8::/64"]}},
        "oidc": {
            "trust": [
                {"domain": "example.org", "issuer": "https://id.example.org/realms/acme"},
                {"domain": "example.net", "issuer": "https://login.example.net"},
            ],
            "audience": ["postern"],
            "scope": "mail",
            "clients": [{"issuer": "https://login.example.net", "clientId": "mail", "clientSecretRef": {"name": "login", "key": "secret"}}],
            "caSecretRef": {"name": "our-ca", "key": "ca.crt"},
        },
        "drainGrace": "5m",
        "settings": {"smtp.max_recipients": "200", "log.format": "text", "outbound.zone": "cost: $(HOME)"},
    });
    most
}

fn rendered(cluster: Value, options: &Options) -> Workloads {
    let cluster: MailCluster = serde_json::from_value(cluster).unwrap();
    render(&validate(&cluster).unwrap(), options, "0123456789abcdef")
}

fn plain() -> Options {
    Options { egress_token: "0123".to_owned(), ..Options::new("postern:1") }
}

fn all() -> Vec<Value> {
    let mut special = Options { egress_token: "0123".to_owned(), ..Options::new("registry.example/postern@sha256:00") };
    special.pull_policy = Some("Always".to_owned());
    special.pull_secrets = vec!["registry".to_owned()];
    let (least, most) = (rendered(least(), &plain()), rendered(most(), &special));
    [least.objects, most.objects].concat()
}

#[test]
fn every_object_is_as_it_was() {
    for (name, cluster) in [("least", least()), ("most", most())] {
        let objects = rendered(cluster, &plain()).objects;
        let text: String = objects.iter().map(|object| format!("---\n{}", serde_saphyr::to_string(object).unwrap())).collect();
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.yaml"));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(text == golden, "{name}.yaml: look at what changed with UPDATE_GOLDEN=1 and git diff");
    }
}

/// The API server drops what it does not know without a word; a misspelt field would be found by users.
#[test]
fn no_field_is_misspelt() {
    for object in all() {
        let typed = match object["kind"].as_str().unwrap() {
            "DaemonSet" => through::<DaemonSet>(&object),
            "Deployment" => through::<Deployment>(&object),
            "Secret" => through::<Secret>(&object),
            "Service" => through::<Service>(&object),
            "ServiceAccount" => through::<ServiceAccount>(&object),
            "NetworkPolicy" => through::<NetworkPolicy>(&object),
            "PodDisruptionBudget" => through::<PodDisruptionBudget>(&object),
            "HorizontalPodAutoscaler" => through::<HorizontalPodAutoscaler>(&object),
            "PodMonitor" => continue,
            other => panic!("{other} is not checked"),
        };
        assert_eq!(typed, object);
    }
}

fn through<T: DeserializeOwned + Serialize>(object: &Value) -> Value {
    let mut value = serde_json::to_value(serde_json::from_value::<T>(object.clone()).unwrap()).unwrap();
    value["apiVersion"] = object["apiVersion"].clone();
    value["kind"] = object["kind"].clone();
    value
}

/// Pod Security "restricted", and the little more that the design asks for.
#[test]
fn pods_are_restricted_and_hold_nothing_of_the_cluster() {
    let mut pods = 0;
    for object in all().iter().filter(|object| object["kind"] == "Deployment") {
        let pod = &object["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert!(pod.get("hostNetwork").is_none());
        for container in pod["containers"].as_array().unwrap() {
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false);
            assert_eq!(security["readOnlyRootFilesystem"], true);
            assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
            for port in container["ports"].as_array().unwrap() {
                assert!(port["containerPort"].as_u64().unwrap() > 1024 && port.get("hostPort").is_none());
            }
        }
        pods += 1;
    }
    assert_eq!(pods, 4);
}

/// SIGTERM, the time that endpoints lag, the grace, and a margin: the kubelet must come last.
#[test]
fn the_kubelet_waits_longer_than_the_process_does() {
    for object in all().iter().filter(|object| object["kind"] == "Deployment") {
        let pod = &object["spec"]["template"]["spec"];
        let environment = pod["containers"][0]["env"].as_array().unwrap();
        let seconds = |name: &str| {
            let variable = environment.iter().find(|variable| variable["name"] == name).unwrap();
            variable["value"].as_str().unwrap().trim_end_matches('s').parse::<u64>().unwrap()
        };
        let process = seconds("POSTERN_DRAIN_NOT_READY") + seconds("POSTERN_DRAIN_GRACE");
        assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > process);
    }
}

/// Only what owns addresses is on the host's network, in a namespace of its own, and it holds nothing but its token.
#[test]
fn egress_pods_stand_apart_with_nothing_but_their_token() {
    let objects = rendered(most(), &plain()).objects;
    let apart: Vec<&Value> = objects.iter().filter(|object| object["metadata"]["namespace"] == "mail-egress").collect();
    assert_eq!(apart.iter().map(|object| object["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["Secret", "Service", "DaemonSet"]);
    // The API server would take an owner in another namespace for one that is gone, and them with it.
    assert!(apart.iter().all(|object| object["metadata"].get("ownerReferences").is_none()));
    let pod = &apart[2]["spec"]["template"]["spec"];
    assert_eq!((&pod["hostNetwork"], &pod["automountServiceAccountToken"]), (&json!(true), &json!(false)));
    assert_eq!(pod["containers"][0]["securityContext"]["capabilities"], json!({"drop": ["ALL"]}));
    assert_eq!(pod["volumes"].as_array().unwrap().len(), 1);
    let sender = objects.iter().find(|object| object["metadata"]["name"] == "main-sender" && object["kind"] == "Deployment").unwrap();
    let told = sender["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap();
    let proxies = told.iter().find(|variable| variable["name"] == "POSTERN_OUTBOUND_EGRESS").unwrap();
    assert_eq!(proxies["value"], "main-egress.mail-egress.svc.cluster.local:10825");
    assert!(rendered(least(), &plain()).objects.iter().all(|object| object["metadata"]["namespace"] == "mail-system"));
}

/// Only who lets people in hears of issuers, and a secret is a reference wherever it stands.
#[test]
fn issuers_of_tokens_are_told_to_whoever_lets_people_in() {
    let objects = rendered(most(), &plain()).objects;
    let told = |deployment: &str| {
        let found = objects.iter().find(|object| object["metadata"]["name"] == deployment && object["kind"] == "Deployment").unwrap();
        let container = &found["spec"]["template"]["spec"]["containers"][0];
        let variables = container["env"].as_array().unwrap().clone();
        (variables, container["volumeMounts"].to_string().contains("oidc-ca"))
    };
    let (frontend, mounted) = told("main-frontend");
    let value = |name: &str| frontend.iter().find(|variable| variable["name"] == name).unwrap().clone();
    assert_eq!(
        value("POSTERN_OIDC_TRUST")["value"],
        "example.org=https://id.example.org/realms/acme,example.net=https://login.example.net"
    );
    assert_eq!(value("POSTERN_OIDC_CLIENTS")["value"], "https://login.example.net=mail:$(OIDC_CLIENT_SECRET_0)");
    assert_eq!(value("OIDC_CLIENT_SECRET_0")["valueFrom"]["secretKeyRef"], json!({"name": "login", "key": "secret"}));
    let names: Vec<_> = frontend.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
    assert!(place("OIDC_CLIENT_SECRET_0") < place("POSTERN_OIDC_CLIENTS"), "the kubelet knows only what stands before");
    assert!(mounted && value("POSTERN_OIDC_CA")["value"] == "/run/postern/oidc/ca.crt");
    let (sender, mounted) = told("main-sender");
    assert!(!mounted && sender.iter().all(|variable| !variable["name"].as_str().unwrap().contains("OIDC")));
}

#[test]
fn what_would_do_harm_is_refused_with_the_cure() {
    let hidden = json!({"service": {"type": "LoadBalancer", "externalTrafficPolicy": "Cluster"}});
    let stranger = json!({
        "trust": [{"domain": "example.org", "issuer": "https://id.example"}], "audience": ["postern"],
        "clients": [{"issuer": "https://other.example", "clientId": "mail", "clientSecretRef": {"name": "login", "key": "secret"}}],
    });
    for (field, path, value, cure) in [
        ("spec.frontend.service.externalTrafficPolicy", "frontend", hidden, "proxyProtocol.trusted"),
        ("spec.drainGrace", "drainGrace", json!("2h"), "at most 1h"),
        ("spec.settings[database]", "settings", json!({"database": "postgres://elsewhere"}), "spec.storage.postgres"),
        ("spec.settings[listen.mx]", "settings", json!({"listen.mx": "off"}), "take it out"),
        ("spec.settings[oidc.clients]", "settings", json!({"oidc.clients": "https://id.example=mail:hush"}), "spec.oidc"),
        ("spec.oidc.clients", "oidc", stranger, "spec.oidc.trust"),
        ("spec.settings[smtp.Max]", "settings", json!({"smtp.Max": "1"}), "section.name"),
        ("spec.sender.replicas", "sender", json!({"replicas": {"min": 3, "max": 2}}), "min ≤ max"),
    ] {
        let mut cluster = least();
        cluster["spec"][path] = value;
        let refusal = validate(&serde_json::from_value(cluster).unwrap()).unwrap_err();
        assert!(refusal.field == field && refusal.fix.contains(cure), "{refusal:?}");
    }
}
