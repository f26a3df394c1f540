"""Items x audiences x channels to files: checked first, resumable, one folder a row, one summary."""

from __future__ import annotations

from mmstudio.export.matrix.rows import Matrix, MatrixProblem, MatrixRow, matrix_of, read_matrix
from mmstudio.export.matrix.state import RowState, read_state
from mmstudio.export.matrix.working import matrix_work

__all__ = [
    "Matrix",
    "MatrixProblem",
    "MatrixRow",
    "RowState",
    "matrix_of",
    "matrix_work",
    "read_matrix",
    "read_state",
]
