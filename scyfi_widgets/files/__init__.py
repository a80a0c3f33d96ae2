"""Reading and writing networks: our own .npz, and the formats that other code bases save."""

from .arrays import read_arrays
from .errors import ModelFileError
from .load import load_model
from .save import save_model

__all__ = ["ModelFileError", "load_model", "read_arrays", "save_model"]
