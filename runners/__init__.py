"""How it runs: one trial in plain PyTorch, executors that run many, the launch around them, the record in MLflow."""
