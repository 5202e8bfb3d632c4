"""Torch modules, one architecture a file. They import torch only."""
