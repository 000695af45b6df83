//! What is rendered, without a cluster.

use std::path::Path;
use std::process::Command;

use suites::programs::checkout;

use crate::tools::{NAMESPACE, Objects, Tools, objects};

const CHART: &str = "chart/databases-apiserver";

fn tools() -> Option<Tools> {
    Tools::of(Path::new("/nonexistent"))
}

fn template(tools: &Tools, settings: &[&str]) -> Objects {
    let arguments = [&["template", "databases", CHART, "--namespace", NAMESPACE], settings].concat();
    objects(&tools.helm(&arguments))
}

fn kustomize(tools: &Tools, folder: &str) -> Objects {
    let mut objects = objects(&tools.kubectl(&["kustomize", folder]));
    // Helm's user names the namespace, and may make it.
    objects.remove(&("Namespace".into(), String::new(), NAMESPACE.into())).expect("the namespace");
    objects
}

#[test]
fn the_chart_is_clean() {
    let Some(tools) = tools() else { return };
    for settings in [&[][..], &["--set", "certManager.enabled=false"]] {
        tools.helm(&[&["lint", "--strict", CHART], settings].concat());
    }
}

#[test]
fn chart_and_overlay_are_the_same_objects() {
    let Some(tools) = tools() else { return };
    let (chart, overlay) = (template(&tools, &[]), kustomize(&tools, "overlays/standard"));
    assert_eq!(chart.keys().collect::<Vec<_>>(), overlay.keys().collect::<Vec<_>>());
    for (name, object) in &chart {
        assert_eq!(object, &overlay[name], "{name:?}");
    }
}

#[test]
fn chart_without_extras_and_base_are_the_same_kinds() {
    let Some(tools) = tools() else { return };
    let settings = [
        "--set=certManager.enabled=false",
        "--set=backup.enabled=false",
        "--set=etcd.enabled=false",
        "--set=etcd.servers={https://databases-etcd:2379}",
    ];
    let (mut chart, base) = (template(&tools, &settings), kustomize(&tools, "base"));
    // Its own serving certificate, which the base expects you to bring.
    let secret = ("Secret".into(), NAMESPACE.into(), "databases-apiserver-serving".into());
    let secret = chart.remove(&secret).expect("a serving certificate");
    assert_eq!(chart.keys().collect::<Vec<_>>(), base.keys().collect::<Vec<_>>());
    for (name, object) in &mut chart {
        if name.0 == "APIService" {
            let bundle = object["spec"].as_object_mut().expect("a spec").remove("caBundle");
            assert_eq!(bundle.as_ref(), Some(&secret["data"]["ca.crt"]), "who signed is who is believed");
        }
        assert_eq!(object, &base[name], "{name:?}");
    }
}

#[test]
fn the_group_has_a_priority_of_its_own_and_its_stable_version_the_higher_one() {
    let Some(tools) = tools() else { return };
    for objects in [template(&tools, &[]), kustomize(&tools, "overlays/standard")] {
        let priority = |version: &str, field: &str| {
            let name = format!("{version}.databases.standard.k8s.io");
            objects[&("APIService".into(), String::new(), name)]["spec"][field].as_i64().expect("a priority")
        };
        for version in ["v1", "v1alpha1"] {
            assert!((1000..=2000).contains(&priority(version, "groupPriorityMinimum")), "{version}");
        }
        assert!(priority("v1", "versionPriority") > priority("v1alpha1", "versionPriority"));
    }
}

#[test]
fn rights_for_an_operator_are_the_same_by_chart_and_by_kustomize() {
    let Some(tools) = tools() else { return };
    let without = template(&tools, &[]);
    let folder = checkout().join("deploy").join(CHART).join("operators");
    for operator in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = operator.file_name().into_string().expect("a name");
        let mut more = template(&tools, &["--set", &format!("operators={{{name}}}")]);
        more.retain(|object, _| !without.contains_key(object));
        let overlay = tempfile::tempdir_in(checkout().join("deploy/overlays")).expect("a folder");
        let component = format!("components: [../../{CHART}/operators/{name}]\n");
        std::fs::write(overlay.path().join("kustomization.yaml"), component).expect("a file");
        let rendered = objects(&tools.kubectl(&["kustomize", &overlay.path().display().to_string()]));
        assert_eq!(more, rendered, "{name}");
        assert_eq!(more.len(), 2, "{name}: {more:?}");
    }
}

