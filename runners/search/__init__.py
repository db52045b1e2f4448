"""Architecture search: Optuna suggests points of a search space, the sweep trains them, the record remembers them."""
