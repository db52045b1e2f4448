"""What is built: binary convolutions, residual blocks, the hourglass network, and what a network costs.

`build(model)` gives the network as an `nn.Module`; `count(model, resolution)` its parameters and operations;
`check_model(model, resolution)` says what makes it impossible, and how to mend it.
Importing this package, or counting, does not import torch: `build` imports it when it is called. (The two functions
have the names of their modules, so they are bound here at once: a lazy `__getattr__` would never be asked for them.)
"""

from blocks.build import build
from blocks.checks import check_model
from blocks.count import Counts, count

__all__ = ["Counts", "build", "check_model", "count"]
