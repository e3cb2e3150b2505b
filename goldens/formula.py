"""Inputs from one formula, so that golden files hold outputs only (the same formula in C#: tests/Heed.Testing/FormulaWeights.cs)."""
import numpy as np


def fill(shape, salt, scale):
    """float32 array: element i (row-major) is a hash of (i, salt), spread evenly over [-scale, scale)."""
    count = int(np.prod(shape, dtype=np.int64))
    offset = (1 + salt * 0x9E3779B97F4A7C15) % 2**64
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(offset)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    unit = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**24)  # exact: 24 bits
    return ((unit - np.float32(0.5)) * np.float32(2) * np.float32(scale)).reshape(shape)  # one rounding: the last product
