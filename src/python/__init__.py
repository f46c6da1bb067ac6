"""Sweeps of LoRA fine-tuning. The program is `sweep`; from Python, `load` reads what it left.

>>> import sweep_lora
>>> sweep_lora.load("results/quickstart").metrics
"""

from importlib import import_module


def __getattr__(name):
    """What the reader has, imported when it is asked for: the program starts without it."""
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(import_module(".reader", __name__), name)
