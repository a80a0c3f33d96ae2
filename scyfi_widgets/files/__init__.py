"""Reading and writing networks, cycles and runs, and the formats that other code bases save."""

from .arrays import read_arrays
from .cycles import load_cycles, save_cycles
from .errors import ModelFileError
from .load import load_model
from .runs import load_run
from .save import save_model
from .series import load_series

__all__ = [
    "ModelFileError",
    "load_cycles",
    "load_model",
    "load_run",
    "load_series",
    "read_arrays",
    "save_cycles",
    "save_model",
]
