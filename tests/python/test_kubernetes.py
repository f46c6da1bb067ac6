"""The manifest of `--launch kubernetes` against the JSON schema of Kubernetes, strictly: unknown fields are errors."""

import kubernetes_validate
import pytest
import yaml

from sweeps import NEWSWIRE

SETTINGS = """image=registry.example/lab/sweep:0.1.0 namespace=lab workers=3 gpus=1 cpus=8 memory=32Gi time=4h grace=90
node=gpu.example/kind=H100 tolerate=nvidia.com/gpu env=HF_HUB_CACHE=/data/hf label=kueue.x-k8s.io/queue-name=lab
user=1000:100 pull-secret=registry service-account=trainer priority-class=low claim=shared-folder"""
SWEEP = f"""
name: little
base:
  model: sentence-transformers/all-MiniLM-L6-v2
  dataset: {{path: {NEWSWIRE}, eval: {{test_size: 8, seed: 1}}}}
  target_modules: [{{layers: [0], modules: [query]}}]
  rank: 2
  lora_alpha: 4
  epochs: 1
  batch_size: 4
ablate:
  rank: [4, 8]
"""


@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_the_manifest_is_what_kubernetes_expects(sweep, tmp_path, version):
    (tmp_path / "little.yaml").write_text(SWEEP)
    results = tmp_path.resolve() / "results"
    command = ["run", tmp_path / "little.yaml", "--results", results, "--launch", "kubernetes", "--dry-run"]
    for setting in [*SETTINGS.split(), f"mount={tmp_path.resolve().parents[1]}"]:
        command += ["--kubernetes", setting]
    manifest = yaml.safe_load(sweep(*command))
    kubernetes_validate.validate(manifest, version, strict=True)
    manifest["spec"]["backoffLimitPerIndx"] = 3
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, version, strict=True)