#[test]
fn a_value_that_is_not_there_or_makes_no_sense_is_refused() {
    let Some(tools) = tools() else { return };
    for (setting, expected) in [
        ("replica=3", "replica"),
        ("replicas=0", "replicas"),
        ("operators={nobody}", "operators"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("etcd.enabled=false", "give the URLs of your etcd"),
    ] {
        let refused = tools.try_helm(&["template", "databases", CHART, "--set", setting]).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn what_is_named_is_mounted_and_its_flag_is_given() {
    let Some(tools) = tools() else { return };
    let server = |settings: &[&str]| {
        let mut all = template(&tools, settings).into_iter();
        all.find(|(name, _)| name.0 == "Deployment").expect("a Deployment").1["spec"]["template"]["spec"]
            .clone()
    };
    for (name, setting, source, flag) in [
        (
            "encryption",
            "secretName",
            "secret/secretName",
            "--encryption-provider-config=FOLDER/encryption.yaml",
        ),
        ("audit", "configMapName", "configMap/name", "--audit-policy-file=FOLDER/policy.yaml"),
    ] {
        assert!(!server(&[]).to_string().contains(name));
        let spec = server(&[&format!("--set={name}.{setting}=mine")]);
        let volume = spec["volumes"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
        let volume = volume.expect("a volume");
        assert_eq!(volume.pointer(&format!("/{source}")), Some(&"mine".into()));
        let container = &spec["containers"][0];
        let mounts = container["volumeMounts"].as_array();
        let mount = mounts.and_then(|all| all.iter().find(|one| one["name"] == name)).expect("a mount");
        let flag = flag.replace("FOLDER", mount["mountPath"].as_str().expect("a path"));
        assert!(
            container["args"].as_array().is_some_and(|flags| flags.contains(&flag.into())),
            "{container}"
        );
    }
}

#[test]
fn every_pod_is_as_restricted_as_its_namespace_asks() {
    let Some(tools) = tools() else { return };
    let all = template(&tools, &[]);
    let mut seen = 0;
    for (name, object) in &all {
        let template = match name.0.as_str() {
            "Deployment" | "StatefulSet" => &object["spec"]["template"]["spec"],
            "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
            _ => continue,
        };
        seen += 1;
        assert_eq!(template["securityContext"]["runAsNonRoot"], true, "{name:?}");
        assert_eq!(template["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name:?}");
        let containers = ["containers", "initContainers"].map(|field| template[field].as_array());
        for container in containers.into_iter().flatten().flatten() {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false, "{name:?}");
            assert_eq!(context["readOnlyRootFilesystem"], true, "{name:?}");
            assert_eq!(context["capabilities"]["drop"][0], "ALL", "{name:?}");
            assert!(container["resources"]["limits"]["memory"].is_string(), "{name:?}");
        }
    }
    assert_eq!(seen, 3);
}

/// What the Dockerfile puts into the image runs there without root, and finds its libraries.
#[test]
fn the_files_of_the_image_are_enough_for_the_program() {
    let Some(program) = suites::programs::server() else {
        return suites::programs::skipped("databases-apiserver is not built (cargo build --release)");
    };
    if !nix::unistd::geteuid().is_root() {
        return suites::programs::skipped("only root may enter the file system of the image");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = suites::programs::checkout().join("deploy/rootfs.sh");
    let made = Command::new(script).args([&program, folder.path()]).status().expect("it runs");
    assert!(made.success());
    let output = Command::new("chroot")
        .args(["--userspec=65532:65532".as_ref(), folder.path().as_os_str()])
        .args(["/databases-apiserver", "serve", "--kubeconfig=/none", "--data-dir=/tmp/data"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the kubeconfig /none cannot be used"), "{said}");
}
