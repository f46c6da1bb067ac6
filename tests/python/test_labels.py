"""What `predict` says of right labels is what scikit-learn says, and exports carry the names of the classes."""

import re

import numpy as np
import pandas
import pytest
from peft import PeftModel
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoConfig, AutoModelForSequenceClassification

from sweeps import CLASSES, NEWSWIRE, logits, tokenizer_of

BY_NUMBER = dict(enumerate(CLASSES))


def scored(sweep, run, input, output, *more):
    """The classes predicted for a file, and the closing line of the program."""
    done = sweep.run(
        "predict", "--run", run.folder, "--input", input, "--output", output, "--truth-column", "topic", *more
    )
    assert done.returncode == 0, done.stderr
    return pandas.read_csv(output), done.stderr.splitlines()[-1]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_predict_scores_as_scikit_learn(kind, trained, sweep, tmp_path):
    run = trained.runs[-1]
    rows = pandas.read_csv(NEWSWIRE)[:90].rename(columns=dict(label="topic"))
    # Some rows have no label: they are predicted, and do not count.
    rows.loc[rows.index % 9 == 4, "topic"] = None
    path = tmp_path / f"rows.{kind}"
    if kind == "csv":
        rows.to_csv(path, index=False)
    elif kind == "jsonl":
        rows.to_json(path, orient="records", lines=True)
    else:
        rows.to_parquet(path)
    table, said = scored(sweep, run, path, tmp_path / "out.csv", "--probabilities")
    labelled = rows.topic.notna()
    truth, predicted = rows.topic[labelled], table.label[labelled]
    accuracy, f1 = re.search(r"; accuracy (\S+) %, F1 (\S+) over 80 rows; 10 rows without a label$", said).groups()
    # Printed with so many digits.
    assert accuracy == f"{100 * accuracy_score(truth, predicted):.2f}", said
    assert f1 == f"{f1_score(truth, predicted, average='weighted', zero_division=0):.4f}", said
    probabilities = table[[f"p_{name}" for name in CLASSES]].to_numpy()
    assert [CLASSES[index] for index in probabilities.argmax(1)] == table.label.tolist()


def test_both_exports_carry_the_names_of_the_run(trained, sweep, tmp_path):
    run = trained.runs[-1]
    for kind in ["merged", "adapter"]:
        sweep("export", run.folder, f"--{kind}", tmp_path / kind)
        config = AutoConfig.from_pretrained(tmp_path / kind)
        assert config.id2label == BY_NUMBER
        assert config.label2id == {name: number for number, name in BY_NUMBER.items()}
    merged = AutoModelForSequenceClassification.from_pretrained(tmp_path / "merged")
    # The configuration of the exported adapter makes the base model one of these classes.
    config = AutoConfig.from_pretrained(tmp_path / "adapter")
    base = AutoModelForSequenceClassification.from_pretrained(trained.case.model, config=config)
    adapted = PeftModel.from_pretrained(base, tmp_path / "adapter")
    assert merged.config.id2label == adapted.config.id2label == BY_NUMBER
    tokenizer = tokenizer_of(tmp_path / "adapter")
    for model in [merged, adapted]:
        named = [model.config.id2label[index] for index in logits(model, tokenizer, run.texts).argmax(-1).tolist()]
        np.testing.assert_array_equal(named, [CLASSES[index] for index in run.predictions.predicted])
