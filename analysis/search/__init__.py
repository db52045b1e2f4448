"""What a search found: its table, its figures, and the study that measures its best again."""
