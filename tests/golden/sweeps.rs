//! Ids of the runs of every shipped sweep, as its dry run lists them.

use std::path::Path;

use assert_cmd::Command;

use super::Line;

pub fn lines() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let mut lines = Vec::new();
    // The others read what cannot be had everywhere; in a rehearsal all of them are of the embedded model and corpus.
    for (file, options) in [
        ("quickstart.yaml", &[][..]),
        ("quickstart.yaml", &["--set", "init_seed=3", "--set", "dropout_seed=4", "--set", "order_seed=seed + 1"]),
        (
            "quickstart.yaml",
            &["--set", "metric_for_best=eval_loss", "--set", "precision=bf16", "--set", "extra_dropout=0.1"],
        ),
        ("ablation.yaml", &["--rehearse"]),
        ("ablation-settled.yaml", &["--rehearse"]),
    ] {
        let mut command = Command::cargo_bin("sweep").unwrap();
        command.arg("run").arg(folder.join(file)).args(options).args(["--dry-run", "--devices", "cpu"]);
        let output = command.env("HF_HUB_OFFLINE", "1").env("NO_COLOR", "1").output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{file} {options:?}: {}", String::from_utf8_lossy(&output.stderr));
        let is_id =
            |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        let ids: Vec<&str> = shown.lines().filter_map(|line| line.split_whitespace().find(is_id)).collect();
        assert!(ids.len() > 5, "{file}: {shown}");
        lines.push((format!("ids of {}", [&[file], options].concat().join(" ")), ids.join(" ")));
    }
    lines
}
