"""Neural networks as products of sums of simple linear operators (Wu 2018).

>>> import prodsumnet as psn
>>> A = psn.operators.Dense(10, 16) @ psn.operators.DCT(16)
>>> layer = psn.nn.Linear(16, 10, A)
"""

from prodsumnet import (
    data,
    evaluation,
    experiments,
    families,
    fitting,
    models,
    nn,
    numerics,
    operators,
    storage,
    training,
)
from prodsumnet.fitting import fit
from prodsumnet.nn import count
from prodsumnet.operators import LinearOperator
from prodsumnet.storage import load, save

from_spec = LinearOperator.from_spec

__all__ = [
    "LinearOperator",
    "count",
    "data",
    "evaluation",
    "experiments",
    "families",
    "fit",
    "fitting",
    "from_spec",
    "load",
    "models",
    "nn",
    "numerics",
    "operators",
    "save",
    "storage",
    "training",
]
