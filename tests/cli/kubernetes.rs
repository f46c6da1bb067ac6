//! What is asked of Kubernetes, where there is no cluster.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use predicates::prelude::*;
use serde_json::Value;

use crate::needs;
use crate::support::Place;

/// Everything that can be asked for. The place is what the claim is mounted at.
fn settings(mount: &Path) -> Vec<String> {
    let settings = [
        "image=registry.example/lab/sweep:0.1.0",
        "claim=shared-folder",
        &format!("mount={}", mount.display()),
        "namespace=lab",
        "context=arn:aws:eks:eu-1:1:cluster/c",
        "workers=3",
        "gpus=1",
        "cpus=8",
        "memory=32Gi",
        "time=4:00:00",
        "grace=90",
        "retries=5",
        "node=gpu.example/kind=H100",
        "tolerate=nvidia.com/gpu",
        "env=HF_HUB_CACHE=/data/hf",
        "label=kueue.x-k8s.io/queue-name=lab",
        "user=1000:100",
        "pull_secret=registry",
        "service_account=trainer",
        "priority_class=low",
    ];
    settings.iter().flat_map(|setting| ["--kubernetes".to_owned(), (*setting).to_owned()]).collect()
}

fn arguments<'a>(settings: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    ["run", "little.yaml", "--launch", "kubernetes", "--max-pack", "1"]
        .into_iter()
        .chain(settings.iter().map(String::as_str))
        .chain(more.iter().copied())
        .collect()
}

