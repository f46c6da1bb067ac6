"""What a run records is what scikit-learn and datasets say."""

import numpy as np
import pandas
import pytest
from datasets import Dataset
from sklearn.metrics import accuracy_score, log_loss, precision_recall_fscore_support

from sweeps import CLASSES, NEWSWIRE


def test_scores_are_those_of_scikit_learn(trained):
    for run in trained.runs:
        labels, predicted = run.predictions.label, run.predictions.predicted
        weighted = precision_recall_fscore_support(labels, predicted, average="weighted", zero_division=0)
        expected = dict(accuracy=accuracy_score(labels, predicted)) | dict(zip(["precision", "recall", "f1"], weighted))
        recorded = {name: run.best_epoch[name] for name in expected}
        assert recorded == pytest.approx(expected, rel=0, abs=1e-9)


def test_loss_and_confidence_follow_from_the_probabilities(trained):
    for run in trained.runs:
        # Probabilities are recorded in single precision and sum to 1 only within it.
        probabilities = run.probabilities / run.probabilities.sum(1, keepdims=True)
        loss = log_loss(run.predictions.label, probabilities, labels=range(len(CLASSES)))
        assert run.best_epoch.eval_loss == pytest.approx(loss, rel=1e-5)
        assert run.best_epoch.mean_confidence == pytest.approx(run.probabilities.max(1).mean(), rel=1e-6)
        np.testing.assert_array_equal(run.predictions.predicted, run.probabilities.argmax(1))


def test_the_examples_held_out_are_those_of_datasets(trained):
    case = trained.case
    rows = pandas.read_csv(NEWSWIRE)[: case.limit]
    dataset = Dataset.from_dict(dict(example=list(range(len(rows))), label=rows.label.map(CLASSES.index).tolist()))
    held_out = dataset.train_test_split(test_size=case.test_size, seed=case.split_seed)["test"].to_pandas()
    held_out = held_out.sort_values("example", ignore_index=True)
    for run in trained.runs:
        pandas.testing.assert_frame_equal(run.predictions[["example", "label"]], held_out, check_dtype=False)
