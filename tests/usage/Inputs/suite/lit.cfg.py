"""A suite of two tests, for suite_goes_on.test."""
import sys

sys.path.insert(0, lit_config.params["lit"])
import fibersan_lit  # noqa: E402

config.name = "suite"
config.suffixes = [".test"]
config.test_format = fibersan_lit.ProgramTest()
config.test_exec_root = lit_config.params["output"]
