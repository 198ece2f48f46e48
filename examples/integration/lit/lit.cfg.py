"""A lit suite of fiber programs.

    lit -sv --param fibersan=<where FiberSan is> .
    lit -sv --param fibersan=<where FiberSan is> --param seeds=5 .      # each test with five schedules
"""
import os
import sys

prefix = lit_config.params.get("fibersan", "/usr/lib/fibersan")
sys.path.insert(0, os.path.join(prefix, "lib", "fibersan", "lit"))
import fibersan_lit  # noqa: E402

config.name = "account"
config.suffixes = [".cpp"]
config.test_source_root = os.path.join(os.path.dirname(__file__), "tests")
config.test_exec_root = lit_config.params.get("output", "build")
config.test_format = fibersan_lit.ProgramTest()
fibersan_lit.configure(config, lit_config)
config.environment["PATH"] = "/usr/lib/llvm-19/bin:" + config.environment["PATH"]  # FileCheck
