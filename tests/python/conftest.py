"""Set-up of the Python tests: they hold the built program against the real transformers, peft, datasets and scikit-learn.

`make test-python` runs them; `SWEEP_BIN` names another binary.
"""

import os
import sys

# Nothing here may need a network, and tests leave nothing in the tree.
os.environ["HF_HUB_OFFLINE"] = "1"
sys.dont_write_bytecode = True

import pytest
import torch
import transformers

import sweeps


def pytest_configure():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def sweep(tmp_path_factory):
    """Calls the program in an empty folder, with a cache of its own."""
    return sweeps.Program(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="session", params=sweeps.CASES, ids=lambda case: case.name)
def trained(request, sweep):
    """A small sweep over one of the reference models, trained."""
    return sweeps.train(sweep, request.param)