fn manifest(place: &Place) -> String {
    let settings = settings(&place.path("").canonicalize().unwrap());
    let output = place.sweep(&arguments(&settings, &["--dry-run"])).output().unwrap();
    assert!(output.status.success(), "{}", place.plain(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_manifest_can_be_read_before_it_is_handed_over() {
    let place = Place::new();
    let manifest = manifest(&place);
    assert!(!place.exists("results"));
    // The name ends in eight characters that nobody else has.
    let name = manifest.lines().find_map(|line| line.strip_prefix("  name: sweep-little-")).unwrap().to_owned();
    assert_eq!(name.len(), 8, "{name}");
    insta::assert_snapshot!(place.plain(manifest.replace(&name, "TOKEN").as_bytes()));
}

/// kubectl itself, without a cluster: what it does not know of a Job, or of what kind it should be, is gone or refused when it has
/// read the manifest and writes it again.
#[test]
fn kubectl_knows_every_field_of_the_manifest() {
    /// The first that knows all fields without having to be told.
    const MINOR: u32 = 29;
    let version = Command::new("kubectl").args(["version", "--client", "--output=json"]).output();
    let version: Option<Value> = version.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
    let minor = version.and_then(|version| minor(version["clientVersion"]["minor"].as_str()?));
    if minor.is_none_or(|minor| minor < MINOR) {
        let reason =
            "there is no kubectl of version 1.29 or newer; tests/python checks the manifest against its schema";
        return needs::skip("kubectl", reason);
    }
    let place = Place::new();
    let path = place.path("job.yaml");
    std::fs::write(&path, manifest(&place)).unwrap();
    let mut kubectl = Command::new("kubectl");
    // Reads the types of the API's own packages; changes nothing that is asked for below.
    kubectl.args(["set", "image", "--local", "--output=json", "task=another", "--filename"]).arg(&path);
    let output = kubectl.env("KUBECONFIG", "/dev/null").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let known: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ours: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    contains(&known, &ours, "");
    assert_eq!(known["spec"]["template"]["spec"]["containers"][0]["image"], "another");
}

/// `32`, or `32+` of builds that are somebody's own.
fn minor(text: &str) -> Option<u32> {
    text.trim_end_matches('+').parse().ok()
}

/// Whether everything of `ours` is in `known` as it was, apart from the image.
fn contains(known: &Value, ours: &Value, at: &str) {
    match (known, ours) {
        (Value::Object(known), Value::Object(ours)) => {
            for (key, value) in ours.iter().filter(|(key, _)| *key != "image") {
                let known = known.get(key).unwrap_or_else(|| panic!("kubectl does not know {at}.{key}"));
                contains(known, value, &format!("{at}.{key}"));
            }
        }
        (Value::Array(known), Value::Array(ours)) => {
            assert_eq!(known.len(), ours.len(), "{at}");
            known.iter().zip(ours).for_each(|(known, ours)| contains(known, ours, at));
        }
        _ => assert_eq!(known, ours, "{at}"),
    }
}

#[test]
fn settings_that_cannot_be_used_are_bad_input() {
    let place = Place::new();
    let mount = format!("mount={}", place.path("").canonicalize().unwrap().display());
    for (given, said) in [
        (&["claim=c", &mount][..], "--kubernetes `image` is missing: say which image has this program"),
        (&["image=i", "claim=c", "mount=/elsewhere"], "is not inside /elsewhere, where the claim is mounted"),
        (&["image=i", "claim=c", &mount, "gpu=1"], "there is no setting `gpu` (do you mean `gpus`?)"),
    ] {
        let given: Vec<String> =
            given.iter().flat_map(|setting| ["--kubernetes".to_owned(), (*setting).to_owned()]).collect();
        for more in [&["--dry-run"][..], &[]] {
            place.sweep(&arguments(&given, more)).assert().code(2).stderr(predicate::str::contains(said));
        }
    }
    assert!(!place.exists("results"));
    place
        .mock(&["--kubernetes", "gpus=1"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--kubernetes is for --launch kubernetes"));
}

/// A cluster that is a shell script: what it is asked, and what becomes of its answers.
#[test]
fn a_job_is_handed_over_looked_at_and_cancelled() {
    const KUBECTL: &str = "\
#!/bin/sh
echo \"$@\" >>asked
case \"$*\" in
*refuse*) echo 'error: jobs.batch is forbidden' >&2; exit 1 ;;
*' get '*) cat answer.json ;;
*) echo 'job.batch/x created' ;;
esac
";
    let place = Place::new();
    std::fs::create_dir(place.path("bin")).unwrap();
    place.write("bin/kubectl", KUBECTL);
    std::fs::set_permissions(place.path("bin/kubectl"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", place.path("bin").display());
    let mut settings = settings(&place.path("").canonicalize().unwrap());
    settings.retain(|setting| !setting.starts_with("context="));
    // An option without its value goes with it.
    let lone = settings.windows(2).position(|pair| pair == ["--kubernetes", "--kubernetes"]).unwrap();
    settings.remove(lone);
    let refused =
        place.sweep_mock(&arguments(&settings, &["--kubernetes", "context=refuse"])).env("PATH", &path).assert();
    refused.code(1).stderr(predicate::str::contains("kubectl refused: error: jobs.batch is forbidden"));
    place.sweep(&["cancel", "results"]).env("PATH", &path).assert().code(2);

    let handed = place.sweep_mock(&arguments(&settings, &[])).env("PATH", &path).assert().success();
    let said = String::from_utf8(handed.get_output().stdout.clone()).unwrap();
    assert!(said.starts_with("Submitted as Kubernetes job sweep-little-") && said.contains(", 3 tasks."), "{said}");
    let job = said.split_whitespace().find(|word| word.starts_with("sweep-little-")).unwrap().trim_end_matches(',');

    let pod = "{\"kind\": \"Pod\", \"metadata\": {\"name\": \"p\", \"annotations\": {\"batch.kubernetes.io/job-completion-index\": \
               \"2\"}}, \"spec\": {\"nodeName\": \"gpu7\"}, \"status\": {\"phase\": \"Running\"}}";
    place.write("answer.json", &format!("{{\"items\": [{pod}]}}"));
    let status = place.sweep(&["status"]).env("PATH", &path).assert().success();
    status
        .stdout(predicate::str::contains(format!("kubernetes job {job}, submitted ")))
        .stdout(predicate::str::contains("pod 2  running  on gpu7"));
    let cancelled = place.sweep(&["cancel", "results"]).env("PATH", &path).assert().success();
    cancelled.stdout(format!("cancelled Kubernetes job {job}\n"));
    let asked = std::fs::read_to_string(place.path("asked")).unwrap();
    let asked: Vec<&str> = asked.lines().collect();
    assert!(asked[0].starts_with("--context=refuse --namespace=lab create --filename="), "{asked:?}");
    assert!(asked[1].starts_with("--namespace=lab create --filename=") && asked[1].ends_with(".yaml"), "{asked:?}");
    assert!(
        asked[2..]
            .contains(&format!("--namespace=lab get jobs,pods --selector=sweep/job={job} --output=json").as_str())
    );
    assert_eq!(*asked.last().unwrap(), format!("--namespace=lab delete job {job} --wait=false --ignore-not-found"));
}
