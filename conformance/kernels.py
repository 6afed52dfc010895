"""placeholder"""


def choose_kernels() -> None: ...
