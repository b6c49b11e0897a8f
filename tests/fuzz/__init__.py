"""Random input without end: targets for a fuzzer, seeds for them, and a flood of origins; ``python -m tests.fuzz``."""
