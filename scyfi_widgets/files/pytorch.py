"""Networks among the tensors of PyTorch state dicts, by the key names of public code bases."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..models import PLRNN, DendriticPLRNN
from .errors import ModelFileError
from .network import StoredNetwork, listed, network_among

CAUTION = (
    "the code base of this file may clip the state after every step (to ±10 by default) and may "
    "centre it before the rectifier, neither of which the file tells: a trained network that used "
    "them has further regions, and this model has neither"
)


def network_from_pytorch(tensors: Mapping[str, np.ndarray], prefix: str | None) -> StoredNetwork:
    """Return the network among the tensors of a PyTorch file.

    Known layouts: A, W, h of a PLRNN or an almost-linear RNN (which does not store n_relu); A, W1,
    W2, h1, h2 of a shallow PLRNN; AW, h, thetas, alphas of the dendritic code base, where AW has A
    on its diagonal and W elsewhere and the rectifier is relu(z + theta), against our relu(z -
    theta); AW, h of its PLRNN without bases. Each may stand below a prefix such as
    ``latent_model.latent_step`` or ``state_dict``.

    Parameters
    ----------
    tensors : mapping
        What `read_torch_archive` returned.
    prefix : str or None
        Which network, where the file holds several.

    Raises
    ------
    ModelFileError
        If there is no network, there are several, or a key is missing.
    """
    prefix, group = network_among(tensors, prefix, {"A", "AW"})
    return _from_dendritic_code_base(group, prefix) if "AW" in group else StoredNetwork(group)


def _from_dendritic_code_base(group: Mapping[str, np.ndarray], prefix: str) -> StoredNetwork:
    has_bases = bool(group.keys() & {"thetas", "alphas"})
    needed = ("AW", "h", "thetas", "alphas") if has_bases else ("AW", "h")
    missing = [f"{prefix}.{name}".lstrip(".") for name in needed if name not in group]
    if missing:
        raise ModelFileError(
            f"{' and '.join(map(repr, missing))} missing: the dendritic code base saves "
            f"{', '.join(needed)}; the file has {listed(group)} there"
        )
    AW = group["AW"]
    if AW.ndim != 2 or AW.shape[0] != AW.shape[1]:
        raise ModelFileError(f"AW must be a square matrix, got shape {AW.shape}")
    W = AW.copy()
    np.fill_diagonal(W, 0)
    arrays = {"A": np.diagonal(AW), "W": W, "h": group["h"]}
    if not has_bases:
        return StoredNetwork(arrays, PLRNN, CAUTION)
    thetas = group["thetas"]
    arrays |= {"alpha": group["alphas"], "theta": 0 - thetas.astype(np.result_type(thetas, "f4"))}
    return StoredNetwork(arrays, DendriticPLRNN, CAUTION)
